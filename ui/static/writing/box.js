// One prompt box: its textarea, and changes to it that Ctrl+Z undoes and Gradio hears of.

import { form } from "../form.js";

/** The textarea of a field. */
export function boxOf(id) {
  return document.querySelector(`#${form.field(id).element} textarea`);
}

/** Put a text in place of a part; what is to be selected afterwards is told from its start. */
export function replace(box, start, end, text, select = [start + text.length, start + text.length]) {
  box.focus();
  box.setSelectionRange(start, end);
  // The only way that browsers can undo; where it is missing the text is still put there.
  const done = text || start !== end ? document.execCommand(text ? "insertText" : "delete", false, text) : true;
  if (!done) {
    box.setRangeText(text, start, end, "end");
    box.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: text }));
  }
  box.setSelectionRange(...select);
}

/** Put prompts in place of those in the boxes; those that stay as they are are not touched. */
export function take({ positive, negative }) {
  if (negative && form.values["prompt.negative"] !== negative) form.showNegative(true);
  const [first, second] = [boxOf("prompt.positive"), boxOf("prompt.negative")];
  if (second.value !== negative) {
    if (second.checkVisibility()) whole(second, negative);
    else form.apply({ "prompt.negative": negative });
  }
  if (first.value !== positive) whole(first, positive);
  first.focus();
}

function whole(box, text) {
  replace(box, 0, box.value.length, text);
}
