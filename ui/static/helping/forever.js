// Generate forever: when nothing of yours waits or runs, the form is drawn again with a new seed.

import { attempt, call, token } from "../api.js";
import { drawn, opensBelow, parts, root, say } from "../dom.js";
import { form } from "../form.js";
import { active, goesOn, recalled, remember, store } from "../store.js";
import { looks } from "./looks.js";

const KEY = "easel.forever";
const SEEDS = 2 ** 32;
const OFF = { on: false, token: "", job: null, owner: null, made: 0, seed: null, asked: 0 };
const ENDED = { failed: "a job failed", set_aside: "a job was set aside" };

/** Make the menu beside Generate work. */
export async function forever(place) {
  await looks;
  const { opener, menu, toggle } = parts(place);
  const line = await drawn("easel-forever-line");
  const { words, off } = parts(line);
  let state = kept();
  let asking = false;

  opensBelow(menu, opener);
  toggle.onchange = () => (toggle.checked ? begin() : stop());
  off.onclick = () => stop();
  document.addEventListener("keydown", ({ key }) => {
    const menuOpen = document.querySelector("dialog[open], :popover-open");
    if (key === "Escape" && state.on && !menuOpen && !active(store.state).length) stop();
  });

  function begin() {
    change({ ...OFF, on: true, seed: form.values["seed.value"] });
    look();
  }

  function stop(reason = "") {
    if (!state.on) return;
    const { made } = state;
    change(OFF);
    if (reason) form.tell(`Generate forever stopped because ${reason}, after ${counted(made)}.`);
  }

  function change(changes) {
    state = { ...state, ...changes };
    remember(KEY, state.on ? JSON.stringify(state) : null);
    root.toggleAttribute("data-forever", state.on); // the feed goes on in a hidden tab
    toggle.checked = state.on;
    line.hidden = !state.on;
    say(words, `Generating forever: ${counted(state.made)} so far`);
  }

  /** Go on where nothing of this person's waits or runs: one job ahead, never more. */
  function look() {
    if (!state.on || asking) return;
    const { jobs, system, attached, connection } = store.state;
    if (!attached || connection !== "live") return;
    const last = jobs.get(state.job);
    if (last && goesOn(last)) return;
    if (last) {
      change({ job: null, made: state.made + last.pictures.length });
      if (last.state !== "finished") return stop(ENDED[last.state] ?? "");
    }
    if (system?.queue_paused) return stop("the queue was paused");
    if (!active(store.state).some(({ owner }) => owner === state.owner)) ask();
  }

  async function ask() {
    asking = true;
    if (!state.token) change({ token: token() }); // kept, so that one without an answer is no second one
    let refused = null;
    const body = { token: state.token, fields: { ...form.asked(), "seed.value": seed() } };
    const job = await attempt(() => call("POST", "/page/generate", body), (error) => { refused = error; });
    asking = false;
    if (!state.on) return;
    if (job) taken(job);
    else if (!refused.unreachable) {
      store.change({ notice: refused });
      stop("the settings were refused");
    }
  }

  function taken(job) {
    change({ token: "", job: job.id, owner: job.owner, asked: state.asked + pictures() });
    if (!store.state.jobs.has(job.id)) store.take({ type: "job", job });
    store.follow(job.id, root.dataset.tab === "image-to-image");
  }

  /** The next seed: a random one, or where the form fixes one, that of the next picture. */
  function seed() {
    const fixed = form.values["seed.value"];
    if (fixed !== state.seed) change({ seed: fixed, asked: 0 });
    return fixed < 0 ? fixed : (fixed + state.asked) % SEEDS;
  }

  change(state);
  store.subscribe(look);
  look();
}

/** What goes on after a reload; a new tab and one that was closed begin without. */
function kept() {
  const [visit] = performance.getEntriesByType("navigation");
  return (visit?.type === "reload" && recalled(KEY)) || OFF;
}

function pictures() {
  return form.values["batch.count"] * form.values["batch.size"];
}

function counted(made) {
  return made === 1 ? "1 picture" : `${made} pictures`;
}
