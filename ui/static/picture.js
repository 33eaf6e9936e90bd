// A picture at the size that suits the room, and what can be done with it.

import { button, copy, h, icon, set } from "./dom.js";
import { enlarge, isSmall } from "./enlarge.js";
import { remove, reuse, vary } from "./work.js";
import { clock } from "./words.js";

const CONFIRM_MS = 4000;
const LARGEST_SCALE = 6;

/** The address of a picture. */
export function address(picture, what = "") {
  return `/pictures/${encodeURIComponent(picture.id)}${what}`;
}

function fitted(width, height, room) {
  const scale = Math.min(room.width / width, room.height / height, LARGEST_SCALE);
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** Size, seed and time in one line. */
export function factsOf(picture) {
  return `${picture.width} × ${picture.height} · seed ${picture.seed} · ${clock(picture.created)}`;
}

/** Save, vary, reuse, copy and delete, for whatever picture `current` gives. */
export function actionsFor(current) {
  const save = h("a", { class: "button strong", download: "" }, icon("download"), h("span", {}, "Save"));
  const bar = h("div", { class: "picture-actions", role: "group", "aria-label": "Picture" },
    save,
    button("vary", "Vary", () => vary(current())),
    button("reuse", "Reuse settings", () => reuse(current())),
    copier("Copy prompt", "copy", () => current().prompt),
    copier("Copy seed", "dice", () => String(current().seed)),
    remover(current));
  const update = (picture) => set(save, "href", picture ? address(picture, "?download=true") : null);
  return { bar, update };
}

function copier(words, name, text) {
  const made = button(name, words, async () => {
    await copy(text());
    made.replaceChildren(icon("check"));
    set(made, "aria-label", "Copied");
    setTimeout(() => {
      made.replaceChildren(icon(name));
      set(made, "aria-label", words);
    }, 1500);
  }, { quiet: true });
  return made;
}

function remover(current) {
  let asked = null;
  let timer = 0;
  const calm = () => {
    asked = null;
    set(made, "class", "button");
    made.replaceChildren(icon("trash"));
    set(made, "aria-label", "Delete");
  };
  const made = button("trash", "Delete", () => {
    clearTimeout(timer);
    const picture = current();
    if (asked === picture.id) {
      calm();
      remove(picture);
      return;
    }
    asked = picture.id;
    set(made, "class", "button danger");
    set(made, "aria-label", "Really delete?");
    made.replaceChildren(icon("trash"), h("span", {}, "Really delete?"));
    timer = setTimeout(calm, CONFIRM_MS);
  }, { quiet: true });
  made.addEventListener("blur", calm);
  return made;
}

/** A place for a picture or a preview; small pictures get a crisp enlargement on top. */
export function frame() {
  const image = h("img", { decoding: "async" });
  const canvas = h("canvas", { "aria-hidden": "true", hidden: true });
  const element = h("span", { class: "frame" }, image, canvas);
  let shown = null;
  let size = null;
  let drawn = "";
  const sharpen = () => {
    const scale = size && shown ? (size.width / shown.width) * devicePixelRatio : 0;
    const wanted = `${image.src} ${scale}`;
    const ready = shown?.crisp && isSmall(shown, scale) && image.complete && image.naturalWidth;
    if (ready && drawn !== wanted) {
      enlarge(image, canvas, scale);
      drawn = wanted;
    }
    canvas.hidden = !ready;
  };
  image.addEventListener("load", sharpen);
  const place = (room) => {
    if (!shown) return;
    size = fitted(shown.width, shown.height, room);
    element.style.inlineSize = `${size.width}px`;
    element.style.blockSize = `${size.height}px`;
    sharpen();
  };
  const put = (source, given, words) => {
    shown = given;
    set(image, "src", source);
    set(image, "alt", words);
  };
  return { element, image, place, put };
}
