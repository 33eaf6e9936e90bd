// What can be taken hold of: joints as buttons over the map, and the frame of the chosen person.

import { reconcile, set } from "../dom.js";
import { nameOf } from "./figure.js";
import { frameOf } from "./shaping.js";

const ROOM = 22; // screen pixels between a person and its frame

/** Wire the handles of a board; gives their update. */
export function handles(board) {
  const { own: { joints, frame }, sketch, view } = board;
  return () => {
    const { pose, person, chosen } = sketch;
    const all = pose.people.flatMap((one, number) => heldOf(one, number + 1, pose, one === person && board.fine));
    reconcile(joints, all, ({ name }) => name, made, (button, held) => {
      button.held = held;
      button.style.left = `${(held.x / pose.width) * 100}%`;
      button.style.top = `${(held.y / pose.height) * 100}%`;
      const isChosen = held.key === chosen?.key && (held.part ? held.part === chosen.part && held.at === chosen.at : !chosen.part);
      set(button, "data-chosen", isChosen);
      set(button, "aria-label", held.label);
      set(button, "title", held.label);
    });
    const around = person && frameOf(person);
    frame.hidden = !around;
    if (!around) return;
    const room = ROOM / view.scale;
    frame.style.left = `${((around.left - room) / pose.width) * 100}%`;
    frame.style.top = `${((around.top - room) / pose.height) * 100}%`;
    frame.style.width = `${((around.right - around.left + 2 * room) / pose.width) * 100}%`;
    frame.style.height = `${((around.bottom - around.top + 2 * room) / pose.height) * 100}%`;
  };
}

/** What of a person can be held: all of it, and its points. */
function heldOf(person, number, { people }, fine) {
  const around = frameOf(person);
  if (!around) return [];
  const { key } = person;
  const whose = people.length > 1 ? `, person ${number}` : "";
  const whole = { name: `${key}`, key, x: around.x, y: around.top, label: `Person ${number}: arrows move, [ and ] turn, + and - resize` };
  const points = (fine ? ["body", "left", "right", "face"] : ["body"]).flatMap((part) => person[part].map((point, at) => point && { name: `${key} ${part} ${at}`, key, part, at, x: point[0], y: point[1], label: `${nameOf(part, at)}${whose}` }));
  return [whole, ...points.filter(Boolean)];
}

function made({ part }) {
  const looks = part ? (part === "body" ? "joint" : "joint fine") : "whole";
  return Object.assign(document.createElement("button"), { type: "button", className: looks });
}
