// A unit's card: its picture and map, what makes the map and what follows it, how strictly, and more.

import { parts, root, say, set } from "../dom.js";
import { form } from "../form.js";
import { session, source } from "../imaging/session.js";
import { store } from "../store.js";
import { ask, brought, takes } from "./bringing.js";
import { fillModels, fillPreprocessors, fillTypes } from "./choosing.js";
import { wireMap } from "./map.js";
import { wireMore } from "./more.js";
import { wireNeed } from "./need.js";
import { NONE, REFERENCE, offers } from "./offers.js";
import { rowsOf } from "./rows.js";
import { fieldsOf, units } from "./units.js";

/** Make the card of a unit; its `update` shows what the form holds, its `tell` what was said of it. */
export function cardOf(number, { own: panel, choose }) {
  const card = panel.unit.content.firstElementChild.cloneNode(true);
  const own = parts(card);
  const change = (values) => units.set(number, values);
  const complain = ({ message, hint }) => refuse(own, `${message} ${hint}`);
  const unit = { number, card, own, panel, choose, change, complain, rows: rowsOf(panel), lost: "" };
  wireButtons(unit);
  wirePicture(unit);
  wireLists(unit);
  const updates = [wireWeight, wireMore, wireMap, wireNeed].map((wire) => wire(unit));
  card.tell = teller(unit);

  card.update = () => {
    const values = units.of(number);
    const comes = offers.of(values);
    head(own, number, values, comes);
    drawPicture(unit, values);
    drawLists(own, values, comes);
    say(own.help, helpOf(values, comes));
    unfit(own, values, comes);
    for (const update of updates) update(values, comes);
    card.tell();
  };
  return card;
}

function wireButtons({ number, own, change }) {
  own.on.onclick = () => change({ on: units.of(number).on === "on" ? "off" : "on" });
  own.up.onclick = () => units.exchange(number, number - 1);
  own.remove.onclick = () => units.remove(number);
}

/** What gives the unit a picture. */
function wirePicture(unit) {
  const { number, card, own, panel, choose, change, complain } = unit;
  const take = async (file) => {
    refuse(own, "");
    const kept = await brought(file, complain);
    if (kept) change({ picture: kept.id });
  };
  own.slot.onclick = () => ask(panel.file, take);
  own.gallery.onclick = () => choose((values) => change(taken(number, values)));
  own.begun.onclick = () => change({ picture: null, model: offers.of(units.of(number)).model?.id ?? null });
  own.empty.onclick = () => change({ picture: null, mask: null });
  takes(card, { file: take, picture: ({ id }) => change({ picture: id }) });
  own.picture.onerror = () => {
    unit.lost = own.picture.getAttribute("src"); // it is not here any more
    drawPicture(unit, units.of(number));
  };
}

/** What makes the map, and what follows it. */
function wireLists({ number, own, change }) {
  const chosen = (list, changes) => {
    own[list].onchange = () => change(changes(own[list].value, units.of(number)));
  };
  chosen("preprocessor", offers.choosing);
  chosen("type", offers.choosingType);
  chosen("model", offers.choosingModel);
}

function wireWeight({ own, rows, change }) {
  const weight = rows.number({ ...fieldsOf.weight, label: "Weight" }, (value) => change({ weight: value }));
  const levels = [...own.levels.children];
  own.weight.append(weight.made);
  for (const level of levels) level.onclick = () => change({ weight: Number(level.dataset.weight) });
  return (values) => {
    weight.show(values.weight);
    for (const level of levels) set(level, "aria-pressed", String(Number(level.dataset.weight) === values.weight));
  };
}

/** Says at the unit what was refused of it. */
function teller({ number, card, own }) {
  let told = "";
  return () => {
    const { notice } = store.state;
    const mine = notice?.field?.startsWith(`control${number}.`);
    const words = mine ? `${notice.sentence} ${notice.hint}` : "";
    if (words === told) return;
    if (words || own.problem.textContent === told) refuse(own, words);
    told = words;
    if (words) card.scrollIntoView({ block: "nearest" });
  };
}

