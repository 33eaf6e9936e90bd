// The dataset that is worked on: what all parts of the page show of it.

import { attempt, call } from "../api.js";
import { remember, remembered } from "../store.js";

const KEY = "easel.dataset";
const LOOK_MS = 500;
const PATIENCE = 600_000; // hundreds of large pictures are looked at the first time

const listeners = new Set();
let waits = 0;
let asking = 0;

export const own = {
  list: [],
  view: null,
  report: null, // what the last look told; null until then
  looking: false,
  chosen: new Set(), // paths
  only: null, // {label, paths}: the pictures that are shown; null for all
  resolution: 512,
  said: null, // {words, undo, wrong}
};

/** Hear of every change. */
export function follow(listener) {
  listeners.add(listener);
}

/** Change something, and tell everybody. */
export function change(patch) {
  Object.assign(own, patch);
  for (const listener of listeners) listener();
}

/** The address of something of this dataset. */
export const at = (rest = "") => `/api/datasets/${own.view.id}${rest}`;

/** The address of a picture of it. */
export function shown({ path, version }, what = "thumbnail") {
  return at(`/${what}?path=${encodeURIComponent(path)}&v=${version}`);
}

/** Take the dataset as it is by now, and look at it anew. */
export function take(view) {
  remember(KEY, view?.id ?? null);
  const paths = new Set(view?.pictures.map(({ path }) => path));
  const other = view?.id !== own.view?.id;
  change({
    view,
    report: other ? null : own.report,
    only: other ? null : own.only,
    chosen: new Set([...own.chosen].filter((path) => paths.has(path))),
  });
  lookSoon();
}

/** Say something above the pictures, with a way back where there is one. */
export function say(words, undo = null, wrong = false) {
  change({ said: words ? { words, undo, wrong } : null });
}

/** Do something; what goes wrong is said. */
export function tried(action) {
  return attempt(action, ({ message, hint }) => say(`${message} ${hint}`, null, true));
}

/** Load the list, and the dataset that was open last. */
export async function begin() {
  await listed();
  const last = remembered(KEY);
  const id = own.list.some((one) => one.id === last) ? last : own.list[0]?.id;
  await open(id);
}

/** Load another dataset; without an id there is none until pictures come. */
export async function open(id) {
  const view = id ? await tried(() => call("GET", `/api/datasets/${id}`)) : null;
  if (view !== undefined) take(view);
}

/** Load the list of datasets anew. */
export async function listed() {
  const list = await tried(() => call("GET", "/api/datasets"));
  if (list) change({ list });
}

/** Make a dataset, and work on it. */
export async function create(name = "Pictures") {
  const view = await call("POST", "/api/datasets", { name });
  take(view);
  await listed();
}

/** Load the dataset again after its files have changed. */
export const again = () => open(own.view?.id);

/** Look for what is wrong, a moment after the last change. */
export function lookSoon() {
  clearTimeout(waits);
  if (!own.view?.pictures.length) return change({ report: null, looking: false });
  own.looking = true;
  waits = setTimeout(look, LOOK_MS);
}

async function look() {
  const mine = ++asking;
  const report = await tried(() => call("GET", at(`/checks?resolution=${own.resolution}`), undefined, PATIENCE));
  if (mine === asking) change({ report: report ?? own.report, looking: false });
}
