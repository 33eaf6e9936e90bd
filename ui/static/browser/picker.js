// The model picker: a dialog whose lists the server draws, and what its buttons do.

import { attempt, call } from "../api.js";
import { copy, fillBar, parts, say, set } from "../dom.js";
import { form } from "../form.js";
import { library } from "../library.js";
import { goesOn, store } from "../store.js";
import { doing, share } from "../words.js";

const SCAN_MS = 600_000; // ten thousand files on a slow disk
const LOOK_MS = 150; // before the model under the keyboard tells of itself
let dialog;
let own = null;
let asking = 0;
let timer = 0;
let converting = null;
let shown = "";

const get = (path) => call("GET", `/page/models${path}`);
const post = (path, body) => call("POST", `/page/models${path}`, body, SCAN_MS);

/** Open the dialog. */
export async function picker(place) {
  dialog = place;
  dialog.showModal();
  if (!own) {
    const panel = await tried(() => get("/panel"), dialog.firstElementChild);
    if (!panel) return;
    dialog.innerHTML = panel;
    own = parts(dialog);
    wire();
  }
  own.search.focus();
  own.search.select();
  const chosen = form.checkpoint();
  if (chosen) await tried(() => details(chosen.id)); // before one can choose another
  const found = await tried(() => get(`/facts?known=${library.revision}`));
  if (found) await changed(found);
  else await list();
}

function wire() {
  own.search.oninput = () => list();
  dialog.onclick = ({ target }) => {
    if (target === dialog) dialog.close();
    const button = target.closest("[data-do]");
    if (button) tried(() => DEEDS[button.dataset.do](button));
  };
  dialog.onclose = () => set(dialog, "data-details", false);
  dialog.onkeydown = walk;
  dialog.onchange = ({ target }) => target.dataset.part === "note" && tried(() => keepNote(target));
  dialog.onsubmit = (event) => {
    event.preventDefault();
    const { elements, lastElementChild } = event.target;
    tried(async () => foldersChanged(await post("/folders", { path: elements.path.value })), lastElementChild);
  };
  own.list.addEventListener("focusin", ({ target }) => {
    clearTimeout(timer);
    if (target.matches(".pick")) timer = setTimeout(look, LOOK_MS, target.dataset.id);
  });
  store.subscribe(showConversion);
}

const DEEDS = {
  close: () => dialog.close(),
  back: () => set(dialog, "data-details", false),
  copy: (button) => copy(button.dataset.text, button),

  pick({ dataset: { id } }) {
    form.pick(id);
    dialog.close();
  },

  async info({ dataset: { id } }) {
    await details(id);
    set(dialog, "data-details", true);
  },

  word({ dataset: { text } }) {
    const prompt = form.values["prompt.positive"];
    form.apply({ "prompt.positive": [prompt, text].filter(Boolean).join(", ") });
  },

  async rescan() {
    say(own.found, "Looking at the folders");
    await foldersChanged(await post("/rescan", {}));
  },

  async convert({ dataset: { id } }) {
    converting = { id, job: (await post("/convert", { id })).id };
    showConversion();
  },

  async remove({ dataset: { path } }) {
    await foldersChanged(await post("/folders/remove", { path }));
  },
};

/** Show the models searched for, or more of them; the same again would lose the focus. */
async function list(offset = 0) {
  const mine = ++asking;
  const rows = await tried(() => get(`?offset=${offset}&search=${encodeURIComponent(own.search.value)}`));
  if (mine !== asking || rows === undefined) return;
  if (offset) own.list.lastElementChild.outerHTML = rows;
  else if (rows !== shown) own.list.innerHTML = rows;
  shown = offset ? "" : rows;
  mark();
  const last = own.list.querySelector(".more");
  if (last) new IntersectionObserver(([entry], observer) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    list(Number(last.dataset.more));
  }, { root: own.list, rootMargin: "400px" }).observe(last);
}

async function details(id) {
  own.details.dataset.id = id;
  const about = await get(`/details?id=${encodeURIComponent(id)}`);
  if (own.details.dataset.id !== id) return;
  own.details.innerHTML = about;
  own.details.scrollTop = 0;
  mark();
  showConversion();
}

function mark() {
  const chosen = form.checkpoint()?.id;
  for (const row of own.list.querySelectorAll(".pick")) {
    set(row, "aria-current", row.dataset.id === chosen ? "true" : null);
    set(row, "data-looked", row.dataset.id === own.details.dataset.id);
  }
}

/** Tell of the model that the keyboard is on, where there is room beside the list. */
function look(id) {
  if (own.details.checkVisibility() && own.details.dataset.id !== id) tried(() => details(id));
}

/** Arrows walk through the list, letters go to the search. */
function walk(event) {
  const rows = [...own.list.querySelectorAll(".pick")];
  const place = rows.indexOf(event.target);
  const turn = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const atList = place >= 0 || event.target === own.search;
  if (turn && atList) {
    event.preventDefault();
    (rows[place + turn] ?? (turn < 0 ? own.search : event.target)).focus();
  } else if (event.key === "Enter" && event.target === own.search) {
    event.preventDefault(); // else it presses the button that gets the focus back
    rows[0]?.click();
  }
  if (place >= 0 && event.key.length === 1 && event.key !== " ") own.search.focus();
}

async function changed(found) {
  library.replace(found);
  form.refresh();
  await list();
  const { id } = own.details.dataset;
  if (id) await details(id);
}

async function foldersChanged({ folders, sentence, library: found }) {
  own.shelves.innerHTML = folders;
  await changed(found);
  say(own.found, sentence);
}

async function keepNote({ value, dataset: { id } }) {
  await post("/note", { id, text: value });
  say(own.found, "Your notes are kept.");
}

function showConversion() {
  const job = store.state.jobs.get(converting?.job);
  if (!job || own.details.dataset.id !== converting.id) return;
  const { working, doing: words, bar } = parts(own.details);
  working.hidden = false;
  say(words, job.failure ? `${job.failure.sentence} ${job.failure.hint}` : job.outcome || doing(job, store.state.system));
  bar.hidden = !goesOn(job);
  fillBar(bar, share(job));
  if (job.state !== "finished") return;
  converting = null;
  tried(DEEDS.rescan);
}

/** Do something; what goes wrong is said in its place. */
function tried(action, place = own.found) {
  return attempt(action, ({ sentence, hint }) => {
    place.hidden = false;
    say(place, `${sentence} ${hint}`);
  });
}
