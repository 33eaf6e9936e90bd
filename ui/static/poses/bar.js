// The editor's bar: undo, zoom, how joints are pulled, and the size of the map.

import { say, set } from "../dom.js";
import { fitted } from "./shaping.js";

/** Wire the bar of a board; gives its update. */
export function bar(board) {
  const { own, sketch, view } = board;
  const pressed = {
    undo: () => sketch.turn(true),
    redo: () => sketch.turn(false),
    larger: () => view.zoom(1.25),
    smaller: () => view.zoom(0.8),
    fit: () => view.fit(),
    whole: () => change("whole"),
    fine: () => change("fine"),
  };
  for (const [name, act] of Object.entries(pressed)) own[name].onclick = act;
  own.width.onchange = own.height.onchange = resize;

  function change(name) {
    board[name] = !board[name];
    board.update();
  }

  function resize() {
    const [width, height] = [own.width, own.height].map((input) => Math.min(Math.max(Math.round(input.valueAsNumber) || 0, input.min), input.max));
    sketch.change(fitted(sketch.pose, width, height));
  }

  return () => {
    const { pose, history } = sketch;
    own.undo.disabled = !history.undoes;
    own.redo.disabled = !history.redoes;
    say(own.zoom, `${Math.round(view.scale * 100)} %`);
    for (const name of ["whole", "fine"]) set(own[name], "aria-pressed", String(board[name]));
    for (const side of ["width", "height"]) if (document.activeElement !== own[side]) own[side].value = pose[side];
  };
}
