// A picture of the gallery, taken as what steers.

import { toWork } from "../doings.js";
import { root } from "../dom.js";
import { form } from "../form.js";
import { offers } from "./offers.js";
import { units } from "./units.js";

/** Steer by a picture that was made: in the first unit without one, or in a new one. */
export async function control({ id }) {
  toWork();
  await offers.look();
  const chosen = units.empty() ? {} : offers.beginning(); // what was chosen for an empty one stays
  steerBy({ ...chosen, picture: id });
}

/** Put values into the first unit without a picture, or into a new one, and show it. */
export function steerBy(values) {
  let number = units.empty() || units.add({});
  if (!number && units.canBeMore) {
    units.allowMore();
    number = units.add({});
  }
  if (number) units.set(number, { on: "on", ...values });
  else form.tell(`All ${units.count} units of ControlNet are in use: remove one first.`);
  showUnit(number || units.count);
}

/** Bring a unit into view. */
export function showUnit(number) {
  root.toggleAttribute("data-sheet", true);
  requestAnimationFrame(() => {
    const unit = document.querySelector(`easel-controls [data-key="${number}"]`) ?? document.querySelector("easel-controls");
    unit?.scrollIntoView({ block: "nearest" });
    unit?.querySelector("[data-part=slot]")?.focus({ preventScroll: true });
  });
}
