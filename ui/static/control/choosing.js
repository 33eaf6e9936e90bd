// The lists of a unit: preprocessors by the type of their maps, models by whether they fit.

import { fileSize } from "../words.js";
import { NONE, REFERENCE, offers } from "./offers.js";

const FIRST = [["As the model expects", ""], ["None: it is a map already", NONE], ["The picture itself: for IP-Adapters", REFERENCE]];

/** Fill the list of preprocessors, in groups; those that need files say how large these are. */
export function fillPreprocessors(select, first = FIRST) {
  const { types, preprocessors } = offers.known;
  const groups = Object.entries(types).map(([type, label]) => {
    const group = Object.assign(document.createElement("optgroup"), { label });
    const those = preprocessors.filter((one) => one.type === type);
    group.append(...those.sort((one, other) => other.here - one.here || other.usual - one.usual).map(optionOf));
    return group;
  });
  select.replaceChildren(...first.map(([label, value]) => new Option(label, value)), ...groups.filter((group) => group.children.length));
}

function optionOf({ id, label, here, bytes }) {
  return new Option(here ? label : `${label} · ${fileSize(Math.max(bytes, 1e6))} to download`, id);
}

/** Fill the list of types, for pictures that are maps already. */
export function fillTypes(select) {
  const all = Object.entries(offers.known.types).filter(([type]) => type !== REFERENCE);
  select.replaceChildren(new Option("As the model expects", ""), ...all.map(([type, label]) => new Option(label, type)));
}

/** Fill the list of models: those that fit the map first, then the others that fit the checkpoint, then the rest. */
export function fillModels(select, { type, model }, { model: chosen }) {
  const { models } = offers.known;
  const fitting = offers.fitting(type);
  const others = models.filter((one) => !one.why_not && !fitting.includes(one));
  const rest = models.filter(({ why_not: why }) => why);
  const automatic = !chosen && model ? `Automatic (${model.name})` : "Automatic";
  const groups = [["Follow this map", fitting], ["Follow other maps", others], ["Do not fit the checkpoint", rest]];
  const wanted = JSON.stringify([automatic, chosen, groups.map(([, list]) => list.map(({ id }) => id))]);
  if (select.dataset.filled === wanted) return;
  select.dataset.filled = wanted;
  const drawn = groups.filter(([, list]) => list.length).map(([label, list]) => {
    const group = Object.assign(document.createElement("optgroup"), { label });
    group.append(...list.map(({ id, name, why_not: why }) => Object.assign(new Option(name, id), { disabled: Boolean(why), title: why })));
    return group;
  });
  const lost = chosen && !offers.model(chosen) ? [new Option(`${chosen} (not here)`, chosen)] : [];
  select.replaceChildren(new Option(automatic, ""), ...lost, ...drawn);
}
