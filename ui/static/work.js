// What a person asks for: pictures, an end, another picture. A click is never lost and never doubled.

import { CallError, call, token } from "./api.js";
import { facts } from "./dom.js";
import { reconnect } from "./feed.js";
import { changed, form, fromGradio } from "./form.js";
import { active, remember, remembered, store } from "./store.js";

const DOUBLE_CLICK_MS = 500;
const UNSENT_KEY = "easel.unsent";
let last = -Infinity;
let sending = false;

/** A click on Generate, with the form's values from Gradio. */
export function generate(list) {
  const now = performance.now();
  if (sending || now - last < DOUBLE_CLICK_MS) return;
  last = now;
  changed(list);
  send("/page/generate", { token: token(), fields: fromGradio(list) });
}

/** The same picture with another seed; the form stays as it is. */
export function vary(picture) {
  toWork();
  if (!sending) send("/page/vary", { token: token(), picture: picture.id });
}

/** Send again what had no answer, as soon as Easel is back. */
export function resend() {
  const unsent = remembered(UNSENT_KEY);
  if (!unsent || sending) return;
  const { path, body } = JSON.parse(unsent);
  send(path, body);
}

/** Give up what had no answer. */
export function giveUp() {
  remember(UNSENT_KEY, null);
  store.change({ notice: null });
}

/** Back to where pictures are made. */
function toWork() {
  store.change({ viewer: null });
  const tab = document.querySelector("[role=tab][data-tab-id=text-to-image]");
  if (tab?.getAttribute("aria-selected") === "false") tab.click();
}

async function send(path, body) {
  sending = true;
  markSending(true);
  remember(UNSENT_KEY, JSON.stringify({ path, body }));
  try {
    const job = await call("POST", path, body);
    remember(UNSENT_KEY, null);
    if (!store.state.jobs.has(job.id)) store.take({ type: "job", job });
    store.change({ notice: null });
    store.follow(job.id);
  } catch (error) {
    refused(error);
  } finally {
    sending = false;
    markSending(false);
  }
}

function refused(error) {
  if (!(error instanceof CallError)) throw error;
  if (error.unreachable) {
    store.change({ notice: {
      ...error, waiting: true, hint: "Your click is kept: it is sent as soon as Easel is back.",
    } });
    reconnect();
    return;
  }
  remember(UNSENT_KEY, null);
  complain(error);
}

function complain(notice) {
  store.change({ notice: { ...notice, value: form.values[notice.field] } });
  if (notice.field) form.open(notice.field);
}

function markSending(on) {
  document.getElementById("generate")?.setAttribute("aria-busy", String(on));
}

/** End a job; what it made is kept. */
export async function cancel(jobId) {
  await tried(() => call("POST", `/api/jobs/${jobId}/cancel`));
}

/** End what runs now, or what waits first. */
export function cancelFirst() {
  const job = active(store.state)[0];
  if (job) cancel(job.id);
  return Boolean(job);
}

/** Stop beginning new jobs, or go on. */
export async function setPaused(paused) {
  await tried(() => call("POST", `/api/queue/${paused ? "pause" : "resume"}`));
}

/** Fill the form with what made a picture. */
export async function reuse(picture) {
  const request = await tried(() => call("GET", `/api/pictures/${picture.id}/request`));
  if (!request) return;
  toWork();
  const changes = {};
  for (const field of facts.fields) {
    const [group, name] = field.id.split(".");
    const value = request[group]?.[name];
    if (value !== null && value !== undefined) changes[field.id] = value;
  }
  if (changes["prompt.negative"]) form.showNegative(true);
  form.apply(changes);
}

/** Remove a picture and its file. */
export async function remove(picture) {
  const done = await tried(async () => {
    await call("DELETE", `/api/pictures/${picture.id}`);
    return true;
  });
  if (!done) return;
  store.forget(picture.id);
  channel.postMessage({ forgotten: picture.id });
}

async function tried(action) {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    store.change({ notice: error });
    return undefined;
  }
}

const channel = new BroadcastChannel("easel");
channel.addEventListener("message", ({ data }) => store.forget(data.forgotten));
