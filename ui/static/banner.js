// What concerns the whole program: the connection, the engine, the queue.

import { copyOf, part, parts, reconcile, say, set } from "./dom.js";
import { address } from "./picture.js";
import { store } from "./store.js";
import { setPaused } from "./doings.js";

part("easel-banner", store, (_, host) => (state) => {
  const found = banners(state);
  host.hidden = found.length === 0;
  drawNotes(host, found);
});

function banners({ connection, system, attached }) {
  const found = [];
  if (connection === "lost") {
    const kept = attached ? " Jobs and pictures are kept." : "";
    found.push({ text: `Easel does not answer. The page tries again by itself.${kept}` });
  }
  if (system?.queue_paused) {
    found.push({ text: `The queue is paused. ${system.queue_reason || "Nothing new is begun."}`, resume: true });
  }
  if (system?.sentence) found.push({ text: system.sentence });
  return found;
}

/** Draw notes of the form `{id, text, calm, resume, picture, offers}` into an element; `offers` makes buttons. */
export function drawNotes(element, notes) {
  set(element, "role", "status");
  reconcile(element, notes, (note) => note.id ?? note.text, (note) => {
    const row = copyOf("note");
    const { words, resume, download } = parts(row);
    set(row, "data-calm", note.calm);
    say(words, note.text);
    resume.hidden = !note.resume;
    resume.onclick = () => setPaused(false);
    download.hidden = !note.picture;
    if (note.picture) download.href = address(note.picture, "?download=true");
    row.append(...(note.offers?.() ?? []));
    return row;
  });
}