function drawLists(own, values, comes) {
  if (own.preprocessor.offers !== offers.known) {
    own.preprocessor.offers = offers.known;
    fillPreprocessors(own.preprocessor);
    fillTypes(own.type);
  }
  fillModels(own.model, comes, values);
  own.preprocessor.value = values.preprocessor ?? (values.type === REFERENCE ? REFERENCE : "");
  own.type.value = values.type ?? "";
  own.type.parentElement.hidden = values.preprocessor !== NONE;
  own.model.value = values.model ?? "";
}

/** What taking a picture changes: with one that is a map already, the model may be another. */
function taken(number, { picture: reference, preprocessor, type = null }) {
  if (!preprocessor) return { picture: reference };
  return { picture: reference, preprocessor, ...offers.choosingType(type, units.of(number)) };
}

function helpOf({ preprocessor: chosen }, { preprocessor, type }) {
  if (chosen === NONE) return "The picture is a map already, and taken as it is.";
  return type === REFERENCE ? "No map: what the picture shows, and how, is taken over." : preprocessor?.help ?? "";
}

function head(own, number, { on, preprocessor }, { preprocessor: maker, model, type }) {
  const title = maker?.label ?? offers.known.types[type ?? model?.types[0]] ?? (preprocessor === NONE ? "Map" : "");
  say(own.title, `${number} ${title}`.trim());
  set(own.title.closest(".unit"), "aria-label", `Unit ${number}`);
  set(own.title.closest(".unit"), "data-off", on !== "on");
  set(own.on, "aria-checked", String(on === "on"));
  set(own.on, "aria-label", `Unit ${number}`);
  set(own.on, "title", on === "on" ? "Switch off; its settings stay" : "Switch on");
  set(own.remove, "aria-label", `Remove unit ${number}`);
  set(own.remove, "title", "Remove");
  own.up.hidden = number === 1;
}

/** The slot, and what else may be taken. */
function drawPicture({ own, lost }, { picture: reference, model }) {
  const begins = form.begins();
  const shown = reference ?? (model && begins ? form.values["source.picture"] : null);
  const address = shown && `${source(shown)}/thumbnail`;
  const gone = Boolean(shown) && address === lost;
  own.picture.hidden = !shown || gone;
  own.slotWords.hidden = Boolean(shown) && !gone;
  if (!gone) set(own.picture, "src", address);
  const begun = session.state.several.length ? "Each of the pictures that are drawn from" : "The picture to begin with is not chosen yet";
  const words = begins && model ? begun : "Drop, paste or choose a picture";
  say(own.slotWords.lastElementChild, gone ? "The picture is not here any more: choose it again" : words);
  set(own.slot, "aria-label", shown ? "Other picture" : "Choose a picture");
  set(own.slot, "title", shown ? "Other picture" : null);
  own.begun.hidden = !begins || Boolean(!reference && model);
  own.empty.hidden = !reference;
}

/** Say what does not fit the checkpoint, or what nothing here can follow. */
function unfit(own, { model: chosen, preprocessor }, { model, type }) {
  const why = chosen && !model ? "The model is not here any more. Choose another one." : model?.why_not ? `${model.why_not} Choose another model.` : "";
  const none = !chosen && !model && (type || preprocessor !== NONE);
  const kind = offers.known.types[type] ?? "this";
  const words = why || (none && offers.known.family ? `No control model for “${kind}” that fits ${offers.known.family} is here.` : "");
  say(own.unfitWords, words);
  own.find.hidden = Boolean(why);
  own.find.onclick = () => find(type === REFERENCE ? "ip-adapter" : `controlnet ${type.replaceAll("_", " ")}`);
  own.unfit.hidden = !words;
}

/** Look for a control model on the hubs. */
async function find(words) {
  document.querySelector("[role=tab][data-tab-id=models]").click();
  root.removeAttribute("data-sheet");
  const { findModel } = await import("../browser/finding.js");
  findModel({ words });
}

function refuse({ problem }, words) {
  say(problem, words);
  problem.hidden = !words;
}
