// A picture that is dropped or pasted anywhere is read, on Image to image used; a text of settings
// that is pasted into the prompt is read too.

import { tried } from "./doings.js";
import { root, set } from "./dom.js";
import { form } from "./form.js";
import { later } from "./lazy.js";

const FOLDERS = { upscale: "upscaling", alike: "series", edit: "imaging", bring: "imaging", control: "control" };

/** Call what is done with a picture; it comes when it is first needed. */
export const reads = (name, ...given) => tried(async () => (await later(name, FOLDERS[name] ?? "reading"))(...given));

for (const type of ["dragover", "dragleave", "drop", "paste"]) addEventListener(type, received);

function received(event) {
  const { target, type, dataTransfer, clipboardData } = event;
  const { files, types } = dataTransfer ?? clipboardData;
  const text = clipboardData?.getData("text/plain");
  const carries = types.includes("Files") && !text;
  const used = form.begins() && (type === "paste" || target.closest?.("easel-imaging"));
  set(root, "data-dropping", carries && type === "dragover" && (used ? "use" : "read"));
  if (carries && type !== "dragleave") {
    event.preventDefault(); // else the browser leaves the page for the picture
    if (files.length && type !== "dragover") reads(...(used ? ["bring", [...files]] : ["received", files[0]]));
  } else if (target.matches?.("textarea") && /\bSteps: \d+,/.test(text)) reads("pasted", text, { ...form.values });
}
