// Watching a training: how far it is, what its curves mean, and its sample pictures.

import { call } from "../api.js";
import { fillBar, say, set } from "../dom.js";
import { askBefore } from "../picture.js";
import { goesOn, recalled, remember, store } from "../store.js";
import { doing, duration, fileSize, gigabytes } from "../words.js";
import { CURVES, curvesOf } from "./curves.js";
import { film } from "./film.js";
import { brief, chip, fill } from "./forecast.js";
import { plot, short } from "./plot.js";
import { settings } from "./settings.js";
import { trainings } from "./trainings.js";

const KEYS_KEY = "easel.training.curves";
const RECENT = 20; // steps that tell the speed of now
let page;
let plots;
let show;
let shown = new Set(recalled(KEYS_KEY, "localStorage") ?? CURVES.filter(({ first }) => first).map(({ key }) => key));
let drawn = null;

/** Wire the view. */
export function watching(given) {
  page = given;
  const { own } = page;
  plots = { loss: plot(own.loss, tellAt), rate: plot(own.rate), gradient: plot(own.gradient) };
  show = film(own);
  own.pause.onclick = () => page.tried(() => call("POST", `/api/trainings/${trainings.state.id}/pause`));
  own.resume.onclick = () => page.tried(goOn);
  own.again.onclick = () => takeOver({});
  askBefore(own.forget, () => page.tried(forget));
  own.done.onclick = () => page.show("use");
  trainings.subscribe(update);
}

async function goOn() {
  const job = await call("POST", `/api/trainings/${trainings.state.id}/resume`);
  if (job?.id && !store.state.jobs.has(job.id)) store.take({ type: "job", job });
  await trainings.look();
}

async function forget() {
  await call("DELETE", `/api/trainings/${trainings.state.id}`);
  await trainings.look();
}

/** Put the settings of this training into the form, with some of them changed. */
function takeOver(fields) {
  const { asked, name } = trainings.state.story;
  settings.take(asked, { name: another(name), ...fields });
  page.show("settings");
}

/** A name that no other training has: "cat" → "cat-2". */
function another(name) {
  const [, stem, number] = name.match(/^(.*?)(?:-(\d+))?$/);
  const taken = new Set(trainings.state.list.map((each) => each.name));
  let next = Number(number ?? 1) + 1;
  while (taken.has(`${stem}-${next}`)) next += 1;
  return `${stem}-${next}`;
}

function update({ story }) {
  const { own } = page;
  own.none.hidden = Boolean(story);
  own.story.hidden = !story;
  if (!story) return;
  const job = trainings.job();
  const step = story.measured.at(-1)?.step ?? 0;
  const over = job ? !goesOn(job) : !["queued", "running"].includes(story.state);
  const whole = story.state === "finished";
  say(own.title, story.name);
  say(own.doing, over ? ended(step, story, whole) : going(job));
  fillBar(own.bar, step ? step / story.steps : over ? 0 : null);
  own.pause.hidden = over;
  own.resume.hidden = !over || whole || (story.state === "failed" && !story.kept.length);
  own.again.hidden = own.forget.hidden = !over;
  own.done.hidden = !story.kept.length;
  if (story === drawn) return;
  drawn = story;
  draw(story, step);
}

function going(job) {
  const words = doing(job, store.state.system);
  const { progress, state } = job;
  return progress && state === "running" ? `${words} · step ${progress.step} of ${progress.steps}` : words;
}

function ended(step, story, whole) {
  const { steps, kept } = story;
  if (story.problem) return story.problem;
  if (whole) return `Done: ${steps} steps.`;
  const saved = kept.at(-1)?.step;
  return saved ? `Stopped at step ${step} of ${steps}; it goes on from step ${saved}.` : `Stopped at step ${step} of ${steps}.`;
}

function draw(story, step) {
  const { own } = page;
  const { measured } = story;
  const all = curvesOf(story);
  own.keys.replaceChildren(...all.map(({ key, name, colour }) => toggle(key, name, colour)));
  plots.loss(all.filter(({ key }) => shown.has(key)), story.steps);
  plots.rate([{ points: measured.map((each) => [each.step, each.rate]), colour: "accent" }], story.steps);
  plots.gradient([{ points: measured.map((each) => [each.step, each.gradient]), colour: "accent", thin: true }], story.steps);
  tellAt(null);
  fill(own.numbers, numbers(story, step));
  own.diagnoses.replaceChildren(...story.diagnoses.map(told));
  show(story);
}

function numbers({ measured, validated, steps, kept, state }, step) {
  const last = measured.at(-1);
  if (!last) return [];
  const recent = measured.slice(-RECENT);
  const each = recent.reduce((sum, { seconds }) => sum + seconds, 0) / recent.length;
  const pairs = [["Step", `${step} of ${steps}`], ["Loss, smoothed", short(last.average ?? NaN)], ["Each step", brief(each)]];
  if (step < steps && state !== "failed") pairs.push(["Left", duration((steps - step) * each)]);
  if (validated.length) pairs.push(["Held back", short(validated.at(-1).loss)]);
  if (last.memory) pairs.push(["Memory", `${gigabytes(last.memory)} GB`]);
  const size = kept.reduce((sum, { size: bytes }) => sum + bytes, 0);
  if (kept.length) pairs.push(["Checkpoints", `${kept.length}, ${fileSize(size)}`]);
  return pairs;
}

function told({ code, sentence, hint, remedies }) {
  const item = document.createElement("li");
  item.dataset.code = code;
  const words = document.createElement("p");
  const strong = Object.assign(document.createElement("strong"), { textContent: sentence });
  words.append(strong, ` ${hint}`);
  const chips = document.createElement("div");
  chips.className = "chips";
  chips.append(...remedies.map(({ label, fields }) => chip(label, () => takeOver(fields))));
  item.append(words, chips);
  return item;
}

function toggle(key, name, colour) {
  const button = chip(name, () => {
    if (!shown.delete(key)) shown.add(key);
    remember(KEYS_KEY, JSON.stringify([...shown]), "localStorage");
    drawn = null;
    update(trainings.state);
    page.own.keys.querySelector(`[data-key=${key}]`)?.focus();
  });
  button.dataset.key = key;
  button.style.setProperty("--own", colour.startsWith("#") ? colour : `var(--${colour})`);
  set(button, "aria-pressed", String(shown.has(key)));
  return button;
}

/** Say what the curves are at a step; null for the last. */
function tellAt(step) {
  const { measured, validated } = trainings.state.story ?? { measured: [] };
  const near = step === null ? measured.at(-1) : nearest(measured, step);
  if (!near) return say(page.own.read, "The curve begins with the first step.");
  const words = [`Step ${near.step}: loss ${short(near.loss ?? NaN)}`, `smoothed ${short(near.average ?? NaN)}`, `learning rate ${short(near.rate)}`, `gradient ${short(near.gradient ?? NaN)}`];
  const looked = nearest(validated, near.step);
  if (looked && looked.step === near.step) words.push(`held back ${short(looked.loss)}`);
  say(page.own.read, words.join(", "));
  set(page.own.loss, "aria-label", `Loss. ${words.join(", ")}`);
}

function nearest(told, step) {
  return told.reduce((best, each) => (best && Math.abs(best.step - step) <= Math.abs(each.step - step) ? best : each), null);
}
