// What helps while somebody types a prompt: it comes after the first paint.

import { drawn, parts } from "../dom.js";
import { styled } from "../browser/styled.js";
import { boxOf, replace } from "./box.js";
import { completion } from "./completion.js";
import { menus } from "./menus.js";
import { mirror } from "./mirror.js";
import { reading } from "./reading.js";
import { weighed } from "./weights.js";

const IDS = ["prompt.positive", "prompt.negative"];
const TURNS = { ArrowUp: 1, ArrowDown: -1 };

/** Help in both boxes. */
export async function writing(place) {
  await styled("../writing/writing");
  while (!IDS.every(boxOf)) await new Promise(requestAnimationFrame); // Gradio draws them
  await drawn("easel-effects");
  const boxes = IDS.map((id) => {
    const box = boxOf(id);
    return { id, box, mirror: mirror(box) };
  });
  const { offers, said, history } = parts(place);
  menus(place);
  completion(offers, said, boxes);
  reading(place, boxes);
  for (const { box } of boxes) box.addEventListener("keydown", (event) => pressed(event, box, history));
}

function pressed(event, box, history) {
  const turn = TURNS[event.key];
  if (!turn || event.shiftKey || event.defaultPrevented) return;
  if (event.altKey && turn > 0) history.click();
  else if (event.ctrlKey || event.metaKey) weigh(box, turn);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Let the selection, or what is under the caret, count more or less. */
function weigh(box, turn) {
  const change = weighed(box.value, box.selectionStart, box.selectionEnd, turn);
  if (change) replace(box, change.start, change.end, change.insert, change.select);
}
