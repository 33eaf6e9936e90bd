// The models that are here: filters, the grid, and what can be done with all of them.

import { copy, parts, say, set } from "../dom.js";
import { form } from "../form.js";
import { library } from "../library.js";
import { askBefore } from "../picture.js";
import { goesOn, remember, remembered, store } from "../store.js";
import { about } from "./about.js";
import { get, post, query, tried } from "./asking.js";
import { grid } from "./grid.js";

const FILTERS_KEY = "easel.models.filters";
const REST_MS = 200;

/** Set the view up; gives what shows it again, with `{ id }` of a model to tell of. */
export async function open(section) {
  const own = parts(section);
  const { filters } = own;
  const wanted = () => Object.fromEntries(new FormData(filters));
  const { show: list, focus } = grid(own.grid, async (offset, count) => {
    const found = await tried(own.failed, () => get(`/cards${query({ ...wanted(), offset, count })}`));
    if (found) say(own.told, found.sentence);
    return found;
  });
  const pane = about(own.details, { changed, done: () => list({ again: true }), focus });
  let revision = library.revision;
  let timer = 0;

  for (const [name, value] of Object.entries(JSON.parse(remembered(FILTERS_KEY) ?? "{}"))) {
    if (filters.elements[name]) filters.elements[name].value = value;
  }
  filters.onsubmit = (event) => event.preventDefault();
  filters.oninput = () => {
    remember(FILTERS_KEY, JSON.stringify(wanted()));
    clearTimeout(timer);
    timer = setTimeout(() => list(), REST_MS);
  };

  section.onclick = ({ target }) => {
    const button = target.closest("[data-do]");
    const deed = DEEDS[button?.dataset.do];
    if (deed && button.matches("button")) tried(own.failed, () => deed(button));
  };

  const DEEDS = {
    about: ({ dataset: { id } }) => pane.show(id),

    async favourite(button) {
      const favourite = button.getAttribute("aria-pressed") !== "true";
      await post("/favourite", { id: button.dataset.id, favourite });
      set(button, "aria-pressed", String(favourite));
    },

    async rescan() {
      say(own.told, "Looking at the folders");
      await changed(await post("/rescan"));
    },

    async folders(button) {
      own.shelves.hidden = !own.shelves.hidden;
      set(button, "aria-expanded", String(!own.shelves.hidden));
      if (!own.shelves.hidden) stock(await get("/shelf"));
    },

    copy: (button) => copy(button.dataset.text, button),
    bring: async ({ elements }) => restocked(await post("/shelf/bring", { path: elements.path.value })),
    "leave-folder": async ({ dataset: { path } }) => restocked(await post("/shelf/leave", { path })),
    restore: async ({ dataset: { id } }) => restocked(await post("/shelf/restore", { id })),

    "identify-all": async () => follow(await post("/identify-all")),
    updates: async () => follow(await post("/updates")),
  };

  function stock(shelf) {
    own.shelves.innerHTML = shelf;
    const { empty } = parts(own.shelves);
    if (empty) askBefore(empty, () => tried(own.failed, async () => restocked(await post("/shelf/empty"))));
  }

  async function restocked(answer) {
    stock(answer.shelf);
    await changed(answer);
  }

  own.shelves.onsubmit = (event) => {
    event.preventDefault();
    say(own.told, "Looking at the folder");
    tried(own.failed, () => DEEDS[event.target.dataset.do](event.target));
  };

  /** Take in what a look at the folders found. */
  async function changed({ sentence = "", library: found }) {
    library.replace(found);
    form.refresh();
    revision = library.revision;
    await list({ again: true });
    if (sentence) say(own.told, sentence);
  }

  /** Tell of a job beside the list until it ends. */
  function follow({ id }) {
    const leave = store.subscribe(() => {
      const job = store.state.jobs.get(id);
      if (!job) return;
      say(own.told, job.failure ? `${job.failure.sentence} ${job.failure.hint}` : job.outcome || job.stage || job.title);
      if (goesOn(job)) return;
      leave();
      list({ again: true }).then(() => say(own.told, job.failure?.sentence ?? job.outcome));
    });
  }

  await list();
  return async ({ id } = {}) => {
    if (library.revision !== revision) {
      revision = library.revision;
      await list({ again: true });
    }
    if (id) await pane.show(id);
  };
}
