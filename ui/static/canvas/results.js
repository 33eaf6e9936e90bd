// A picture over the one that is worked on: while it grows, and when it is there, to be compared.

import { set } from "../dom.js";

/** Wire a board's result: what shows a growing picture, and what a finished one. */
export function results(board) {
  const { own, view, element } = board;
  let growing = null;
  let finished = null;

  /** Once for all that was said at once, so that nothing flashes. */
  const draw = () => queueMicrotask(() => {
    const shown = finished ?? growing;
    if (shown && !board.judging) board.hand.cancel();
    board.judging = Boolean(shown);
    own.result.hidden = !shown;
    own.compare.hidden = !finished;
    own.result.toggleAttribute("data-finished", Boolean(finished));
    set(element, "data-judging", board.judging);
    for (const one of [own.tools, own.options, own.menuButton]) one.inert = board.judging;
    if (!shown) own.after.removeAttribute("src");
    else if (own.after.getAttribute("src") !== shown) own.after.src = shown;
    board.bar.update();
  });

  function split(share) {
    own.split.value = share;
    own.result.style.setProperty("--split", `${share * 100}%`);
  }

  own.split.oninput = () => split(Number(own.split.value));
  const follow = ({ x }) => {
    const { left, right } = view.extend;
    split(Math.min(Math.max((x + left) / (view.size.width + left + right), 0), 1));
  };

  return {
    /** The tool while there is something to judge: the line follows the pointer. */
    tool: {
      down: (point) => finished && follow(point),
      move: (points) => finished && follow(points.at(-1)),
      up() {},
      cancel() {},
      lift() {},
    },
    busy(url) {
      growing = url;
      draw();
    },
    candidate(url) {
      if (url !== finished) split(0);
      finished = url;
      draw();
    },
  };
}
