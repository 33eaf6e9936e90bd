// The maps that were saved, to be drawn by once more.

import { call } from "../api.js";
import { reconcile, say, set } from "../dom.js";
import { askBefore } from "../picture.js";
import { NONE } from "./offers.js";
import { prepared } from "./prepared.js";

/** Where a saved map is shown. */
export const savedAt = (id) => `/api/maps/saved/${encodeURIComponent(id)}`;

/** A saved map as a picture that can be drawn by. */
export const takeSaved = ({ id }) => call("POST", `${savedAt(id)}/use`);

/** Wire the list; gives its update. */
export function kept(page) {
  const { own, tried } = page;
  page.names = [];
  page.keptAnew = async () => {
    const list = await call("GET", "/api/maps/saved");
    page.names = list.map(({ name }) => name);
    own.none.hidden = list.length > 0;
    reconcile(own.kept, list, ({ id }) => id, entry);
  };

  function entry(map) {
    const made = own.saved.content.firstElementChild.cloneNode(true);
    const [open, remove] = made.children;
    const [image, name] = open.children;
    image.src = savedAt(map.id);
    say(name, map.name);
    set(open, "title", `${map.name}, ${map.width} × ${map.height}`);
    open.onclick = () => tried(async () => {
      const { id } = await takeSaved(map);
      prepared.change({ picture: id, preprocessor: NONE, type: map.makes, drawn: null, before: null, unit: 0, posing: false });
    });
    set(remove, "aria-label", `Delete ${map.name}`);
    askBefore(remove, () => tried(async () => {
      await call("DELETE", savedAt(map.id));
      await page.keptAnew();
    }));
    return made;
  }

  tried(page.keptAnew);
  return () => {};
}
