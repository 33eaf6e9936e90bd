// A guided start: what this machine could draw with, and getting it with one click.

import { attempt, call } from "../api.js";
import { facts, fillBar, parts, say, set } from "../dom.js";
import { toWork } from "../doings.js";
import { form } from "../form.js";
import { library } from "../library.js";
import { goesOn, remember, remembered, store } from "../store.js";
import { share } from "../words.js";
import { styled } from "./styled.js";
import { underWay } from "./under_way.js";

const AWAY_KEY = "easel.guide";
const LONG_MS = 120_000; // a hub that is slow

/** Fill an element; one that is for first visits only stays hidden on others. */
export async function guide(place) {
  const first = place.hasAttribute("first");
  if (first && (remembered(AWAY_KEY, "localStorage") || hasAnother())) return;
  let purpose = "";
  const settled = new Set(); // downloads that ended while this was drawn
  const taken = new Set(); // downloads that this tab began
  const looks = styled("guide");

  async function draw() {
    const [drawn] = await Promise.all([attempt(() => call("GET", "/page/guide"), () => {}), looks]);
    if (!drawn) return;
    place.innerHTML = drawn;
    place.querySelector("[data-do=away]").hidden = !first;
    choose(purpose);
    follow();
    place.hidden = false;
  }

  function choose(id) {
    purpose = id;
    for (const chip of place.querySelectorAll("[data-purpose]")) set(chip, "aria-pressed", String(chip.dataset.purpose === id));
    for (const section of place.querySelectorAll("[data-for]")) section.hidden = section.dataset.for !== id;
  }

  /** Tell how the downloads get on. */
  function follow() {
    const downloads = new Set(taken); // a quick one is over before its offer says that it goes on
    for (const offer of place.querySelectorAll("[data-job]:not([data-job=''])")) {
      const job = store.state.jobs.get(offer.dataset.job);
      if (job) tell(parts(offer), job);
      downloads.add(offer.dataset.job);
    }
    for (const id of downloads) {
      const job = store.state.jobs.get(id);
      if (job && !goesOn(job) && !settled.has(id)) settle(job);
    }
  }

  function settle({ id, state }) {
    settled.add(id);
    if (state === "finished") store.follow(null); // what is drawn with it now comes to the stage
    if (state !== "failed") draw();
  }

  function tell({ why, doing, bar, take }, job) {
    const going = goesOn(job);
    doing.hidden = bar.hidden = !going;
    say(doing, going ? underWay(job) : "");
    const done = share(job);
    fillBar(bar, done);
    set(bar, "aria-valuenow", done === null ? null : Math.round(done * 100));
    why.hidden = job.state !== "failed";
    if (job.state === "failed") say(why, underWay(job));
    if (take) take.hidden = going;
  }

  const DEEDS = {
    choose: ({ dataset }) => choose(dataset.purpose === purpose ? "" : dataset.purpose),

    away() {
      remember(AWAY_KEY, "away", "localStorage");
      place.hidden = true;
    },

    async take(button, offer) {
      button.disabled = true;
      let refused = null;
      const job = await attempt(() => call("POST", "/page/guide/take", { id: offer.dataset.id }, LONG_MS), (error) => { refused = error; });
      if (job) taken.add(job.id);
      if (job && !store.state.jobs.has(job.id)) store.take({ type: "job", job });
      await draw();
      if (refused) complain(offer.dataset.id, refused);
    },

    async use(_, { dataset: { checkpoint } }) {
      const found = await attempt(() => call("GET", `/page/models/facts?known=${library.revision}`), () => {});
      if (found) library.replace(found);
      form.pick(checkpoint);
      toWork();
    },
  };

  function complain(id, { sentence, hint }) {
    const { why } = parts(place.querySelector(`[data-id="${id}"]`));
    why.hidden = false;
    say(why, `${sentence} ${hint}`);
  }

  place.onclick = ({ target }) => {
    const button = target.closest("[data-do]");
    if (button) DEEDS[button.dataset.do](button, button.closest("[data-id]"));
  };
  await draw();
  store.subscribe(follow);
}

/** Whether there is something to draw with besides the model that ships with Easel. */
function hasAnother() {
  return facts.library.checkpoints.some(({ id, problem }) => id !== "starter" && !problem);
}
