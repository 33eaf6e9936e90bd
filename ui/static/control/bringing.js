// A picture that is brought: chosen, dropped, pasted, or dragged from the results.

import { CallError, attempt } from "../api.js";
import { isResult, resultOf, takeDropped } from "../dragging/dragging.js";
import { handIn } from "../imaging/session.js";

const PICTURES = /\.(avif|tiff?|bmp)$/i; // whose kind some systems do not tell
const NO_PICTURE = { sentence: "That is no picture.", hint: "Easel reads PNG, JPEG, WebP, AVIF, GIF, TIFF and BMP." };

/** Hand a file in; gives its reference and size, or says through `tell` why it is none. */
export function brought(file, tell) {
  return attempt(async () => {
    if (!file.type.startsWith("image/") && !PICTURES.test(file.name)) throw new CallError(NO_PICTURE);
    return handIn(file, file.name);
  }, tell);
}

/** Ask for a file of this machine, with an input that is on the page. */
export function ask(input, take) {
  input.value = "";
  input.onchange = () => input.files.length && take(input.files[0]);
  input.click();
}

/** Take what is dropped on an element or pasted into it: a `file`, or a `picture` of the results. */
export function takes(element, { file, picture }) {
  takeDropped(element, (carried) => isResult(carried) || carried.types.includes("Files"), (carried) => {
    const result = resultOf(carried);
    if (result) picture(result);
    else if (carried.files.length) file(carried.files[0]);
  });
  element.addEventListener("paste", (event) => {
    const [given] = event.clipboardData.files;
    if (!given) return;
    event.preventDefault();
    event.stopPropagation(); // elsewhere it would be read
    file(given);
  });
}
