// A picture that is dropped or pasted anywhere is read; so is a text of settings in the prompt.

import { tried } from "./doings.js";
import { root } from "./dom.js";
import { form } from "./form.js";
import { later } from "./lazy.js";

/** Call what is done with a picture; it comes when it is first needed. */
export const reads = (name, ...given) => tried(async () => (await later(name, name === "upscale" ? "upscaling" : "reading"))(...given));

for (const type of ["dragover", "dragleave", "drop", "paste"]) addEventListener(type, received);

function received(event) {
  const { target, type, dataTransfer, clipboardData } = event;
  const { files, types } = dataTransfer ?? clipboardData;
  const text = clipboardData?.getData("text/plain");
  const carries = types.includes("Files") && !text;
  root.toggleAttribute("data-dropping", carries && type === "dragover");
  if (carries && type !== "dragleave") {
    event.preventDefault(); // else the browser leaves the page for the picture
    if (files.length && type !== "dragover") reads("received", files[0]);
  } else if (target.matches?.("textarea") && /\bSteps: \d+,/.test(text)) reads("pasted", text, { ...form.values });
}
