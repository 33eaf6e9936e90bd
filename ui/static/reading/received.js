// A picture from outside: what its file tells.

import { call } from "../api.js";
import { tell } from "./told.js";

/** Read a picture's file and show what it tells. */
export async function received(file) {
  const source = URL.createObjectURL(file);
  const ask = () => call("POST", `/page/reading?name=${encodeURIComponent(file.name.slice(0, 200))}`, file, 300_000);
  await tell({ source, ask, done: () => URL.revokeObjectURL(source) });
}
