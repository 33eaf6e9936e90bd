// Thumbnails by day, newest first: the results pane, and the gallery tab's grid.

import { call } from "./api.js";
import { copyOf, part, reconcile, say, set } from "./dom.js";
import { tried } from "./doings.js";
import { thumbnail } from "./picture.js";
import { onStage, show } from "./shown.js";
import { store } from "./store.js";
import { day } from "./words.js";

const PAGE = 60;

part("easel-results", store, ({ heading, empty, days, more }, host) => {
  const isTab = host.hasAttribute("tab");
  const choose = ({ id }) => (isTab ? store.change({ viewer: id }) : show(id));
  let loading = false;
  let ended = false;
  const older = async () => {
    if (loading || ended) return;
    loading = true;
    const known = store.state.pictures;
    // Pictures of one job may share their time: ask for a little more than what is older.
    const before = known.length ? `&before=${known.at(-1).created + 0.001}` : "";
    await tried(async () => {
      store.older(await call("GET", `/api/pictures?limit=${PAGE}${before}`));
      ended = store.state.pictures.length === known.length;
    });
    loading = false;
  };
  more.onclick = older;
  new IntersectionObserver(([entry]) => {
    if (entry.isIntersecting && store.state.attached) older();
  }).observe(more);
  if (isTab) say(heading, "Gallery");
  let drawn = "";
  return (state) => {
    const shown = onStage(state).picture?.id;
    more.hidden = ended || state.pictures.length === 0;
    empty.hidden = state.pictures.length > 0 || !state.attached;
    if (drawn[0] === state.pictures && drawn[1] === shown) return;
    drawn = [state.pictures, shown];
    reconcile(days, [...Map.groupBy(state.pictures, ({ created }) => day(created))], ([name]) => name, section, (element, [, pictures]) =>
      reconcile(element.lastElementChild, pictures, ({ id, saved }) => `${id} ${saved}`, (picture) => {
        const made = thumbnail(picture, () => choose(picture));
        made.ondblclick = () => store.change({ viewer: picture.id });
        return made;
      },
        (child, { id }) => set(child, "aria-current", id === shown ? "true" : null)));
  };
});

function section([name]) {
  const element = copyOf("day");
  say(element.firstElementChild, name);
  return element;
}
