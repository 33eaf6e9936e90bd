// A picture that is picked from this machine's files.

import { received } from "./received.js";

/** Ask for a file and read it. */
export function choose() {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", accept: "image/png,image/jpeg,image/webp,image/avif" });
  input.onchange = () => input.files.length && received(input.files[0]);
  input.click();
}
