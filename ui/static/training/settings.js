// The settings of a training: what a person chose, what follows from the goal, and where all begins.

import { attempt, call } from "../api.js";
import { say, set } from "../dom.js";
import { form } from "../form.js";
import { recalled, remember } from "../store.js";
import { forecast } from "./forecast.js";

const KEY = "easel.training";
const RATE = "learning.rate";
const OPTIMISER = "learning.optimiser";
const FOLDER = "dataset.folder";
const TRIGGER = "dataset.trigger";
const start = { given: {}, goal: null, checkpoint: null, pictures: 0, gathered: "" };
let kept = start;
let followed = {}; // what follows from the goal
let followedFrom = "";
let page;
let rates;
let inputs;
let foretell = () => {};

/** Wire the view. */
export function settings(given) {
  page = given;
  const { own } = page;
  kept = { ...start, ...recalled(KEY, "localStorage") };
  inputs = [...own.form.querySelectorAll("[data-field]")];
  rates = Object.fromEntries(own.form.dataset.rates.trim().split(" ").map((pair) => pair.split("=")));
  if (![...own.checkpoint.options].some(({ value }) => value === kept.checkpoint)) kept.checkpoint = null;
  own.checkpoint.value = kept.checkpoint ?? likely(own.checkpoint);
  kept.checkpoint = own.checkpoint.value || null;
  own.checkpoint.onchange = () => choose({ checkpoint: own.checkpoint.value || null });
  own.more.onclick = () => form.show(form.view === "all" ? "simple" : "all");
  own.form.onsubmit = (event) => event.preventDefault();
  own.form.oninput = ({ target }) => {
    if (target.name === "goal") choose({ goal: target.value });
    else if (target.dataset.field) typed(target);
  };
  own.form.onclick = ({ target }) => {
    const button = target.closest("[data-reset]");
    if (button) settings.reset(button.dataset.reset);
  };
  form.subscribe(draw); // Simple or all settings
  foretell = forecast(page, settings);
  choose({});
}

/** The checkpoint that pictures are made with, where it can be taught. */
function likely(select) {
  const id = form.checkpoint()?.id;
  return [...select.options].some(({ value }) => value === id) ? id : select.options[0]?.value ?? "";
}

/** What is in effect: what was chosen, else what follows, else where it begins. */
settings.value = (id) => {
  if (id in kept.given) return kept.given[id];
  if (id === RATE && settings.value(OPTIMISER) !== followed[OPTIMISER]) return null; // it is another's
  return followed[id] ?? beginning(id);
};

/** Everything that is asked for. */
settings.request = () => {
  const request = { goal: kept.goal, checkpoint: kept.checkpoint };
  for (const { dataset: { field } } of inputs) {
    const [group, name] = field.split(".");
    if (name) (request[group] ??= {})[name] = settings.value(field);
    else request[field] = settings.value(field);
  }
  return request;
};

/** Change some, as if a person had. */
settings.apply = (fields) => {
  kept.given = { ...kept.given, ...fields };
  changed();
};

/** Take over all that another training was asked for. */
settings.take = (asked, fields = {}) => {
  const given = Object.fromEntries(inputs.map(({ dataset: { field } }) => {
    const [group, name] = field.split(".");
    return [field, name ? asked[group][name] : asked[group]];
  }));
  page.own.checkpoint.value = asked.checkpoint ?? page.own.checkpoint.value;
  kept = { ...kept, goal: asked.goal, checkpoint: page.own.checkpoint.value || null, given: { ...given, ...fields } };
  choose({});
};

settings.reset = (id) => {
  delete kept.given[id];
  changed();
};

/** What was gathered in the first view; what was typed here since stays while that is the same. */
settings.pictures = (fields, pictures) => {
  const gathered = JSON.stringify([fields, pictures]);
  if (!fields[FOLDER] || gathered === kept.gathered) return;
  const told = Object.entries(fields).filter(([, value]) => value);
  kept.given = { ...kept.given, ...Object.fromEntries(told) };
  choose({ pictures, gathered });
};

/** Choose the goal, the checkpoint or the pictures. */
function choose(choice) {
  Object.assign(kept, choice);
  for (const radio of page.own.form.elements.goal ?? []) radio.checked = radio.value === kept.goal;
  changed();
}

/** What was not chosen by hand follows from the goal, whenever what that depends on has changed. */
async function follow() {
  const { goal, checkpoint, pictures } = kept;
  if (!goal || !checkpoint) return;
  const asked = { goal, checkpoint, pictures, trigger: Boolean(settings.value(TRIGGER)) };
  if (JSON.stringify(asked) === followedFrom) return;
  followedFrom = JSON.stringify(asked);
  const found = await attempt(() => call("POST", "/api/trainings/goal", asked), ({ message, hint }) => {
    page.own.wrong.hidden = false;
    say(page.own.wrong, `${message} ${hint}`);
  });
  if (!found || JSON.stringify(asked) !== followedFrom) return;
  followed = found;
  changed();
}

function typed(input) {
  const { field } = input.dataset;
  const value = read(input);
  if (value === undefined || value === (followed[field] ?? beginning(field))) delete kept.given[field];
  else kept.given[field] = value;
  if (field === OPTIMISER) delete kept.given[RATE]; // each wants another
  changed(input);
}

/** What a control holds; undefined where it is empty and may not be. */
function read({ value, dataset: { kind, default: first } }) {
  if (kind === "text") return value;
  if (value === "") return first === "" ? null : undefined;
  return kind === "choice" ? value : Number(value);
}

function beginning(id) {
  const { kind, default: first } = inputs.find(({ dataset: { field } }) => field === id).dataset;
  if (kind === "text") return first;
  if (first === "") return null;
  return kind === "choice" ? first : Number(first);
}

/** Keep what is chosen, and draw it; the control that is typed in stays as it is. */
function changed(busy) {
  remember(KEY, JSON.stringify(kept), "localStorage");
  draw(busy);
  foretell();
  follow();
}

function draw(busy) {
  const { own } = page;
  for (const input of inputs) {
    const { field } = input.dataset;
    const value = settings.value(field);
    if (input !== busy) input.value = value ?? "";
    own.form.querySelector(`[data-reset="${field}"]`).hidden = !(field in kept.given);
  }
  const rate = own.form.querySelector(`[data-field="${RATE}"]`);
  rate.placeholder = `${Number(rates[settings.value(OPTIMISER)])}, as it wants`;
  say(own.more, form.view === "all" ? "Fewer settings" : "All settings");
  chips(own.changed);
}

/** What was changed and the Simple view does not show. */
function chips(place) {
  const hidden = form.view === "all" ? [] : inputs.filter(({ dataset: { field }, parentElement }) => field in kept.given && field !== FOLDER && parentElement.matches(".advanced"));
  place.hidden = !hidden.length;
  place.replaceChildren(...hidden.map(({ dataset: { field }, labels, selectedOptions, value }) => {
    const chip = document.createElement("button");
    Object.assign(chip, { type: "button", className: "chip", title: "Reset", onclick: () => settings.reset(field) });
    const shown = selectedOptions ? selectedOptions[0]?.text : value;
    say(chip, `${labels[0].textContent} ${shown || "empty"} ✕`);
    set(chip, "aria-label", `Reset ${labels[0].textContent}`);
    return chip;
  }));
}
