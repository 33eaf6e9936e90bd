// Dialogs: the picture in full, and the list of shortcuts.

import { button, h, part, say } from "./dom.js";
import { SHORTCUTS } from "./keys.js";
import { actionsFor, address, factsOf, frame } from "./picture.js";
import { show, step } from "./shown.js";
import { store } from "./store.js";

part("easel-dialogs", store, (host) => {
  const viewer = pictureDialog();
  const help = helpDialog();
  host.append(viewer.dialog, help);
  document.addEventListener("easel:help", () => help.open || help.showModal());
  return (state) => viewer.update(state);
});

function pictureDialog() {
  let picture = null;
  const large = frame();
  const room = h("div", { class: "room" }, large.element);
  const title = h("p", { class: "first" });
  const facts = h("p", { class: "second muted" });
  const actions = actionsFor(() => picture);
  const newer = button("left", "Newer picture", () => turn(-1), { quiet: true, kind: "turn newer" });
  const older = button("right", "Older picture", () => turn(1), { quiet: true, kind: "turn older" });
  const close = button("cancel", "Close", () => dialog.close(), { quiet: true, kind: "close" });
  const foot = h("div", { class: "foot" }, h("div", { class: "lines" }, title, facts), actions.bar);
  const dialog = h("dialog", { class: "viewer", "aria-label": "Picture", onkeydown: keys, onclose: () => store.change({ viewer: null }) },
    close, newer, room, older, foot);
  room.addEventListener("click", (event) => event.target === room && dialog.close());
  const draw = () => large.place({ width: room.clientWidth, height: room.clientHeight });
  new ResizeObserver(draw).observe(room);

  function turn(direction) {
    const next = step(direction, picture);
    if (next) store.change({ viewer: next.id });
  }

  function keys(event) {
    const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    event.stopPropagation();
    turn(direction);
  }

  function update(state) {
    const place = state.pictures.findIndex((known) => known.id === state.viewer);
    picture = state.pictures[place] ?? null;
    if (!picture) {
      if (dialog.open) dialog.close();
      return;
    }
    if (!dialog.open) dialog.showModal();
    if (state.shown !== picture.id) show(picture.id);
    large.put(address(picture), { ...picture, crisp: true }, picture.prompt);
    draw();
    say(title, picture.prompt);
    say(facts, factsOf(picture));
    actions.update(picture);
    newer.disabled = place === 0;
    older.disabled = place === state.pictures.length - 1;
  }

  return { dialog, update };
}

function helpDialog() {
  const rows = SHORTCUTS.flatMap(([keys, words]) => [h("dt", {}, h("kbd", {}, keys)), h("dd", {}, words)]);
  const dialog = h("dialog", { class: "help", "aria-labelledby": "help-title" },
    h("h2", { id: "help-title" }, "Shortcuts"), h("dl", {}, ...rows),
    button("", "Close", () => dialog.close(), { kind: "strong" }));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  return dialog;
}
