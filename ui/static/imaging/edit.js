// A picture of the gallery, taken into Image to image; the prompt stays as it is.

import { toWork } from "../doings.js";
import { store } from "../store.js";
import { session } from "./session.js";

/** Begin with a picture that was made. */
export function edit({ id, width, height, prompt }) {
  toWork("image-to-image");
  store.change({ shown: null });
  session.begin({ id, width, height, name: prompt });
  session.tell({ refused: [], note: "" });
}
