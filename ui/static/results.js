// Thumbnails by day, newest first: the results pane, and the gallery's grid.

import { CallError, call } from "./api.js";
import { button, h, icon, part, reconcile, set } from "./dom.js";
import { address } from "./picture.js";
import { onStage, show } from "./shown.js";
import { store } from "./store.js";
import { day } from "./words.js";

const PAGE = 60;

/** Make the host a grid of all pictures, which grows as it is scrolled to its end. */
export function grid(host, choose) {
  const days = h("div", { class: "days" });
  const empty = h("p", { class: "muted empty-note" }, "Pictures that you make are kept here.");
  const more = button("chevron", "Show older", () => load());
  host.append(empty, days, more);
  let ended = false;
  let loading = false;

  async function load() {
    if (loading || ended) return;
    loading = true;
    try {
      const before = store.state.pictures.at(-1)?.created;
      // Pictures of one job may share their time: ask for a little more than what is older.
      const query = before === undefined ? "" : `&before=${before + 0.001}`;
      const found = await call("GET", `/api/pictures?limit=${PAGE}${query}`);
      const known = store.state.pictures.length;
      store.older(found);
      ended = store.state.pictures.length === known;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      store.change({ notice: error });
    } finally {
      loading = false;
      more.hidden = ended || store.state.pictures.length === 0;
    }
  }

  new IntersectionObserver(([entry]) => {
    if (entry.isIntersecting && store.state.attached) load();
  }).observe(more);

  return (state) => {
    const shown = onStage(state).picture?.id;
    empty.hidden = state.pictures.length > 0 || !state.attached;
    more.hidden = ended || state.pictures.length === 0;
    reconcile(days, byDay(state.pictures), (group) => group.name, section, (element, group) =>
      reconcile(element.lastElementChild, group.pictures, (picture) => `${picture.id}${picture.saved}`, (picture) => thumbnail(picture, choose),
        (child, picture) => set(child, "aria-current", picture.id === shown ? "true" : null)));
  };
}

part("easel-results", store, (host) => {
  host.append(h("h2", {}, "Results"));
  return grid(host, (picture) => show(picture.id));
});

function byDay(pictures) {
  const groups = new Map();
  for (const picture of pictures) {
    const name = day(picture.created);
    if (!groups.has(name)) groups.set(name, { name, pictures: [] });
    groups.get(name).pictures.push(picture);
  }
  return [...groups.values()];
}

function section(group) {
  return h("section", {}, h("h3", {}, group.name), h("div", { class: "thumbs" }));
}

function thumbnail(picture, choose) {
  const image = h("img", { src: address(picture, picture.saved ? "/thumbnail" : ""), alt: picture.prompt, loading: "lazy", decoding: "async", onerror: () => gone(picture) });
  return h("button", { type: "button", class: "thumb", title: picture.prompt, onclick: () => choose(picture), ondblclick: () => store.change({ viewer: picture.id }) },
    image, picture.saved ? null : h("span", { class: "corner", title: "Not on the disk" }, icon("warning", 12)));
}

/** A thumbnail that does not load: forget the picture if it was deleted elsewhere. */
async function gone(picture) {
  try {
    await call("GET", `/api/pictures/${picture.id}/request`);
  } catch (error) {
    if (error instanceof CallError && !error.unreachable && error.details.includes("\n404")) store.forget(picture.id);
  }
}
