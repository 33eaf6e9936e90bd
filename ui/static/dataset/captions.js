// Captions that are typed: saved a moment later, all of them, whatever happens to the page.

import { call } from "../api.js";
import { set } from "../dom.js";
import { at, change, lookSoon, own, tried } from "./own.js";

const SAVE_MS = 400;
const AGAIN_MS = 3000;
const SEEN_MS = 1500;

const unsaved = new Map(); // address and path → {address, path, text, card}
let waits = 0;

/** Keep what was typed; at once where somebody is done with it. */
export function typed(path, text, card, done = false) {
  const address = at("/captions");
  const picture = own.view.pictures.find((one) => one.path === path);
  if (picture && text !== picture.caption) unsaved.set(`${address} ${path}`, { address, path, text, card });
  else unsaved.delete(`${address} ${path}`);
  soon(done ? 0 : SAVE_MS);
}

addEventListener("visibilitychange", () => document.hidden && soon(0));

function soon(delay) {
  clearTimeout(waits);
  if (unsaved.size) waits = setTimeout(save, delay);
}

async function save() {
  const now = [...unsaved];
  unsaved.clear();
  for (const address of new Set(now.map(([, one]) => one.address))) {
    const these = now.filter(([, one]) => one.address === address);
    const captions = Object.fromEntries(these.map(([, { path, text }]) => [path, text]));
    if (await tried(() => call("PUT", address, { captions }).then(() => true))) saved(address, captions, these);
    else keep(these);
  }
}

/** What had no answer is sent again until there is one, unless something else was typed meanwhile. */
function keep(these) {
  for (const [key, one] of these) if (!unsaved.has(key)) unsaved.set(key, one);
  soon(AGAIN_MS);
}

function saved(address, captions, these) {
  for (const [, { card }] of these) {
    set(card, "data-saved", true);
    setTimeout(() => set(card, "data-saved", null), SEEN_MS);
  }
  if (!own.view || at("/captions") !== address) return;
  for (const picture of own.view.pictures) picture.caption = captions[picture.path] ?? picture.caption;
  change({});
  lookSoon();
}
