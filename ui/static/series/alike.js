// More like this: four variations of a picture, near its own noise.

import { token } from "../api.js";
import { send, toWork } from "../doings.js";

/** Ask for them. */
export function alike(picture) {
  toWork();
  send("/page/series/alike", { token: token(), picture: picture.id });
}
