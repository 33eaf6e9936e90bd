// Using what was learned: choosing a checkpoint, trying it, comparing them, letting go of some.

import { call } from "../api.js";
import { toWork } from "../doings.js";
import { say } from "../dom.js";
import { form } from "../form.js";
import { library } from "../library.js";
import { tagsOf, saysWords, turnedWords, withoutTag, withTag } from "../loras/tags.js";
import { askBefore } from "../picture.js";
import { remember } from "../store.js";
import { fileSize } from "../words.js";
import { image } from "./film.js";
import { trainings } from "./trainings.js";

const PROMPT = "prompt.positive";
const GRID_KEY = "easel.grid";
const COMPARED = 5; // checkpoints in a grid that begins
const STRENGTHS = "0.6, 0.8, 1";
let page;
let chosen = null; // its step
let of = ""; // the training that it is of
let drawn = "";

/** Wire the view. */
export function using(given) {
  page = given;
  const { own } = page;
  own.now.onclick = () => page.tried(useNow);
  own.compare.onclick = () => page.tried(compare);
  const kept = () => trainings.state.story.kept;
  const now = () => current(trainings.state.story);
  askBefore(own.prune, () => page.tried(() => prune([now()])));
  askBefore(own.only, () => page.tried(() => prune(kept().filter((each) => each !== now()))));
  own.kept.onchange = ({ target }) => {
    chosen = Number(target.value);
    update(trainings.state);
  };
  trainings.subscribe(update);
}

function update({ story }) {
  const { own } = page;
  const kept = story?.kept ?? [];
  own.nothing.hidden = kept.length > 0;
  own.keeping.hidden = !kept.length;
  if (!kept.length) return;
  if (of !== story.id) {
    [of, chosen] = [story.id, null];
    own.strength.value = story.asked.file.strength;
  }
  const one = current(story);
  say(own.chosen, `Step ${one.step}, ${one.lora}`);
  say(own.hint, best(story) ?? "The last one is not always the best: a grid of all shows which draws what you want and still listens to the prompt.");
  own.compare.disabled = own.only.disabled = kept.length < 2;
  own.compare.title = kept.length < 2 ? "There is one checkpoint so far" : "";
  const now = JSON.stringify([story.id, kept, story.samples.length]);
  if (now !== drawn) own.kept.replaceChildren(...[...kept].reverse().map((each) => card(story, each)));
  drawn = now;
  for (const radio of own.kept.querySelectorAll("input")) radio.checked = Number(radio.value) === one.step;
}

const current = ({ kept }) => kept.find(({ step }) => step === chosen) ?? kept.at(-1);

/** Where pictures that were held back tell which is best. */
function best({ kept, validated }) {
  if (validated.length < 2) return null;
  const { step } = validated.reduce((low, each) => (each.loss < low.loss ? each : low));
  const near = kept.reduce((found, each) => (Math.abs(each.step - step) < Math.abs(found.step - step) ? each : found));
  return `On pictures that were held back, it was best at step ${step}: the checkpoint of step ${near.step} is the nearest.`;
}

function card(story, { step, size }) {
  const item = document.createElement("li");
  const label = document.createElement("label");
  const radio = Object.assign(document.createElement("input"), { type: "radio", name: "kept", value: step });
  const sample = story.samples.filter((each) => each.step && each.step <= step).at(-1);
  const cover = document.createElement("span");
  cover.className = "cover";
  if (sample) cover.append(image(story, story.samples.find((each) => each.step === sample.step), ""));
  else say(cover, `${Math.round((step / story.steps) * 100)} %`);
  label.append(radio, cover, Object.assign(document.createElement("strong"), { textContent: `Step ${step}` }), Object.assign(document.createElement("small"), { textContent: fileSize(size) }));
  item.append(label);
  return item;
}

/** The prompt with one LoRA of this training, and its trigger word. */
function prompted(story, lora) {
  const { trigger } = story.asked.dataset;
  const strength = Number(page.own.strength.value) || story.asked.file.strength;
  const mine = (name) => name.toLowerCase().replace(/-\d{6}$/, "") === story.name.toLowerCase(); // removed ones, too
  let prompt = form.values[PROMPT] ?? "";
  for (const tag of tagsOf(prompt)) if (mine(tag.slice(1, -1).split(":")[1])) prompt = withoutTag(prompt, tag);
  const said = !trigger || prompt.toLowerCase().includes(trigger.toLowerCase()) || saysWords(prompt, trigger);
  return withTag(said ? prompt : turnedWords(prompt, trigger), `<lora:${lora}:${strength}>`);
}

/** Go to where pictures are made, with a LoRA in the prompt and a checkpoint that can use it. */
async function useNow() {
  const { story } = trainings.state;
  await toPictures(story, current(story).lora);
}

async function toPictures(story, lora) {
  const text = prompted(story, lora);
  library.replace(await call("GET", "/page/models/facts?known=-1"));
  const taught = library.checkpoint(story.checkpoint);
  if (taught && taught.family !== form.checkpoint()?.family) form.pick(taught.id);
  form.apply({ [PROMPT]: text });
  toWork("text-to-image");
}

/** Open the grid: checkpoints across, strengths down. */
async function compare() {
  const { story } = trainings.state;
  const names = spread(story.kept.map(({ lora }) => lora));
  await toPictures(story, names[0]);
  const x = { field: "prompt", values: names.map(quoted).join(", ") };
  remember(GRID_KEY, JSON.stringify({ x, y: { field: "lora:", values: STRENGTHS }, z: null, sheet: true }));
  const { openGrid } = await import("../series/series.js");
  await openGrid();
}

/** At most a few, evenly, with the first and the last. */
function spread(all) {
  if (all.length <= COMPARED) return all;
  return Array.from({ length: COMPARED }, (_, place) => all[Math.round((place * (all.length - 1)) / (COMPARED - 1))]);
}

const quoted = (name) => (/[,"]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

/** Let go of checkpoints; one from which the training goes on stays. */
async function prune(those) {
  const { story } = trainings.state;
  const needed = story.state === "finished" ? null : story.kept.at(-1);
  const several = those.length > 1;
  for (const each of those) {
    if (several && each === needed) continue;
    await call("DELETE", `/api/trainings/${story.id}/checkpoints/${each.step}`);
  }
  await trainings.look();
}
