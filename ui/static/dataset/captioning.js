// Captions that a model writes, where one is here.

import { call } from "../api.js";
import { say as write } from "../dom.js";
import { goesOn, store } from "../store.js";
import { doing, fileSize } from "../words.js";
import { again, at, follow, own, say, tried } from "./own.js";

let offers = null;
let asked = ""; // for which dataset
let working = new Set(); // jobs
let coming = 0; // downloads under way

/** Wire the section. */
export function captioning(page) {
  page.describe.onclick = () => tried(async () => {
    const job = await call("POST", at("/describe"), { captioner: page.captioner.value, paths: [...own.chosen] });
    store.take({ type: "job", job });
  });
  follow(() => {
    if (own.view && asked !== own.view.id) look(page);
    draw(page);
  });
  store.subscribe(() => hear(page));
}

async function look(page) {
  asked = own.view.id;
  offers = await tried(() => call("GET", at("/captioners")));
  const { captioners = [], more = [], advice = "" } = offers ?? {};
  page.captioner.replaceChildren(...captioners.map(({ id }) => new Option(id, id)));
  page.captioner.hidden = captioners.length < 2;
  write(page.advice, advice);
  page.advice.hidden = !advice;
  page.offered.replaceChildren(...(captioners.length ? [] : more.map(offerOf)));
  draw(page);
}

/** What can be downloaded: nothing is before somebody clicks. */
function offerOf({ id, label, writes, repository, bytes, license }) {
  const get = Object.assign(document.createElement("button"), { type: "button", className: "button strong", textContent: `Get ${label}` });
  const told = Object.assign(document.createElement("span"), { className: "muted", textContent: `Writes ${writes}. ${fileSize(bytes)} from ${repository} on Hugging Face; licence ${license}.` });
  const line = document.createElement("div");
  line.append(get, told);
  get.onclick = () => tried(async () => {
    const jobs = await call("POST", `/api/datasets/captioners/${id}/fetch`);
    for (const job of jobs) store.take({ type: "job", job });
    get.disabled = true;
    write(told, "On its way: see Downloads in Models.");
  });
  return line;
}

function draw(page) {
  const silent = (own.view?.pictures ?? []).filter(({ caption, width }) => !caption && width).length;
  const count = own.chosen.size || silent;
  page.describing.hidden = !offers || (!count && !working.size) || (Boolean(offers.advice) && !silent);
  page.describe.hidden = Boolean(offers?.advice) || !count || working.size > 0;
  write(page.wanted, own.chosen.size ? `Describe the ${count} chosen anew` : `Describe the ${count} without one`);
}

/** Follow such jobs, whoever began them; what they wrote is shown when they end. */
function hear(page) {
  const { jobs, system } = store.state;
  const active = [...jobs.values()].filter((job) => job.kind === "caption" && goesOn(job));
  write(page.described, active.length ? doing(active[0], system) : "");
  const under = [...jobs.values()].filter((job) => job.kind === "download" && goesOn(job)).length;
  if (under < coming && own.view && offers?.advice) look(page);
  coming = under;
  const ended = [...working].map((id) => jobs.get(id)).filter((job) => job && !goesOn(job));
  const before = working.size;
  working = new Set(active.map(({ id }) => id));
  if (working.size !== before) draw(page);
  for (const { failure, outcome, warnings } of ended) {
    tried(again);
    const told = failure ? `${failure.sentence} ${failure.hint}` : [outcome, ...(warnings ?? [])].join(" ");
    if (told) say(told, null, Boolean(failure));
  }
}
