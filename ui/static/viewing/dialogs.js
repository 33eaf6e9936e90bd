// The picture in full.

import { parts } from "../dom.js";
import { address, describe, showIn, wireActions } from "../picture.js";
import { show, step } from "../shown.js";
import { store } from "../store.js";

/** Make the dialog follow what is to be seen in full. */
export function dialogs(host) {
  const own = parts(host);
  const { viewer, room, frame, newer, older, first, second } = own;
  let picture = null;
  const updateActions = wireActions(own, () => picture);
  const draw = () => picture && showIn(frame, room, { source: address(picture), size: picture, words: picture.prompt, crisp: true });

  newer.onclick = () => step(-1);
  older.onclick = () => step(1);
  own.close.onclick = () => viewer.close();
  viewer.onclose = () => store.change({ viewer: null });
  room.onclick = ({ target }) => target === room && viewer.close();
  new ResizeObserver(draw).observe(room);

  const update = () => {
    const { pictures, shown, viewer: wanted } = store.state;
    const place = pictures.findIndex(({ id }) => id === wanted);
    picture = pictures[place] ?? null;
    if (!picture) {
      viewer.close();
      return;
    }
    if (!viewer.open) viewer.showModal();
    if (shown !== picture.id) show(picture.id);
    draw();
    describe(first, second, picture);
    updateActions();
    newer.disabled = place === 0;
    older.disabled = place === pictures.length - 1;
  };
  store.subscribe(update);
  update();
}
