// All about one model, and what can be done with it.

import { call } from "../api.js";
import { copy, fillBar, parts, say, set } from "../dom.js";
import { form } from "../form.js";
import { askBefore } from "../picture.js";
import { goesOn, store } from "../store.js";
import { doing, share } from "../words.js";
import { get, post, tried } from "./asking.js";

/** The pane; `changed` hears what the library is after a change, `done` that a card looks
 * different, `focus` which tile gets the focus back. */
export function about(place, { changed, done, focus }) {
  const host = place.parentElement;
  let id = "";
  let opener = ""; // the place of the tile that was pressed
  let leave = () => {};

  const said = (text) => say(parts(place).said, text);

  async function show(wanted) {
    const drawn = await get(`/about?id=${encodeURIComponent(wanted)}`);
    const same = id === wanted && !place.hidden;
    if (!same) opener = document.activeElement.dataset.place;
    id = wanted;
    leave();
    place.innerHTML = drawn;
    place.hidden = false;
    set(host, "data-about", true);
    const { delete: removal, gone } = parts(place);
    if (gone) await done(); // another window or program took it away
    if (removal) askBefore(removal, () => attempted(DEEDS.delete));
    if (same) return;
    place.scrollTop = 0;
    place.querySelector("[data-do=back]")?.focus({ preventScroll: true });
  }

  function close() {
    leave();
    place.hidden = true;
    set(host, "data-about", false);
    focus(opener);
  }

  const attempted = (deed, button) => tried(parts(place).failed, () => deed(button));

  /** Tell of a job in the pane until it ends, then do `then`. */
  function follow(job, then) {
    const asked = id;
    const { working, doing: words, bar } = parts(place);
    working.hidden = false;
    leave();
    leave = store.subscribe(() => {
      const now = store.state.jobs.get(job.id);
      if (!now || id !== asked) return;
      bar.hidden = !goesOn(now);
      fillBar(bar, share(now));
      say(words, now.failure ? `${now.failure.sentence} ${now.failure.hint}` : now.outcome || doing(now, store.state.system));
      if (goesOn(now)) return;
      leave();
      if (now.state === "finished") attempted(() => then(now));
    });
  }

  /** After the library changed: its new state, and the model under its new name. */
  async function took(answer, { gone = false } = {}) {
    if (answer.model) id = answer.model;
    await changed(answer);
    if (gone) close();
    else await show(id);
    if (gone) return;
    said(answer.sentence);
    place.scrollTop = 0;
  }

  /** After a job that wrote something beside the model. */
  async function written({ outcome }) {
    await took(await post("/rescan"));
    said(outcome || "The picture is its preview now.");
  }

  const DEEDS = {
    back: close,
    copy: (button) => copy(button.dataset.text, button),

    pick() {
      form.pick(id);
      document.querySelector("[role=tab][data-tab-id=text-to-image]")?.click();
    },

    word({ dataset: { text } }) {
      const prompt = form.values["prompt.positive"];
      form.apply({ "prompt.positive": [prompt, text].filter(Boolean).join(", ") });
      said(`“${text}” is in the prompt now.`);
    },

    async favourite(button) {
      const favourite = button.getAttribute("aria-pressed") !== "true";
      await post("/favourite", { id, favourite });
      set(button, "aria-pressed", String(favourite));
      await done();
    },

    tag: ({ elements }) => retag((tags) => [...tags, elements.tag.value]),
    untag: ({ dataset: { tag } }) => retag((tags) => tags.filter((each) => each !== tag)),

    async convert(from) {
      const wanted = from.elements ? Object.fromEntries(new FormData(from)) : { to: "same" };
      follow(await post("/convert", { id, to: wanted.to, pruned: "pruned" in wanted }), written);
    },

    preview: async () => follow(await post("/preview", { id }), written),
    "use-picture": async ({ dataset: { picture } }) => took(await post("/preview/use", { id, picture })),
    identify: async () => took(await post("/identify", { id })),
    rename: async ({ elements }) => took(await post("/rename", { id, name: elements.name.value })),
    move: async ({ elements }) => took(await post("/move", { id, folder: elements.folder.value })),
    delete: async () => took(await post("/delete", { id }), { gone: true }),

    async update() {
      await post("/update", { id });
      said("The download is under way; see Downloads.");
    },

    async picture({ dataset: { id: picture } }) {
      store.older([await call("GET", `/api/pictures/${picture}`)]);
      store.change({ viewer: picture });
    },
  };

  async function retag(change) {
    const tags = [...place.querySelectorAll("[data-do=untag]")].map(({ dataset: { tag } }) => tag);
    await post("/tags", { id, tags: change(tags) });
    await show(id);
    await done();
    place.querySelector("form[data-do=tag] input").focus();
  }

  place.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (!button) return;
    event.stopPropagation();
    attempted(DEEDS[button.dataset.do], button);
  });
  place.addEventListener("submit", (event) => {
    event.preventDefault();
    attempted(DEEDS[event.target.dataset.do], event.target);
  });
  place.addEventListener("change", ({ target }) => {
    if (target.dataset.part !== "note") return;
    attempted(async () => {
      await call("POST", "/page/models/note", { id, text: target.value });
      said("Your notes are kept.");
    });
  });
  host.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || place.hidden) return;
    event.stopPropagation();
    close();
  });

  return { show };
}
