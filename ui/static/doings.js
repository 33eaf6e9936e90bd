// What a person asks for: pictures, an end, another picture. A click is never lost and never doubled.

import { CallError, attempt, call, token } from "./api.js";
import { root } from "./dom.js";
import { reconnect } from "./feed.js";
import { changed, form, fromGradio } from "./form.js";
import { later } from "./lazy.js";
import { active, draws, recalled, remember, store } from "./store.js";
import { toTab } from "./tabs.js";

const UNSENT_KEY = "easel.unsent";
let unsent = recalled(UNSENT_KEY) ?? [];
let sending = false;

/** A click on Generate, with the form's values from Gradio. */
export function generate(list) {
  changed(list);
  form.tell("");
  if (root.dataset.tab === "image-to-image") tried(async () => (await later("draw", "imaging"))());
  else draw(fromGradio(list));
}

/** Ask for what the form holds, as far as the tab uses it. */
export function draw(values) {
  send("/page/generate", { token: token(), fields: form.asked(values) });
}

/** The same picture with another seed; the form stays as it is. */
export function vary(picture) {
  toWork();
  send("/page/vary", { token: token(), picture: picture.id });
}

/** The same job once more, whatever the form says by now, with other values of some fields. */
export function again(job, fields = {}) {
  form.apply(fields);
  send("/page/again", { token: token(), job: job.id, fields });
}

/** Give up what had no answer. */
export function giveUp() {
  keepUnsent([]);
  store.change({ notice: null });
}

/** Back to where pictures are made: the tab that was open last, or the one that is named. */
export function toWork(tab) {
  store.change({ viewer: null });
  toTab(tab);
}

/** Send a click; it is kept until there is an answer. */
export function send(path, body) {
  keepUnsent([...unsent, { path, body, edits: root.matches("[data-tab=image-to-image]:not([data-looking])") }]);
  sendKept();
}

/** Send what was clicked, one after the other; what gets no answer is kept. */
export async function sendKept() {
  if (sending) return;
  sending = true;
  showBusy(true);
  while (unsent.length) {
    const [{ path, body, edits }] = unsent;
    try {
      taken(await call("POST", path, body), edits);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      if (error.unreachable) {
        waits(error);
        break;
      }
      complain(error);
    }
    keepUnsent(unsent.slice(1));
  }
  sending = false;
  showBusy(false);
}

function showBusy(busy) {
  document.getElementById("generate")?.setAttribute("aria-busy", busy);
}

function taken(job, edits) {
  if (!store.state.jobs.has(job.id)) store.take({ type: "job", job });
  store.change({ notice: null });
  store.follow(job.id, edits);
}

function waits(error) {
  const hint = "Your click is kept: it is sent as soon as Easel is back.";
  store.change({ notice: { ...error, waiting: true, hint } });
  reconnect();
}

function keepUnsent(clicks) {
  unsent = clicks;
  remember(UNSENT_KEY, clicks.length ? JSON.stringify(clicks) : null);
}

function complain(notice) {
  store.change({ notice: { ...notice, value: form.values[notice.field] } });
  if (notice.field) form.open(notice.field);
}

/** End a job; what it made is kept. */
export async function cancel(jobId) {
  await tried(() => call("POST", `/api/jobs/${jobId}/cancel`));
}

/** Let go of the picture that is being made; its job goes on with the next. */
export async function skip(jobId) {
  await tried(() => call("POST", `/api/jobs/${jobId}/skip`));
}

/** End what runs now, or what waits first. */
export function cancelFirst() {
  const job = active(store.state).find(draws);
  if (job) cancel(job.id);
  return Boolean(job);
}

/** Stop beginning new jobs, or go on. */
export async function setPaused(paused) {
  await tried(() => call("POST", `/api/queue/${paused ? "pause" : "resume"}`));
}

/** Fill the form with what made a picture. */
export async function reuse(picture) {
  const fields = await tried(() => call("GET", `/page/fields/${picture.id}`));
  if (fields) takeOver(fields);
}

/** Fill the form with settings from elsewhere, and show it. */
export function takeOver(fields) {
  toWork(fields["source.picture"] && "image-to-image");
  if (fields["prompt.negative"]) form.showNegative(true);
  form.apply(fields);
}

/** Remove a picture and its file. */
export async function remove(picture) {
  const done = await tried(async () => {
    await call("DELETE", `/api/pictures/${picture.id}`);
    return true;
  });
  if (done) store.forget(picture.id);
}

/** Do something; what goes wrong is said below the prompt. */
export function tried(action) {
  return attempt(action, (notice) => store.change({ notice }));
}
