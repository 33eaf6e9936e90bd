// What can be varied, and examples of values.

import { call } from "../api.js";
import { facts } from "../dom.js";
import { form } from "../form.js";
import { library } from "../library.js";
import { tagsOf } from "../loras/tags.js";

const PROMPT = "prompt.positive";
const OFTEN = ["sampling.cfg_scale", "sampling.steps", "sampling.sampler", "sampling.schedule", "seed.value", "model.checkpoint", "source.strength"];
const NOT_VARIED = /^(batch|output)\./;
const SEED = /^seed\.(value|variation)$/;
const LINES = { id: "prompts", label: "Prompts, one a line", kind: "lines", example: "a red apple\n--prompt \"a green pear\" --steps 30" };
const SEARCH = { id: "prompt", label: "Prompt: search and replace", kind: "text", example: "words of the prompt, others for them, more" };
const ANY_LORA = { id: "lora:", kind: "number", example: "0, 0.5, 1" }; // also one that another axis puts in its place

let checkpoints = [];

/** See which checkpoints there are now. */
export async function look() {
  const known = await call("GET", "/page/models/facts?known=-1");
  checkpoints = known.checkpoints.filter(({ problem, refiner }) => !problem && !refiner);
}

/** What can be varied, in two groups. */
export function offers() {
  const often = [SEARCH, LINES, ...facts.fields.filter(({ id }) => OFTEN.includes(id) && !form.unused(id)), ...loras()];
  const rest = facts.fields.filter(({ id }) => !OFTEN.includes(id) && !NOT_VARIED.test(id) && !form.unused(id));
  return { Often: often, "Everything else": rest };
}

function loras() {
  const names = [...new Set(tagsOf(form.values[PROMPT] ?? "").map((tag) => tag.slice(1, -1).split(":")[1]))];
  if (names.length === 1) return [{ ...ANY_LORA, label: `LoRA weight: ${names[0]}` }];
  return names.map((name) => ({ id: `lora:${name}`, label: `LoRA weight: ${name}`, kind: "number", example: "0, 0.5, 1" }));
}

/** The values of a list, as pairs of label and value; undefined for a field without one. */
export function choices(field) {
  if (field.choices === "checkpoints") return checkpoints.map(({ name, id }) => [name, id]);
  if (!field.choices) return undefined;
  const offered = library.choices(field, form.checkpoint());
  return offered.map(([label, value]) => [label, value === "" ? "auto" : value]);
}

/** Values to begin with, around what the form holds. */
export function example(field) {
  if (field.example) return field.example;
  if (SEED.test(field.id)) return "-1, -1, -1";
  if (field.picture) return "whole paths of pictures, or of a folder";
  if (!["integer", "number"].includes(field.kind)) return "first, second, third";
  const { minimum, maximum, step } = field;
  const middle = form.values[field.id] || form.start(field.id) || (minimum + maximum) / 2;
  const near = [middle / 2, middle, middle * 1.5].map((value) => {
    const even = Math.round(Math.min(maximum, Math.max(minimum, value)) / step) * step;
    return Number(even.toFixed(3));
  });
  return [...new Set(near)].join(", ");
}
