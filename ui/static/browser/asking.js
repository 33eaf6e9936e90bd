// What the model browser asks its own routes, and how it says what goes wrong.

import { attempt, call } from "../api.js";
import { say } from "../dom.js";

const LONG_MS = 600_000; // ten thousand files on a slow disk; a hub that is slow

export const get = (path) => call("GET", `/page/browser${path}`, undefined, LONG_MS);
export const post = (path, body = {}) => call("POST", `/page/browser${path}`, body, LONG_MS);

/** `{ a: 1, b: "" }` → "?a=1". */
export function query(wanted) {
  const told = Object.entries(wanted).filter(([, value]) => value !== "" && value !== null && value !== false);
  return told.length ? `?${new URLSearchParams(told)}` : "";
}

/** Does something, saying in `place` what goes wrong; nothing comes of it then. */
export async function tried(place, action) {
  say(place, "");
  place.hidden = true;
  return attempt(action, ({ sentence, message, hint }) => {
    place.hidden = false;
    say(place, `${sentence ?? message} ${hint}`);
  });
}
