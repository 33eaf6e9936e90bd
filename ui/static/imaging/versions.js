// The versions of this visit, oldest first: each can be gone back to, with what was drawn on it.

import { copyOf, reconcile, set } from "../dom.js";
import { session, source } from "./session.js";

/** Make the strip work; returns its update. */
export function wireVersions({ shelf, versions, other, enlarge }) {
  other.onclick = () => session.choose(null);
  return () => {
    const { versions: known, current, several } = session.state;
    shelf.hidden = known.length === 0 && several.length === 0;
    enlarge.hidden = current === null;
    other.hidden = current === null && several.length === 0;
    reconcile(versions, known, ({ key }) => key, create, (made, { key, mask, width, height }) => {
      set(made, "aria-current", key === current ? "true" : null);
      set(made, "title", `${width} × ${height}${mask ? ", with a mask" : ""}`);
      set(made.lastElementChild, "style", mask && `mask-image: url("${source(mask)}/thumbnail")`);
    });
  };
}

function create({ key, picture, name }) {
  const made = small(picture, `Version ${key}${name ? `: ${name}` : ""}`);
  made.append(document.createElement("i"));
  made.onclick = () => session.choose(key);
  return made;
}

/** A small picture that can be pressed, of any reference. */
export function small(reference, label) {
  const made = copyOf("thumb");
  const [image, corner] = made.children;
  corner.remove();
  image.src = `${source(reference)}/thumbnail`;
  set(made, "aria-label", label);
  return made;
}
