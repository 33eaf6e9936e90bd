// What units can choose from with the checkpoint: preprocessors and control models, and which go together.

import { call } from "../api.js";
import { form } from "../form.js";
import { library } from "../library.js";

export const NONE = "none"; // the picture is a map already
export const REFERENCE = "reference"; // no map: the model looks at the picture itself
const OWN_NUMBERS = { threshold_a: null, threshold_b: null };
const EMPTY = { family: "", types: {}, preprocessors: [], models: [] };
const listeners = new Set();
let known = EMPTY;
let asked = "";

export const offers = {
  get known() {
    return known;
  },

  subscribe(listener) {
    listeners.add(listener);
  },

  /** Ask again where the checkpoint or what is installed has changed. */
  async look(again = false) {
    const id = form.checkpoint()?.id ?? "";
    const wanted = `${id} ${library.revision}`;
    if (wanted === asked && !again) return;
    asked = wanted;
    try {
      const found = await call("GET", `/page/control/offers?${new URLSearchParams({ checkpoint: id })}`);
      if (wanted !== asked) return;
      known = found;
    } catch (error) {
      asked = "";
      throw error;
    }
    for (const listener of listeners) listener();
  },

  preprocessor: (id) => known.preprocessors.find((one) => one.id === id || one.aliases.includes(id)),
  model: (id) => known.models.find((one) => one.id === id),

  /** The models that can steer the checkpoint by maps of a type. */
  fitting: (type) => known.models.filter((one) => !one.why_not && follows(one, type)),

  /** The preprocessor that is usual for a type. */
  usual(type) {
    const those = known.preprocessors.filter((one) => one.type === type && one.automatic);
    const here = those.filter((one) => one.here);
    return here.find(({ usual }) => usual) ?? here.find((one) => !one.stands_in) ?? here[0] ?? those.find(({ usual }) => usual) ?? those[0];
  },

  /** What a unit comes to: its preprocessor and model, chosen or not, and the type of its map. */
  of({ preprocessor: wanted, model: chosen, type: told }) {
    const model = offers.model(chosen);
    const asked = wanted === NONE ? null : offers.preprocessor(wanted);
    const type = told ?? asked?.type ?? model?.types[0] ?? (wanted === NONE ? null : offers.first());
    const preprocessor = wanted === NONE ? null : asked ?? offers.usual(type) ?? null;
    return { preprocessor, type, model: model ?? (chosen ? null : offers.fitting(type)[0] ?? null) };
  },

  /** Whether a unit's model cannot steer the checkpoint, or none here can. */
  misfits(unit) {
    const { model } = offers.of(unit);
    return known !== EMPTY && (!model || Boolean(model.why_not));
  },

  /** The type that something can be done with at once. */
  first() {
    const able = known.models.filter(({ why_not: why, types }) => !why && types.length);
    return able.flatMap(({ types }) => types).find((type) => offers.usual(type)?.here) ?? "canny";
  },

  /** What a unit begins with. */
  beginning: () => ({ preprocessor: offers.usual(offers.first())?.id ?? null, type: null }),

  /** What choosing a preprocessor changes: a model that follows other maps is let go. */
  choosing(chosen, unit) {
    const preprocessor = chosen === REFERENCE ? null : chosen || null;
    const type = chosen === REFERENCE ? REFERENCE : preprocessor === NONE ? offers.of(unit).type : null;
    const shown = type ?? offers.preprocessor(preprocessor)?.type;
    const stays = !unit.model || !shown || follows(offers.model(unit.model), shown);
    return { preprocessor, type, ...OWN_NUMBERS, ...(stays ? {} : { model: null }) };
  },

  /** What choosing a model changes: a preprocessor that makes other maps gives way to the usual one. */
  choosingModel(id, unit) {
    const model = offers.model(id);
    const { type } = offers.of(unit);
    if (!model || !model.types.length || (type && follows(model, type))) return { model: id || null };
    if (unit.preprocessor === NONE) return { model: id, type: model.types[0] };
    return { model: id, preprocessor: model.preprocessor || null, type: null, ...OWN_NUMBERS };
  },

  /** What choosing a type changes, where the picture is a map already. */
  choosingType(type, { model }) {
    return { type: type || null, ...(follows(offers.model(model), type) ? {} : { model: null }) };
  },
};

/** Whether a model follows maps of a type; of some nothing tells what they follow. */
function follows(model, type) {
  return !model || !type || !model.types.length || model.types.includes(type);
}
