// The picture's edges: dragged outwards, they add room that is drawn anew.

import { set } from "../dom.js";

const STEP = 8; // pixels of the picture, as the models count
const MOST = 2048;
const SIDES = {
  left: { axis: "x", outwards: -1, keys: ["ArrowLeft", "ArrowRight"] },
  right: { axis: "x", outwards: 1, keys: ["ArrowRight", "ArrowLeft"] },
  top: { axis: "y", outwards: -1, keys: ["ArrowUp", "ArrowDown"] },
  bottom: { axis: "y", outwards: 1, keys: ["ArrowDown", "ArrowUp"] },
};
export const NOTHING = { left: 0, right: 0, top: 0, bottom: 0 };

/** Wire the handles of a board; returns what shows the extension. */
export function edges(board) {
  const { own, view } = board;

  function draw() {
    for (const side of Object.keys(SIDES)) {
      const pixels = view.extend[side];
      own.sheet.style.setProperty(`--${side}`, pixels);
      set(own[side], "aria-valuenow", pixels);
      set(own[side], "aria-valuetext", `${pixels} pixels`);
      own[`${side}Added`].textContent = pixels ? `+${pixels}` : "";
    }
    view.draw();
  }

  function extend(side, pixels) {
    view.extend = { ...view.extend, [side]: Math.min(Math.max(Math.round(pixels / STEP) * STEP, 0), MOST) };
    draw();
  }

  /** One step of the history: what was added before it, and now. */
  function keep(before) {
    if (Object.keys(SIDES).every((side) => before[side] === view.extend[side])) return;
    let other = before;
    board.keepStep({
      event: "extended",
      bytes: 100,
      swap() {
        [other, view.extend] = [view.extend, other];
        settle();
      },
    });
    settle();
  }

  function settle() {
    draw();
    if (view.fitted) view.fit();
  }

  for (const [side, { axis, outwards, keys }] of Object.entries(SIDES)) {
    const handle = own[side];
    let from = null;
    const added = (event) => from.pixels + (view.place(event)[axis] - from.place) * outwards;

    handle.onpointerdown = (event) => {
      if (event.button) return;
      handle.setPointerCapture(event.pointerId);
      from = { place: view.place(event)[axis], pixels: view.extend[side], extend: view.extend };
    };
    handle.onpointermove = (event) => from && extend(side, added(event));
    const end = ({ type }) => {
      if (!from) return;
      const { extend: before } = from;
      from = null;
      if (type === "pointercancel") view.extend = before;
      keep(before);
    };
    Object.assign(handle, { onpointerup: end, onpointercancel: end, onlostpointercapture: end });

    handle.onkeydown = (event) => {
      const before = view.extend;
      const way = keys.indexOf(event.key);
      if (way >= 0) extend(side, before[side] + (way ? -1 : 1) * STEP * (event.shiftKey ? 8 : 1));
      else if (["Home", "Delete", "Backspace"].includes(event.key)) extend(side, 0);
      else return;
      event.preventDefault();
      event.stopPropagation();
      keep(before);
    };
  }
  return draw;
}
