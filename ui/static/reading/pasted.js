// A text of settings that was pasted into the prompt: offered to be taken over, or kept as it is.

import { call } from "../api.js";
import { say } from "../dom.js";
import { form } from "../form.js";
import { tell } from "./told.js";

let note;

/** Offer to take over what a pasted text tells; `before` is what the form held. */
export async function pasted(text, before) {
  const reading = await call("POST", "/api/readings/text", { text });
  if (!reading) return;
  note?.remove();
  note = document.createElement("div");
  note.className = "banner";
  note.dataset.calm = "";
  note.setAttribute("role", "status");
  note.innerHTML = "<p></p>";
  document.querySelector("easel-hints").before(note);
  say(note.firstChild, `That text is a picture's settings, from ${reading.program}.`);
  offer(
    ["Take over the settings", () => {
      const usable = Object.entries(reading.fields).filter(([id]) => form.field(id));
      form.apply(Object.fromEntries(usable));
      if (reading.fields["prompt.negative"]) form.showNegative(true);
      say(note.firstChild, "The form has the text's settings.");
      offer(["Undo", () => {
        form.apply(before);
        note.remove();
      }], ["Close", () => note.remove()]);
    }],
    ["Look first", () => {
      const ask = () => call("POST", "/page/reading/text", { text });
      tell({ source: "", ask, done: () => {} });
    }],
    ["Keep it as text", () => note.remove()],
  );
}

function offer(...buttons) {
  for (const old of note.querySelectorAll("button")) old.remove();
  for (const [label, action] of buttons) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "button", textContent: label, onclick: action });
    note.append(button);
  }
}
