// The form: two views of one state, kept for this tab and as the start of the next one.

import { facts, root } from "./dom.js";
import { library } from "./library.js";
import { remember, remembered } from "./store.js";

const FORM_KEY = "easel.form";
const CHECKPOINT = "model.checkpoint";
const listeners = new Set();
const fields = new Map(facts.fields.map((field) => [field.id, field]));
const order = [...fields.keys()];

let values = startingValues(null);
let told = "";
let restored = false;
let view = root.dataset.view;

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

  /** What choosing the checkpoint did to the form, as a sentence. */
  get told() {
    return told;
  },

  /** The chosen checkpoint; undefined while none is installed. */
  checkpoint() {
    return library.checkpoint(values[CHECKPOINT]);
  },

  /** Its family. */
  family() {
    return library.family(form.checkpoint());
  },

  /** What a field starts from with the chosen checkpoint. */
  start(id) {
    return startingValues(values[CHECKPOINT])[id];
  },

  /** Why a field has no effect now; empty where it has. */
  unused(id) {
    const { label, uses } = form.family();
    const { lacking } = fields.get(id);
    if (lacking && !uses.includes(id)) return `${label} ${lacking}`;
    return id === "refiner.switch_at" && !values["refiner.checkpoint"] ? "No refiner is chosen" : "";
  },

  /** The fields that differ from where they start and that the Simple view does not show. */
  hidden() {
    return facts.fields.filter(({ id, simple }) => !simple && id !== "prompt.negative" && !form.unused(id) && differs(id));
  },

  /** Choose a checkpoint: what nobody changed goes to where it draws best, the rest stays. */
  pick(id) {
    const next = startingValues(id);
    const untouched = order.filter((field) => !differs(field) || !fits(field, values[field], library.checkpoint(id)));
    const moved = Object.fromEntries(untouched.map((field) => [field, next[field]]));
    const start = library.start(library.checkpoint(id));
    const kept = facts.fields.filter((field) => (start.fields[field.id] ?? null) !== null && !(field.id in moved));
    form.apply({ ...moved, [CHECKPOINT]: id });
    const yours = kept.map((field) => `${field.label} ${form.shown(field)}`).join(", ");
    form.tell(`${start.told}.${yours && ` Kept as you set it: ${yours}.`}`);
  },

  /** Say something below the prompt. */
  tell(sentence) {
    told = sentence;
    tell();
  },

  /** Look at the library anew, which has changed. */
  refresh() {
    const { id } = form.checkpoint() ?? {};
    if (id && id !== values[CHECKPOINT]) form.pick(id);
    else form.apply({});
    tell();
  },

  /** What a field holds, as a person reads it. */
  shown(field) {
    const value = values[field.id];
    const known = field.choices && library.choices(field, form.checkpoint()).find(([, one]) => one === (value ?? ""));
    return known?.[0] ?? String(value);
  },

  /** Set some fields, as if a person had. */
  apply(changes) {
    values = { ...values, ...changes };
    document.getElementById("set-form").click();
  },

  /** Put one field back to where it starts. */
  reset(id) {
    if (id !== CHECKPOINT) form.apply({ [id]: form.start(id) });
  },

  /** Show a few settings, or all. */
  show(name) {
    view = name;
    root.dataset.view = name;
    remember("easel.view", name, "localStorage");
    tell();
  },

  /** Unfold the negative prompt, or fold it; what it holds stays in effect. */
  showNegative(open) {
    root.dataset.negative = open ? "open" : "";
    tell();
  },

  /** Move the keyboard to a field, showing it first. */
  open(id) {
    const field = fields.get(id);
    if (!field.simple && id !== "prompt.negative") form.show("all");
    if (id === "prompt.negative") form.showNegative(true);
    const control = document.querySelector(id === CHECKPOINT ? "easel-model button" : `#${field.element} :is(textarea, input)`);
    control?.scrollIntoView({ block: "nearest" });
    control?.focus();
  },
};

/** Gradio asks, when it has drawn the page, what the fields are to hold. */
export function started() {
  const kept = JSON.parse(remembered(FORM_KEY) ?? remembered(FORM_KEY, "localStorage"));
  const given = kept ?? { "prompt.positive": facts.example };
  values = { ...startingValues(given[CHECKPOINT]), ...usable(given) };
  restored = true;
  keep();
  form.showNegative(Boolean(values["prompt.negative"]));
  return wantedValues();
}

/** Gradio asks what `apply` set. */
export function wantedValues() {
  const checkpoint = form.checkpoint();
  return order.map((id) => {
    const { choices, role, multiple_of: multiple } = fields.get(id);
    const value = values[id] ?? (choices ? "" : null);
    if (choices === "refiners" || role) return { __type__: "update", choices: library.choices(fields.get(id), checkpoint), value };
    return multiple ? { __type__: "update", step: form.family().size_multiple, value } : value;
  });
}

/** Gradio tells that the person changed something. */
export function changed(list) {
  if (!restored) return;
  const before = values;
  values = fromGradio(list);
  // A field without effect shows something, and yet nobody chose it.
  for (const id of order) if (form.unused(id)) values[id] = before[id];
  keep();
  tell();
}

/** Values by field, from Gradio's list. */
export function fromGradio(list) {
  return Object.fromEntries(order.map((id, place) => [id, list[place] === "" && fields.get(id).choices ? null : list[place] ?? null]));
}

function startingValues(checkpointId) {
  const checkpoint = library.checkpoint(checkpointId);
  const own = { [CHECKPOINT]: checkpoint?.id, ...library.start(checkpoint).fields };
  return Object.fromEntries(facts.fields.map((field) => [field.id, own[field.id] ?? field.default]));
}

function differs(id) {
  return !same(values[id], form.start(id));
}

/** Whether a field can hold a value with a checkpoint. */
function fits(id, value, checkpoint) {
  const field = fields.get(id);
  if (field.choices === "checkpoints") return library.checkpoint(value)?.id === value;
  if (field.choices) return library.choices(field, checkpoint).some(([, known]) => known === (value ?? ""));
  return typeof value === (field.kind === "text" ? "string" : "number");
}

function usable(given) {
  const checkpoint = library.checkpoint(given[CHECKPOINT]);
  return Object.fromEntries(Object.entries(given).filter(([id, value]) => fields.has(id) && fits(id, value, checkpoint)));
}

function same(one, other) {
  return one === other || (typeof one === "number" && Math.abs(one - other) < 1e-9);
}

function keep() {
  const text = JSON.stringify(values);
  remember(FORM_KEY, text);
  remember(FORM_KEY, text, "localStorage");
}

function tell() {
  for (const listener of [...listeners]) listener();
}
