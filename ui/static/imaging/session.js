// What the tab works on, kept for this tab of the browser: versions of a picture, or several pictures.
//
// A version is a picture that was begun with: its reference and size, and as references what was
// made of it on the canvas (the mask, the strokes, the picture with them) and what is added around.

import { call } from "../api.js";
import { form } from "../form.js";
import { recalled, remember } from "../store.js";

const KEY = "easel.imaging";
const MOST = 40; // versions that are kept
const NONE = { versions: [], current: null, several: [], judging: null };
export const NOWHERE = { left: 0, right: 0, top: 0, bottom: 0 };
export const SIDES = Object.keys(NOWHERE);

let state = usable(recalled(KEY));
const listeners = new Set();

export const session = {
  /** What is said of pictures that are brought: what goes on, what was refused, what was changed. */
  told: { busy: "", refused: [], note: "" },

  /** Wait until what was drawn on the canvas is handed in. */
  settle: async () => {},

  get state() {
    return state;
  },

  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  /** The version that is worked on; undefined where there is none. */
  version() {
    return state.versions.find(({ key }) => key === state.current);
  },

  /** Work on a picture from now on; what was worked on before stays a version. */
  begin({ id, width, height, name = "" }, more = {}) {
    const key = Math.max(0, ...state.versions.map((one) => one.key)) + 1;
    const version = { key, picture: id, width, height, name, mask: null, paint: null, flat: null, extend: NOWHERE, ...more };
    change({ versions: [...state.versions, version].slice(-MOST), current: key, several: [] });
  },

  /** Go back to a version, or with null to none. */
  choose(key) {
    change({ current: key, several: [] });
  },

  /** Note what was made of a version. */
  note(key, changes) {
    change({ versions: state.versions.map((one) => (one.key === key ? { ...one, ...changes } : one)) });
  },

  /** Forget a version whose picture is gone. */
  drop(key) {
    const current = state.current === key ? null : state.current;
    change({ versions: state.versions.filter((one) => one.key !== key), current });
  },

  /** Draw from several pictures, one after the other. */
  line(several) {
    change({ several, current: null });
  },

  /** Judge a job's pictures, too, over the version that is worked on; with null, none any more. */
  judge(job) {
    const { judging, current } = state;
    const jobs = judging?.key === current ? [...judging.jobs, job] : [job];
    change({ judging: job && { jobs, key: current } });
  },

  tell(told) {
    session.told = { ...session.told, ...told };
    announce();
  },
};

/** Whether two extensions are different ones. */
export const sidesDiffer = (one, other) => SIDES.some((side) => one[side] !== other[side]);

/** Where a picture is shown. */
export const source = (reference) => `/api/inputs/${encodeURIComponent(reference)}`;

/** What is known of a picture; refused with a sentence where it is gone. */
export const about = (reference) => call("GET", `${source(reference)}/about`);

/** Hand a picture in. */
export function handIn(blob, name) {
  return call("POST", `/api/inputs?name=${encodeURIComponent(name.slice(0, 200))}`, blob, 300_000);
}

/** What the form is to ask for, so that it is drawn from a version; without one, from nothing. */
export function fieldsOf({ picture = null, flat = null, mask = null, extend = NOWHERE } = {}) {
  const added = SIDES.map((side) => [`outpaint.${side}`, extend[side]]);
  return { "source.picture": flat ?? picture, "mask.picture": mask, ...Object.fromEntries(added) };
}

function change(changes) {
  state = { ...state, ...changes };
  remember(KEY, JSON.stringify(state));
  const wanted = Object.entries(fieldsOf(session.version())).filter(([id, value]) => form.values[id] !== value);
  if (wanted.length) form.apply(Object.fromEntries(wanted));
  announce();
}

function announce() {
  for (const listener of [...listeners]) listener();
}

/** What was kept, as far as it can be what was kept. */
function usable(kept) {
  if (!Array.isArray(kept?.versions) || !Array.isArray(kept.several)) return NONE;
  const versions = kept.versions.filter((one) => one?.picture && one.width > 0 && one.height > 0 && one.extend);
  return { versions, current: versions.some(({ key }) => key === kept.current) ? kept.current : null, several: kept.several, judging: Array.isArray(kept.judging?.jobs) ? kept.judging : null };
}
