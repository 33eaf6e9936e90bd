// Grids: a picture for each combination of some settings' values, or for each prompt of a list.

import { attempt, call, token } from "../api.js";
import { styled } from "../browser/styled.js";
import { send, toWork } from "../doings.js";
import { parts, say, set } from "../dom.js";
import { form } from "../form.js";
import { recalled, remember } from "../store.js";
import { duration } from "../words.js";
import { axis } from "./axis.js";
import { look } from "./offers.js";

const KEY = "easel.grid";
const AXES = { x: "Across", y: "Down", z: "Sheets" };
const FIRST = { x: { field: "sampling.cfg_scale", values: null }, sheet: true };
const TYPING_MS = 300;
const NOTHING = "There is no picture to begin with yet: choose one in Image to image.";
const MARKUP = `
<form method="dialog">
  <header><h2 id="grid-title">Grid</h2><button class="button" value="close" aria-label="Close" title="Close">✕</button></header>
  <div class="axes" data-part="axes"></div>
  <p class="muted">Commas part values, and quotes keep commas. Of numbers, <code>1-5</code> means all of them, <code>1-10 (+3)</code> every third, <code>0-1 [5]</code> five.</p>
  <label class="choice"><input type="checkbox" data-part="sheet"><span>With a labelled sheet of all pictures</span></label>
  <div class="decide"><p data-part="told" role="status"></p><button class="button strong" type="button" data-part="go"><span>Generate grid</span></button></div>
</form>`;

let dialog;
let own;
let axes;
let asking = 0;

/** Wire the button in the menu beside Generate. */
export function series(place) {
  place.firstElementChild.onclick = async () => {
    place.closest("[popover]").hidePopover();
    await openGrid();
  };
}

/** Open the dialog as it was left. */
export async function openGrid() {
  await Promise.all([look(), dialog ?? make()]);
  fill();
  dialog.showModal();
  tell();
}

async function make() {
  dialog = document.createElement("dialog");
  dialog.className = "grid";
  dialog.setAttribute("aria-labelledby", "grid-title");
  dialog.innerHTML = MARKUP;
  dialog.onclick = ({ target }) => {
    if (target === dialog) dialog.close();
  };
  own = parts(dialog);
  own.sheet.onchange = changed;
  own.go.onclick = draw;
  document.querySelector("easel-dialogs").append(dialog);
  await styled("../series/series");
}

/** Draw the axes as they were left; the form may hold other values by now. */
function fill() {
  const kept = recalled(KEY) ?? FIRST;
  axes = Object.entries(AXES).map(([name, label]) => [name, axis(label, kept[name], changed)]);
  own.axes.replaceChildren(...axes.map(([, { element }]) => element));
  own.sheet.checked = kept.sheet;
}

function changed() {
  remember(KEY, JSON.stringify(read()));
  tell(TYPING_MS);
}

function read() {
  return { ...Object.fromEntries(axes.map(([name, one]) => [name, one.read()])), sheet: own.sheet.checked };
}

/** What is asked for: the form, and in Image to image what is worked on; null where that is nothing. */
async function asked() {
  const body = { fields: form.asked(form.values), ...read() };
  if (!form.begins()) return body;
  const { fieldsOf, session } = await import("../imaging/session.js");
  await session.settle();
  const [first, ...others] = session.state.several;
  const begun = session.version() ?? (first && { picture: first.id });
  if (!begun) return null;
  Object.assign(body.fields, fieldsOf(begun));
  const free = others.length && Object.keys(AXES).find((name) => !body[name]);
  if (free) body[free] = { field: "source.picture", values: session.state.several.map(({ id }) => id) };
  return body;
}

/** Say how many pictures it would be and how long they take, or what is wrong. */
async function tell(wait = 0) {
  const mine = ++asking;
  if (wait) await new Promise((done) => setTimeout(done, wait));
  const body = mine === asking && await asked();
  if (body === null) put(NOTHING, true);
  if (!body || mine !== asking) return;
  const seen = await attempt(() => call("POST", "/page/series/preview", body), ({ message, hint }) => put(`${message} ${hint}`, true));
  if (seen && mine === asking) put(seen.problem || worded(seen.plan), Boolean(seen.problem));
}

function put(words, wrong) {
  say(own.told, words);
  set(own.told, "data-wrong", wrong);
}

function worded({ pictures, sheets, seconds, notes }) {
  const told = [pictures === 1 ? "1 picture" : `${pictures} pictures`];
  if (sheets > 1) told.push(`on ${sheets} sheets`);
  if (seconds) told.push(`about ${duration(seconds)}`);
  return [`${told.join(", ")}.`, ...notes].join(" ");
}

async function draw() {
  const body = await asked();
  if (!body) return;
  dialog.close();
  toWork("text-to-image");
  await new Promise(requestAnimationFrame); // the tab is open by then
  send("/page/series", { token: token(), ...body });
}
