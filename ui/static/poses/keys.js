// The editor's keys: they work while the keyboard is in it.

import { middleOf } from "./hand.js";
import { moved, pulled, scaled, turned, without } from "./shaping.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR = 10; // pixels of the map, with Shift
const TURN = Math.PI / 36;
const SIZE = 1.05;

/** Listen for the keys of a board. */
export function keys(board) {
  const { element, sketch, view } = board;
  const people = {
    "[": (person) => turned(person, -TURN, middleOf(person)),
    "]": (person) => turned(person, TURN, middleOf(person)),
    "+": (person) => scaled(person, SIZE, middleOf(person)),
    "=": (person) => scaled(person, SIZE, middleOf(person)),
    "-": (person) => scaled(person, 1 / SIZE, middleOf(person)),
  };
  const views = { "+": () => view.zoom(1.25), "=": () => view.zoom(1.25), "-": () => view.zoom(0.8), 0: () => view.fit() };

  /** Do what a key means here; whether it means something. */
  function act({ key, ctrlKey, metaKey, altKey, shiftKey, target }) {
    const small = key.toLowerCase();
    const { held } = target;
    if (key === "Escape") return board.hand.cancel();
    if (ctrlKey || metaKey) {
      if (small !== "z" && (small !== "y" || shiftKey)) return false;
      board.hand.cancel();
      sketch.turn(small === "z" && !shiftKey);
    } else if (altKey) return false;
    else if (key === " " && target === board.surface) board.hold(true);
    else if (held && key in ARROWS) step(held, ARROWS[key].map((one) => one * (shiftKey ? FAR : 1)));
    else if (held && ["Delete", "Backspace"].includes(key)) remove(held);
    else if (held && key in people) sketch.shape(people[key], key);
    else if (key in ARROWS && target === board.surface) view.move(...ARROWS[key].map((one) => -one * 48));
    else if (key in views) views[key]();
    else return false;
    return true;
  }

  function step(held, by) {
    const kind = `arrow ${held.name}`;
    if (held.part) sketch.shape((person) => pulled(person, held, by, board.whole), kind);
    else sketch.shape((person) => moved(person, by), kind);
  }

  function remove(held) {
    if (held.part) sketch.shape((person) => without(person, held));
    else board.removePerson();
    board.surface.focus({ preventScroll: true });
  }

  element.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select") || !act(event)) return;
    event.preventDefault();
    event.stopPropagation(); // the page's own keys mean other things
  });
  element.addEventListener("keyup", ({ key }) => key === " " && board.hold(false));
  // Whoever goes to a handle chooses it.
  element.addEventListener("focusin", ({ target }) => target.held && sketch.choose(target.held));
}
