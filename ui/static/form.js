// The form: two views of one state, kept for this tab and as the start of the next one.

import { facts, root } from "./dom.js";
import { library } from "./library.js";
import { recalled, remember, remembered } from "./store.js";

const FORM_KEY = "easel.form";
const CHECKPOINT = "model.checkpoint";
const BEGINS = /^(source|mask|outpaint)\./; // what only Image to image has
const SIZES = ["size.width", "size.height"];
const SIZED_KEY = "easel.sized";
const listeners = new Set();
const fields = new Map(facts.fields.map((field) => [field.id, field]));
const order = [...fields.keys()];
const drawn = order.filter((id) => !fields.get(id).number); // by Gradio

let values = startingValues(null);
let applied = {}; // not asked for yet
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

  /** Whether the picture that is begun with decides about the size. */
  get asPicture() {
    return form.begins() && remembered(SIZED_KEY) === null;
  },

  set asPicture(on) {
    if (form.begins()) remember(SIZED_KEY, on ? null : "chosen");
  },

  /** Whether the tab begins with a picture. */
  begins() {
    return root.dataset.tab === "image-to-image";
  },

  /** What is asked for: of the form's values, those that the tab uses. */
  asked(given = values) {
    const left = order.filter((id) => (BEGINS.test(id) ? !form.begins() : form.asPicture && SIZES.includes(id)));
    return { ...given, ...Object.fromEntries(left.map((id) => [id, null])) };
  },

  /** Why a field has no effect in Image to image, and what size the picture has; its code tells. */
  idle: () => "",
  pictureSize: "",

  /** Why a field has no effect now; empty where it has. */
  unused(id) {
    const idle = form.begins() ? form.idle(id) : BEGINS.test(id) && "Image to image uses it";
    if (idle) return idle;
    const { label, uses } = form.family();
    const { lacking } = fields.get(id);
    if (lacking && !uses.includes(id)) return `${label} ${lacking}`;
    if (id.startsWith("hires.") && id !== "hires.factor" && values["hires.factor"] === 1) return "Enlarge by is 1";
    return id === "refiner.switch_at" && !values["refiner.checkpoint"] ? "No refiner is chosen" : "";
  },

  /** The fields that differ from where they start and that the Simple view does not show. */
  hidden() {
    return facts.fields.filter(({ id, simple, number }) => !simple && !number && id !== "prompt.negative" && !form.unused(id) && differs(id));
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

  /** Draw what follows the form anew. */
  look: tell,

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
    const ids = Object.keys(changes);
    values = { ...values, ...changes };
    if (!ids.length || ids.some((id) => !fields.get(id)?.number)) { // those of units are not Gradio's
      applied = { ...applied, ...changes };
      document.getElementById("set-form").click();
    }
    if (restored) keep();
    tell();
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
    if (!field.simple && !field.number && id !== "prompt.negative") form.show("all");
    if (id === "prompt.negative") form.showNegative(true);
    const control = document.querySelector(id === CHECKPOINT ? "easel-model button" : `#${field.element} :is(textarea, input)`);
    control?.scrollIntoView({ block: "nearest" });
    control?.focus();
  },
};

/** Gradio asks, when it has drawn the page, what the fields are to hold. */
export function started() {
  const given = recalled(FORM_KEY) ?? recalled(FORM_KEY, "localStorage") ?? { "prompt.positive": facts.example };
  values = { ...startingValues(given[CHECKPOINT]), ...usable(given) };
  restored = true;
  keep();
  form.showNegative(Boolean(values["prompt.negative"]));
  return wantedValues();
}

/** Gradio asks what `apply` set. */
export function wantedValues() {
  const checkpoint = form.checkpoint();
  applied = {};
  return drawn.map((id) => {
    const { choices, role, multiple_of: multiple } = fields.get(id);
    const value = values[id] ?? (choices ? "" : null);
    if (choices === "refiners" || id === "hires.upscaler" || role) return { __type__: "update", choices: library.choices(fields.get(id), checkpoint), value };
    return multiple ? { __type__: "update", step: form.family().size_multiple, value } : value;
  });
}

/** Gradio tells that the person changed something. */
export function changed(list) {
  if (!restored) return;
  const before = values;
  values = { ...fromGradio(list), ...applied };
  // A field without effect shows something, and yet nobody chose it; pictures are chosen elsewhere.
  for (const id of order) if (fields.get(id).picture || form.unused(id)) values[id] = before[id];
  keep();
  tell();
}

/** Values by field, with those of Gradio's list. */
export function fromGradio(list) {
  const shown = drawn.map((id, place) => [id, list[place] === "" && fields.get(id).choices ? null : list[place] ?? null]);
  return { ...values, ...Object.fromEntries(shown) };
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
  if (field.number) return true; // its unit tells
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
  remember(FORM_KEY, JSON.stringify(values));
  // The next tab begins with a picture of its own.
  const general = Object.entries(values).filter(([id]) => !BEGINS.test(id));
  remember(FORM_KEY, JSON.stringify(Object.fromEntries(general)), "localStorage");
}

function tell() {
  for (const listener of [...listeners]) listener();
}
