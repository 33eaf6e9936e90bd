// The canvas's tools and buttons, the line that says what to do, and the ring that shows the brush.

import { say, set } from "../dom.js";

const LARGEST_BRUSH = 0.5; // of the picture's longer side
const NO_SELECTION = "Select what I click works once the picture was handed in to Easel";

/** Wire the bar of a board. */
export function bar(board) {
  const { own, settings, element, view } = board;
  const largest = () => Math.max(Math.round(Math.max(board.mask.width, board.mask.height) * LARGEST_BRUSH), 8);
  const radio = (tool = settings.tool) => own.tools.querySelector(`[value=${tool}]`);
  const pressed = {
    undo: () => board.turn(true),
    redo: () => board.turn(false),
    larger: () => view.zoom(1.25),
    smaller: () => view.zoom(0.8),
    fit: () => view.fit(),
    pick: () => change({ picks: !settings.picks }),
  };
  for (const [name, act] of Object.entries(pressed)) own[name].onclick = act;
  own.tools.onchange = ({ target }) => choose(target.value);
  own.size.oninput = () => {
    resize(largest() ** own.size.valueAsNumber);
    ring(middle());
  };
  own.size.onchange = () => ring();
  own.strength.oninput = () => change({ strength: own.strength.valueAsNumber });
  own.tolerance.oninput = () => change({ tolerance: own.tolerance.valueAsNumber });
  own.colour.oninput = () => change({ colour: own.colour.value });
  own.ways.onchange = ({ target }) => change({ takes: target.value === "take" });
  own.erases.onchange = ({ target }) => change({ erases: target.value });
  let pointer = null;

  function change(values) {
    Object.assign(settings, values);
    update();
  }

  function choose(tool) {
    if (radio(tool).disabled) return board.tell(`${NO_SELECTION}.`);
    board.hand.cancel();
    if (tool === "eraser" && ["brush", "colour"].includes(settings.tool)) settings.erases = settings.tool === "colour" ? "paint" : "mask";
    change({ tool, picks: false, said: "" });
  }

  /** Make the brush so large; by a factor, at least one pixel more or less. */
  function resize(size, factor = 1) {
    const wanted = factor > 1 ? Math.max(size * factor, size + 1) : factor < 1 ? Math.min(size * factor, size - 1) : size;
    change({ size: Math.min(Math.max(1, Math.round(wanted)), largest()) });
  }

  function update() {
    if (settings.tool === "select" && !board.reference) settings.tool = "brush";
    const { tool, said, size, strength, tolerance, colour, takes, erases, picks } = settings;
    set(element, "data-tool", tool);
    const select = radio("select");
    select.disabled = !board.reference;
    select.parentElement.title = board.reference ? select.dataset.title : NO_SELECTION;
    radio().checked = true;
    const judging = board.judging && (own.compare.hidden ? " " : "Drag over the picture to compare before and after.");
    say(own.hint, said || judging || (picks ? "Click on a colour of the picture." : radio().dataset.hint));
    for (const option of own.options.querySelectorAll("[data-for]")) option.hidden = !option.dataset.for.split(" ").includes(tool);
    own.size.value = Math.log(size) / Math.log(largest());
    set(own.size, "aria-valuetext", `${size} pixels`);
    say(own.sizeText, `${size} px`);
    own.strength.value = strength;
    say(own.strengthText, `${strength} %`);
    own.tolerance.value = tolerance;
    say(own.toleranceText, `${tolerance} %`);
    own.colour.value = colour;
    set(own.pick, "aria-pressed", String(Boolean(picks)));
    own.ways.querySelector(`[value=${takes ? "take" : "add"}]`).checked = true;
    own.erases.querySelector(`[value=${erases}]`).checked = true;
    own.undo.disabled = board.judging || !board.history.undoes;
    own.redo.disabled = board.judging || !board.history.redoes;
    ring();
  }

  function moved() {
    say(own.zoom, `${Math.round(view.scale * 100)} %`);
    ring();
  }

  function middle() {
    const { left, top, width, height } = own.surface.getBoundingClientRect();
    return { clientX: left + width / 2, clientY: top + height / 2 };
  }

  /** Show how large the brush is, where the pointer is. */
  function ring(at = pointer) {
    const shown = at && radio().hasAttribute("data-round") && !settings.picks && !board.judging && !own.sheet.hidden;
    own.ring.hidden = !shown;
    if (!shown) return;
    const { left, top } = own.surface.getBoundingClientRect();
    const size = settings.size * view.scale;
    own.ring.style.inlineSize = own.ring.style.blockSize = `${size}px`;
    own.ring.style.transform = `translate(${at.clientX - left - size / 2}px, ${at.clientY - top - size / 2}px)`;
  }

  return {
    choose,
    change,
    resize,
    update,
    moved,
    hover(event) {
      pointer = event?.pointerType === "touch" && !event.buttons ? null : event;
      ring();
    },
  };
}
