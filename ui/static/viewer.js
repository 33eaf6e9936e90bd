// The picture in full.

import { part } from "./dom.js";
import { address, describe, showIn, wireActions } from "./picture.js";
import { show, step } from "./shown.js";
import { store } from "./store.js";

part("easel-dialogs", store, (own) => {
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

  return (state) => {
    const place = state.pictures.findIndex(({ id }) => id === state.viewer);
    picture = state.pictures[place] ?? null;
    if (!picture) {
      viewer.close();
      return;
    }
    if (!viewer.open) viewer.showModal();
    if (state.shown !== picture.id) show(picture.id);
    draw();
    describe(first, second, picture);
    updateActions();
    newer.disabled = place === 0;
    older.disabled = place === state.pictures.length - 1;
  };
});
