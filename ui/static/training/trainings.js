// The trainings that there are, and all that is known of the one that is looked at.

import { attempt, call } from "../api.js";
import { goesOn, remember, remembered, store } from "../store.js";

const KEY = "easel.training.shown";
const EACH_MS = 1000; // a training of quick steps would ask all the time
const listeners = new Set();
const state = { list: [], id: remembered(KEY), story: null };
let seen = "";
let timer = 0;
let asking = 0;

export const trainings = {
  get state() {
    return state;
  },

  subscribe(listener) {
    listeners.add(listener);
    listener(state);
  },

  /** The job of a story, as long as the page knows it. */
  job: (story = state.story) => store.state.jobs.get(story?.job) ?? null,

  /** Whether one goes on or waits. */
  running: () => state.list.some((story) => goesOn(trainings.job(story) ?? {})),

  /** See which there are, and all of the one that is looked at. */
  async look() {
    state.list = await call("GET", "/api/trainings");
    if (!state.list.some(({ id }) => id === state.id)) state.id = state.list[0]?.id ?? null;
    await read();
  },

  /** Look at another. */
  async choose(id) {
    remember(KEY, id);
    Object.assign(state, { id, story: null });
    tell();
    await attempt(read, () => {});
  },
};

/** Read what is new; a training that goes on from an earlier step tells later ones again. */
async function read() {
  const mine = ++asking;
  if (!state.id) {
    state.story = null;
    return tell();
  }
  const brief = state.list.find(({ id }) => id === state.id);
  const known = state.story?.id === state.id && state.story.job === brief?.job ? state.story.measured : [];
  const since = known.at(-1)?.step ?? 0;
  const story = await call("GET", `/api/trainings/${state.id}?since=${since}`);
  if (mine !== asking) return;
  const first = story.measured[0]?.step ?? Infinity;
  state.story = { ...story, measured: [...known.filter(({ step }) => step < first), ...story.measured] };
  tell();
}

function tell() {
  for (const listener of [...listeners]) listener(state);
}

// What the feed tells of a training's job: its list is read anew when one begins or ends.
store.subscribe(() => {
  const jobs = [...store.state.jobs.values()].filter(({ kind }) => kind === "train");
  const now = jobs.map(({ id, state: is }) => `${id} ${is}`).join();
  const ended = now !== seen;
  seen = now;
  tell();
  if (timer || !(ended || goesOn(trainings.job() ?? {}))) return;
  timer = setTimeout(async () => {
    timer = 0;
    await attempt(seen === now && !ended ? read : trainings.look, () => {});
  }, EACH_MS);
});
