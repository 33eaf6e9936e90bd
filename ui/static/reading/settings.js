// What a picture of the gallery tells.

import { call } from "../api.js";
import { address } from "../picture.js";
import { tell } from "./told.js";

/** Show how a picture of the gallery was made. */
export async function settings(picture) {
  const ask = () => call("GET", `/page/reading/picture/${encodeURIComponent(picture.id)}`);
  await tell({ source: address(picture), ask, done: () => {} });
}
