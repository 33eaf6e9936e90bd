// Which job and which picture the stage shows.

import { active, draws, store } from "./store.js";

/** What is on the stage: the work that the status line tells of, and the picture above it. */
export function onStage(state) {
  const followed = state.jobs.get(state.followed) ?? null;
  const working = active(state).filter(draws);
  const running = working.find((job) => job.state === "running") ?? null;
  const job = followed?.state === "running" ? followed : running ?? working[0] ?? null;
  if (state.shown) {
    const picture = state.pictures.find((known) => known.id === state.shown) ?? null;
    if (picture) return { job, picture, preview: null, failed: null, stale: false };
  }
  if (job) {
    const preview = state.previews.get(job.id) ?? null;
    const made = job.pictures.at(-1) ?? null;
    return { job, picture: preview ? null : made ?? state.pictures[0] ?? null, preview, failed: null, stale: !preview && !made };
  }
  const failed = followed?.failure || followed?.state === "set_aside" ? followed : null;
  const picture = lastOf(followed, state) ?? (failed ? null : state.pictures[0] ?? null);
  return { job: null, picture, preview: null, failed, stale: false };
}

function lastOf(job, state) {
  const made = job?.pictures.at(-1);
  return made ? state.pictures.find((known) => known.id === made.id) ?? made : null;
}

/** Show one picture. */
export function show(id) {
  store.change({ shown: id });
}

/** Show the next older (1) or newer (-1) picture, on the stage and where it is open in full. */
export function step(direction) {
  const { pictures, viewer } = store.state;
  const from = viewer ?? onStage(store.state).picture?.id;
  const next = pictures[pictures.findIndex((known) => known.id === from) + direction];
  if (next) store.change({ shown: next.id, viewer: viewer && next.id });
}
