// The form: two views of one state, kept for this tab and as the start of the next one.

import { facts } from "./dom.js";
import { remember, remembered } from "./store.js";

const FORM_KEY = "easel.form";
const CHECKPOINT = "model.checkpoint";
const listeners = new Set();
const fields = new Map(facts.fields.map((field) => [field.id, field]));
const order = [...fields.keys()];

let values = startingValues(facts.checkpoints[0]?.id ?? null);
let wanted = values;
let restored = false;
let view = document.documentElement.dataset.view;

export const form = {
  get values() {
    return values;
  },

  get view() {
    return view;
  },

  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  /** One field's facts. */
  field(id) {
    return fields.get(id);
  },

  /** The chosen checkpoint; undefined while none is installed. */
  checkpoint() {
    return facts.checkpoints.find((known) => known.id === values[CHECKPOINT]);
  },

  /** What a field starts from with the chosen checkpoint. */
  start(id) {
    return startingValues(values[CHECKPOINT])[id];
  },

  /** The fields that differ from where they start and that the Simple view does not show. */
  hidden() {
    return facts.fields.filter(
      (field) => !field.simple && field.id !== "prompt.negative" && !same(values[field.id], form.start(field.id)),
    );
  },

  /** Set some fields, as if a person had. */
  apply(changes) {
    wanted = { ...values, ...changes };
    document.getElementById("set-form").click();
  },

  /** Put one field back to where it starts. */
  reset(id) {
    if (id !== CHECKPOINT) form.apply({ [id]: form.start(id) });
  },

  /** Show a few settings, or all. */
  show(name) {
    view = name;
    document.documentElement.dataset.view = name;
    remember("easel.view", name, "localStorage");
    tell();
  },

  /** Unfold the negative prompt, or fold it; what it holds stays in effect. */
  showNegative(open) {
    document.documentElement.dataset.negative = open ? "open" : "";
    tell();
  },

  /** Move the keyboard to a field, showing it first. */
  open(id) {
    const field = fields.get(id);
    if (!field.simple && id !== "prompt.negative") form.show("all");
    if (id === "prompt.negative") form.showNegative(true);
    const control = document.querySelector(`#${field.element} :is(textarea, input)`);
    control?.scrollIntoView({ block: "nearest" });
    control?.focus();
  },
};

/** Gradio asks, when it has drawn the page, what the fields are to hold. */
export function started() {
  const kept = parse(remembered(FORM_KEY)) ?? parse(remembered(FORM_KEY, "localStorage"));
  const example = { "prompt.positive": facts.examples[0]?.prompt ?? "" };
  const given = kept ?? example;
  values = { ...startingValues(given[CHECKPOINT]), ...usable(given) };
  wanted = values;
  restored = true;
  keep();
  form.showNegative(Boolean(values["prompt.negative"]));
  return forGradio(values, true);
}

/** Gradio asks what `apply` set. */
export function wantedValues() {
  return forGradio(wanted, false);
}

/** Gradio tells that the person changed something. */
export function changed(list) {
  if (!restored) return;
  const before = values;
  values = fromGradio(list);
  const moved = values[CHECKPOINT] === before[CHECKPOINT] ? {} : followCheckpoint(before);
  keep();
  tell();
  if (Object.keys(moved).length) form.apply(moved);
}

/** Values by field, from Gradio's list. */
export function fromGradio(list) {
  return Object.fromEntries(order.map((id, place) => [id, list[place] ?? null]));
}

function forGradio(given, withChoices) {
  return order.map((id) => {
    const { choices } = fields.get(id);
    if (!withChoices || choices !== "checkpoints") return given[id];
    return { __type__: "update", choices: facts.choices[choices], value: given[id] };
  });
}

function followCheckpoint(before) {
  const old = startingValues(before[CHECKPOINT]);
  const next = startingValues(values[CHECKPOINT]);
  const untouched = order.filter((id) => id !== CHECKPOINT && same(values[id], old[id]) && !same(old[id], next[id]));
  return Object.fromEntries(untouched.map((id) => [id, next[id]]));
}

function startingValues(checkpointId) {
  const checkpoint = facts.checkpoints.find((known) => known.id === checkpointId) ?? facts.checkpoints[0];
  const own = checkpoint ? { [CHECKPOINT]: checkpoint.id, ...checkpoint.defaults } : facts.fallback;
  return Object.fromEntries(facts.fields.map((field) => [field.id, own[field.id] ?? field.default]));
}

function usable(given) {
  return Object.fromEntries(Object.entries(given).filter(([id, value]) => {
    const field = fields.get(id);
    if (!field) return false;
    if (field.choices) return facts.choices[field.choices].some(([, known]) => known === value);
    return typeof value === (field.kind === "text" ? "string" : "number");
  }));
}

function same(one, other) {
  return one === other || (typeof one === "number" && Math.abs(one - other) < 1e-9);
}

function keep() {
  const text = JSON.stringify(values);
  remember(FORM_KEY, text);
  remember(FORM_KEY, text, "localStorage");
}

function parse(text) {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function tell() {
  for (const listener of [...listeners]) listener();
}
