// The page's one copy of what the feed told, and of what this tab shows.

const KEPT_JOBS = 60;
const listeners = new Set();
let drawing = false;

export const store = {
  state: {
    connection: "connecting",
    system: null,
    jobs: new Map(),
    pictures: [],
    previews: new Map(),
    attached: false,
    shown: null, // the id of a picture that the person chose; null follows the work
    followed: remembered("easel.followed"),
    edit: remembered("easel.edit"), // the job whose pictures are candidates for the canvas
    notice: null,
    viewer: null,
  },

  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  /** Change the state; everything that follows it is drawn once, with the next frame. */
  change(changes) {
    Object.assign(store.state, changes);
    if (drawing) return;
    drawing = true;
    const draw = () => {
      drawing = false;
      for (const listener of [...listeners]) listener();
    };
    if (document.hidden) setTimeout(draw, 100);
    else requestAnimationFrame(draw);
  },

  /** Take in one item of the feed. */
  take(item) {
    if (item.type === "picture_removed") store.forget(item.picture);
    const take = { snapshot, job, system, preview, picture }[item.type];
    if (take) store.change(take(store.state, item));
  },

  /** Show the work of one job; one that changes the picture on the canvas is shown there. */
  follow(jobId, edits = false) {
    remember("easel.followed", jobId);
    store.change({ followed: jobId, shown: null });
    if (edits) store.judge(jobId);
  },

  /** Lay the pictures of a job over the canvas until somebody decides about them; null lays none. */
  judge(jobId) {
    remember("easel.edit", jobId);
    store.change({ edit: jobId });
  },

  /** Forget a picture that is gone. */
  forget(id) {
    const { state } = store;
    const pictures = state.pictures.filter((known) => known.id !== id);
    const jobs = new Map(state.jobs);
    const owner = jobs.get(id.slice(0, id.lastIndexOf("-")));
    if (owner) jobs.set(owner.id, { ...owner, pictures: owner.pictures.filter((known) => known.id !== id) });
    store.change({ pictures, jobs, shown: state.shown === id ? null : state.shown });
  },

  /** Add older pictures. */
  older(pictures) {
    store.change({ pictures: merged(store.state.pictures, pictures) });
  },
};

function snapshot(state, item) {
  const oldest = item.pictures.at(-1)?.created ?? 0;
  const kept = state.pictures.filter((known) => known.created < oldest);
  const jobs = new Map(item.jobs.map((known) => [known.id, known]));
  const previews = new Map([...state.previews].filter(([id]) => jobs.get(id)?.state === "running"));
  return { system: item.system, jobs, previews, pictures: merged(kept, item.pictures), attached: true };
}

function job(state, { job: changed }) {
  const jobs = new Map(state.jobs).set(changed.id, changed);
  const previews = new Map(state.previews);
  const skipped = changed.pictures_skipped > (state.jobs.get(changed.id)?.pictures_skipped ?? 0);
  if (skipped || changed.state !== "running") previews.delete(changed.id);
  const ended = [...jobs.values()].filter((known) => !goesOn(known));
  ended.sort((a, b) => b.created - a.created).slice(KEPT_JOBS).forEach((known) => jobs.delete(known.id));
  return { jobs, previews };
}

function system(_state, { system: changed }) {
  return { system: changed };
}

function preview(state, item) {
  if (state.previews.get(item.job)?.index < item.index) return {}; // of a batch, one is shown
  return { previews: new Map(state.previews).set(item.job, item) };
}

function picture(state, { picture: added }) {
  const previews = new Map(state.previews);
  if ((previews.get(added.job)?.index ?? Infinity) <= added.index) previews.delete(added.job);
  return { pictures: merged(state.pictures, [added]), previews };
}

function merged(known, added) {
  const all = new Map(known.map((one) => [one.id, one]));
  for (const one of added) all.set(one.id, one);
  return [...all.values()].sort((a, b) => b.created - a.created || b.index - a.index);
}

/** Whether a job waits or runs. */
export function goesOn({ state }) {
  return state === "queued" || state === "running";
}

/** Whether it draws; a training lets others go first and has a tab of its own, maps appear where they are wanted. */
export const draws = ({ kind }) => !/train|map/.test(kind);

/** Jobs that wait or run, in the order in which they are done: the engine's, or those beside it. */
export function active(state, beside = false) {
  return [...state.jobs.values()]
    .filter((job) => goesOn(job) && job.on_host === beside)
    .sort((a, b) => (a.position ?? 0) - (b.position ?? 0) || a.created - b.created);
}

/** Read a note of this tab. */
export function remembered(key, storage = "sessionStorage") {
  try {
    return window[storage].getItem(key);
  } catch {
    return null;
  }
}

/** Read a note that is JSON; null where it is broken. */
export function recalled(key, storage) {
  try {
    return JSON.parse(remembered(key, storage));
  } catch {
    return null;
  }
}

/** Keep a note; where storage is switched off it is forgotten with the tab. */
export function remember(key, value, storage = "sessionStorage") {
  try {
    if (value === null) window[storage].removeItem(key);
    else window[storage].setItem(key, value);
  } catch {
    // Nothing to do: the page works without.
  }
}
