// What the ControlNet tab works on, kept for this tab of the browser.

import { recalled, remember } from "../store.js";
import { toTab } from "../tabs.js";

const KEY = "easel.mapping";
const NOTHING = {
  picture: null, // its reference
  preprocessor: null,
  type: null, // what a picture shows that is a map already
  resolution: null,
  threshold_a: null,
  threshold_b: null,
  drawn: null, // the map as it was drawn over
  before: null, // a map that was drawn over, before another was made
  unit: 0, // for which it is made
  posing: false, // whether a pose is drawn in place of the map
  used: null, // the map that was drawn by last, which the next version of it replaces
};
const WISH = ["picture", "preprocessor", "resolution", "threshold_a", "threshold_b"];
const listeners = new Set();
let state = { ...NOTHING, ...recalled(KEY) };

export const prepared = {
  get state() {
    return state;
  },

  subscribe(listener) {
    listeners.add(listener);
  },

  /** Change it; with another question, what was drawn over the map steps aside. */
  change(changes) {
    const next = { ...state, ...changes };
    const other = WISH.some((name) => next[name] !== state[name]);
    if (other && state.drawn && !("drawn" in changes)) Object.assign(next, { drawn: null, before: state.drawn });
    if ((other || next.posing !== state.posing) && !("used" in changes)) next.used = null;
    if (next.picture !== state.picture && !("before" in changes)) next.before = null;
    state = next;
    remember(KEY, JSON.stringify(state));
    for (const listener of listeners) listener();
  },
};

/** Open the tab with the map of a unit. */
export function prepare(wish, unit) {
  prepared.change({ ...NOTHING, ...wish, unit });
  toTab("controlnet");
}
