// Dialogs: the picture in full, and the list of shortcuts.

import { part } from "./dom.js";
import { address, describe, showIn, wireActions } from "./picture.js";
import { show, step } from "./shown.js";
import { store } from "./store.js";

const TURNS = { ArrowLeft: -1, ArrowRight: 1 };

part("easel-dialogs", store, (own) => {
  const { viewer, help, room, frame, newer, older, first, second } = own;
  let picture = null;
  const updateActions = wireActions(own, () => picture);
  const turn = (direction) => {
    const next = step(direction, picture);
    if (next) store.change({ viewer: next.id });
  };
  const draw = () => picture && showIn(frame, room, { source: address(picture), size: picture, words: picture.prompt, crisp: true });

  newer.onclick = () => turn(-1);
  older.onclick = () => turn(1);
  own.close.onclick = () => viewer.close();
  viewer.onclose = () => store.change({ viewer: null });
  viewer.onkeydown = (event) => {
    if (event.key in TURNS) turn(TURNS[event.key]);
  };
  room.onclick = ({ target }) => target === room && viewer.close();
  help.onclick = ({ target }) => target === help && help.close();
  document.addEventListener("easel:help", () => help.open || help.showModal());
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
