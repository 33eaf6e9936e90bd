// The keyboard, and a double click on a label.

import { facts, root } from "./dom.js";
import { form } from "./form.js";
import { step } from "./shown.js";
import { store } from "./store.js";
import { cancelFirst } from "./doings.js";

const TURNS = { ArrowLeft: -1, ArrowRight: 1 };

/** Listen for as long as the page lives. */
export function listenToKeys() {
  document.addEventListener("keydown", pressed);
  document.addEventListener("dblclick", resetLabel);
  document.addEventListener("click", ignoreSecondClick, { capture: true });
}

/** A double click on Generate means one click. */
function ignoreSecondClick(event) {
  if (event.detail > 1 && event.target.closest?.("#generate")) event.stopImmediatePropagation();
}

function pressed(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (!event.repeat) document.getElementById("generate")?.click();
  } else if (event.key === "Escape" && !isBusy(event.target)) {
    if (cancelFirst()) event.preventDefault();
  } else if (event.code === "KeyN" && event.altKey) {
    event.preventDefault();
    document.querySelector("easel-stage [data-part=skip]:not([hidden])")?.click();
  } else if (event.key in TURNS && !isTyping(event.target) && (store.state.viewer || (!isBusy(event.target) && !root.matches("[data-tab=image-to-image]:not([data-looking])"))) && !event.target.matches("input, [role=tab], [role=separator]")) {
    step(TURNS[event.key]);
  } else if (event.key === "?" && !isTyping(event.target)) {
    document.getElementById("shortcuts").togglePopover();
  }
}

/** Whether Escape has another meaning here: closing a dialog, a menu or a list. */
function isBusy(target) {
  const open = document.querySelector("dialog[open], :popover-open, [role=combobox][aria-expanded=true]");
  return Boolean(open) || target.getAttribute?.("role") === "combobox";
}

function isTyping(target) {
  return target.matches?.("textarea, input:not([type=range], [type=radio], [type=checkbox])");
}

function resetLabel(event) {
  const label = event.target.closest?.("[data-testid=block-info]");
  const element = label?.closest(".field")?.id;
  const field = facts.fields.find((known) => known.element === element);
  if (field && field.kind !== "text") form.reset(field.id);
}
