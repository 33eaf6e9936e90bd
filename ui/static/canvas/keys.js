// The canvas's keys: they work while the keyboard is in it or nowhere, or the pointer is over it.

const TOOLS = { b: "brush", e: "eraser", r: "rectangle", l: "lasso", f: "flood", s: "select", c: "colour", h: "pan" };
const MOVES = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const STEP = 48; // screen pixels that an arrow moves the picture
const TYPED = "textarea, select, [contenteditable], input:not([type=range], [type=radio], [type=checkbox], [type=color])";

/** Listen for a board's keys. */
export function keys(board) {
  const { own, view, bar, settings, element } = board;
  const others = {
    "[": () => bar.resize(settings.size, 1 / 1.15),
    "]": () => bar.resize(settings.size, 1.15),
    0: () => view.fit(),
    "+": () => view.zoom(1.25),
    "=": () => view.zoom(1.25),
    "-": () => view.zoom(0.8),
    i() {
      bar.choose("colour");
      bar.change({ picks: true });
    },
  };

  function pressed(event) {
    if (!concerns(event) || !act(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  function concerns({ target }) {
    if (target.matches?.(TYPED) || document.querySelector("dialog[open]")) return false;
    if (!element.checkVisibility()) return false;
    return element.contains(target) || target === document.body || own.surface.matches(":hover");
  }

  /** Do what a key means here; whether it means something. */
  function act({ key, ctrlKey, metaKey, altKey, shiftKey, target }) {
    const small = key.toLowerCase();
    if (key === "Escape") return board.hand.cancel();
    if (key === "[" || key === "]") others[key](); // with AltGr or Option on many keyboards
    else if (ctrlKey || metaKey) {
      const back = small === "z" && !shiftKey;
      if (board.judging || !(back || small === "z" || (small === "y" && !shiftKey))) return false;
      board.turn(back);
    } else if (altKey) return false;
    else if (key === " " && !target.matches("button, input, [role=slider]")) hold(true);
    else if (target === own.surface && key in MOVES) view.move(...MOVES[key].map((one) => one * STEP));
    else if (small in others) others[small]();
    else if (small in TOOLS) bar.choose(TOOLS[small]);
    else return false;
    return true;
  }

  function hold(holding) {
    board.holding = holding;
    own.surface.toggleAttribute("data-moves", holding);
  }

  // Before the page's own keys.
  document.addEventListener("keydown", pressed, { capture: true });
  document.addEventListener("keyup", ({ key }) => key === " " && hold(false));
  addEventListener("blur", () => hold(false));
}
