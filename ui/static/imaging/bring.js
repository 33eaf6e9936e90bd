// Pictures that are dropped, pasted or chosen to begin with.

import { attempt } from "../api.js";
import { handIn, session } from "./session.js";

const NO_PICTURE = "That is no picture. Easel reads PNG, JPEG, WebP, AVIF, GIF, TIFF and BMP.";
const UNKNOWN = /\.(avif|tiff?|bmp)$/i; // pictures whose kind some systems do not tell

/** Begin with the files: one is worked on; of several, each is drawn from. */
export async function bring(files) {
  const pictures = files.filter(({ name, type }) => type.startsWith("image/") || UNKNOWN.test(name));
  const kept = [];
  const refused = pictures.length ? [] : [NO_PICTURE];
  for (const [at, file] of pictures.entries()) {
    session.tell({ busy: pictures.length === 1 ? "Reading the picture" : `Reading picture ${at + 1} of ${pictures.length}`, refused: [], note: "" });
    const taken = await attempt(() => handIn(file, file.name), ({ message, hint }) => refused.push(`${message} ${hint}`));
    if (taken) kept.push({ ...taken, name: file.name });
  }
  if (pictures.length > 1 || session.state.several.length) session.line([...session.state.several, ...kept]);
  else if (kept.length) session.begin(kept[0]);
  session.tell({ busy: "", refused, note: kept.flatMap(({ notes }) => notes).join(" ") });
}

/** Ask for files of this machine, or for all of a folder. */
export function choose(folder = false) {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", accept: "image/*", multiple: true, webkitdirectory: folder });
  input.onchange = () => input.files.length && bring([...input.files]);
  input.click();
}
