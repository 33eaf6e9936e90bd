// A picture at the size that suits the room, and what can be done with it.

import { copy, copyOf, say, set } from "./dom.js";
import { later } from "./lazy.js";
import { clock } from "./words.js";
import { remove, reuse, vary } from "./doings.js";
import { reads } from "./receiving.js";

const CONFIRM_MS = 4000;
const LARGEST_SCALE = 6;
const SMALL = 320; // pixels of a side, up to which the browser's own scaling is too coarse

/** The address of a picture. */
export function address(picture, what = "") {
  return `/pictures/${encodeURIComponent(picture.id)}${what}`;
}

/** A small picture that can be pressed. */
export function thumbnail(picture, onclick) {
  const made = copyOf("thumb");
  const [image, corner] = made.children;
  image.src = address(picture, picture.saved ? "/thumbnail" : "");
  image.alt = made.title = picture.prompt;
  corner.hidden = picture.saved;
  made.onclick = onclick;
  return made;
}

/** Make the buttons of a picture work, for whatever picture `current` gives; returns their update. */
export function wireActions(buttons, current) {
  buttons.vary.onclick = () => vary(current());
  buttons.reuse.onclick = () => reuse(current());
  for (const name of ["settings", "reproduce", "upscale", "edit", "alike", "control"]) buttons[name].onclick = () => reads(name, current(), buttons[name]);
  buttons.copyPrompt.onclick = () => copy(current().prompt, buttons.copyPrompt);
  buttons.copySeed.onclick = () => copy(String(current().seed), buttons.copySeed);
  askBefore(buttons.delete, () => remove(current()));
  return () => {
    const picture = current();
    buttons.save.href = picture ? address(picture, "?download=true") : "";
  };
}

/** A button that does what it says only with a second click. */
export function askBefore(button, action) {
  const question = button.querySelector("span");
  const label = button.getAttribute("aria-label");
  const ask = (asking) => {
    question.hidden = !asking;
    set(button, "data-asking", asking);
    set(button, "aria-label", asking ? question.textContent : label);
  };
  let timer = 0;
  button.onclick = () => {
    clearTimeout(timer);
    const sure = !question.hidden;
    ask(!sure);
    if (sure) action();
    else timer = setTimeout(ask, CONFIRM_MS, false);
  };
  button.onblur = () => ask(false);
}

/** Show a picture, or a preview of unknown size; small pictures get a crisp enlargement on top. */
export function showIn(frame, room, given) {
  const [image, canvas] = frame.children;
  const { source, words, crisp } = given;
  set(image, "src", source);
  set(image, "alt", words);
  const size = given.size ?? { width: image.naturalWidth, height: image.naturalHeight };
  image.onload = given.size ? null : () => showIn(frame, room, given);
  const scale = Math.min(room.clientWidth / size.width, room.clientHeight / size.height, LARGEST_SCALE);
  if (!(scale > 0 && Number.isFinite(scale))) return;
  frame.style.inlineSize = `${Math.round(size.width * scale)}px`;
  frame.style.blockSize = `${Math.round(size.height * scale)}px`;
  const fine = scale * devicePixelRatio;
  const wanted = crisp && fine >= 1.5 && Math.max(size.width, size.height) <= SMALL;
  const key = wanted ? `${source} ${fine}` : "";
  const sharpen = async () => {
    const enlarge = await later("enlarge", "enlarging").catch(() => null); // it looks coarse without
    if (!enlarge || canvas.dataset.wanted !== key) return;
    if (canvas.dataset.key !== key) enlarge(image, canvas, fine);
    canvas.dataset.key = key;
    canvas.hidden = false;
  };
  canvas.dataset.wanted = key;
  canvas.hidden = !wanted || canvas.dataset.key !== key;
  if (!canvas.hidden || !wanted) return;
  if (image.complete) sharpen();
  else image.onload = sharpen;
}

/** Two lines about a picture. */
export function describe(first, second, { prompt, width, height, seed, created }) {
  say(first, prompt);
  say(second, `${width} × ${height} · seed ${seed} · ${clock(created)}`);
}
