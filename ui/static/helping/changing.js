// Changes of the form that advice makes: they are seen, and can be taken back.

import { root } from "../dom.js";
import { form } from "../form.js";

const MARKED_MS = 2400;

/** Set some fields, and mark where they are; returns what they held before. */
export function changeForm(fields) {
  const before = Object.fromEntries(Object.keys(fields).map((id) => [id, form.values[id]]));
  if (fields["prompt.negative"]) form.showNegative(true);
  form.apply(fields);
  requestAnimationFrame(() => Object.keys(fields).forEach(mark));
  return before;
}

/** Let a field be seen for a moment: its control, and its chip where that is hidden. */
function mark(id) {
  const shown = [
    document.getElementById(form.field(id)?.element),
    root.querySelector(`easel-changed [data-key="${id}"]`),
    id === "model.checkpoint" ? root.querySelector("easel-model button") : null,
    id.startsWith("size.") ? root.querySelector("easel-shape") : null,
  ];
  for (const element of shown.filter(Boolean)) {
    element.removeAttribute("data-marked");
    void element.offsetWidth; // so that the marking begins anew
    element.setAttribute("data-marked", "");
    setTimeout(() => element.removeAttribute("data-marked"), MARKED_MS);
  }
}
