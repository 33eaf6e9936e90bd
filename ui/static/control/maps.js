// Maps are made by jobs: asked for once for each question, and waited for.

import { CallError, call } from "../api.js";
import { goesOn, recalled, remember, store } from "../store.js";

const KEY = "easel.control.maps";
const MOST = 40;
const known = new Map(kept()); // what was asked, to the map that came of it

/** What follows the making of one map after another. `tell` hears `{ map, job, error }` as it goes. */
export class MapMaker {
  #wanted = "";
  #job = null;

  constructor(tell) {
    this.tell = tell;
    store.subscribe(() => this.#look());
  }

  /** Make a map, unless it is made already; one that is under way for another question is given up. */
  async make(wish) {
    const wanted = key(wish);
    if (wanted === this.#wanted) return;
    this.stop();
    this.#wanted = wanted;
    const map = known.get(wanted);
    if (map) return this.tell({ map });
    this.tell({});
    try {
      const job = await call("POST", "/api/maps", wish);
      if (wanted !== this.#wanted) return giveUp(job.id);
      if (!store.state.jobs.has(job.id)) store.take({ type: "job", job });
      this.#job = job.id;
      this.#look();
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (wanted === this.#wanted) this.#ended({ error });
    }
  }

  /** Nothing is wanted any more. */
  stop() {
    if (this.#job) giveUp(this.#job);
    this.#wanted = "";
    this.#job = null;
  }

  /** Ask once more: it went wrong, or the map is gone. */
  again() {
    const wanted = this.#wanted;
    known.delete(wanted);
    this.#wanted = "";
    return wanted && this.make(JSON.parse(wanted));
  }

  #look() {
    const job = this.#job && store.state.jobs.get(this.#job);
    if (!job) return;
    if (goesOn(job)) return this.tell({ job });
    if (!job.map) return this.#ended({ error: job.failure ?? { sentence: "The map was not made.", hint: "Try it again." } });
    known.set(this.#wanted, job.map);
    if (known.size > MOST) known.delete(known.keys().next().value);
    remember(KEY, JSON.stringify([...known]));
    this.#ended({ map: job.map });
  }

  #ended(told) {
    this.#job = null;
    this.tell(told);
  }
}

const key = (wish) => JSON.stringify(wish);

/** What this tab of the browser knew before a refresh. */
function kept() {
  const found = recalled(KEY);
  return Array.isArray(found) ? found.filter((one) => one?.[1]?.id) : [];
}

function giveUp(job) {
  const known = store.state.jobs.get(job);
  if (!known || goesOn(known)) call("POST", `/api/jobs/${job}/cancel`).catch(() => {}); // it ends by itself
}
