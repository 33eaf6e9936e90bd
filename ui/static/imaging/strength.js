// Beside the denoising strength: what it does, in words.

import { parts, say, set } from "../dom.js";
import { form } from "../form.js";

const STRENGTH = "source.strength";
const WORDS = [
  [0, "Nothing changes."],
  [0.25, "Small details change; the picture stays what it is."],
  [0.45, "Shapes and colours stay; surfaces and details are drawn anew."],
  [0.6, "The composition stays; what is in it is drawn anew."],
  [0.85, "A new picture from the idea of this one."],
  [0.99, "Little more than the light and the large colours are left."],
  [1, "The picture is ignored; only its size is kept."],
];

/** Make the steps below the heading work, and say what the value means. */
export function strength(place) {
  const { words } = parts(place);
  const steps = [...place.querySelectorAll("[data-strength]")];
  for (const step of steps) step.onclick = () => form.apply({ [STRENGTH]: Number(step.dataset.strength) });
  const update = () => {
    const value = form.values[STRENGTH];
    say(words, WORDS.find(([most]) => value <= most)[1]);
    for (const step of steps) set(step, "aria-pressed", String(Number(step.dataset.strength) === value));
  };
  form.subscribe(update);
  update();
}
