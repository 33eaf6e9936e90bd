// The units of ControlNet: another view of the form's fields `control1.…` to `control5.…`.

import { facts } from "../dom.js";
import { form } from "../form.js";
import { remember, remembered } from "../store.js";

const COUNT_KEY = "easel.control.units";
const MORE_KEY = "easel.control.more";
const FEW = 3;
const own = facts.fields.filter(({ number }) => number === 1).map((field) => ({ ...field, name: field.id.split(".")[1] }));
const most = Math.max(...facts.fields.map(({ number }) => number));
const numbers = Array.from({ length: most }, (_, at) => at + 1);

/** The facts of a unit's fields by name, as those of the first. */
export const fieldsOf = Object.fromEntries(own.map((field) => [field.name, field]));
const START = Object.fromEntries(own.map(({ name, default: value }) => [name, value]));

export const units = {
  /** How many there are on the page: those that were added, and those that hold something. */
  get count() {
    const added = Math.min(Number(remembered(COUNT_KEY)) || 0, most);
    return Math.max(added, ...numbers.filter((number) => own.some(({ name }) => !begins(number, name))));
  },

  /** How many may be added. */
  get most() {
    return Math.max(remembered(MORE_KEY, "localStorage") ? most : FEW, units.count);
  },

  get canBeMore() {
    return units.most < most;
  },

  allowMore() {
    remember(MORE_KEY, "yes", "localStorage");
    form.look();
  },

  /** The numbers of those that are on the page. */
  get numbers() {
    return numbers.slice(0, units.count);
  },

  /** What a unit holds, by name. */
  of(number) {
    return Object.fromEntries(own.map(({ name }) => [name, form.values[`control${number}.${name}`]]));
  },

  /** Whether it has an effect, as it is asked for. */
  active(number) {
    const { on, picture, model } = units.of(number);
    return on === "on" && Boolean(picture || model);
  },

  set(number, values) {
    form.apply(fields(number, values));
  },

  /** Add one; gives its number, or 0 where no more may be. */
  add(values) {
    const number = units.count + 1;
    if (number > units.most) return 0;
    remember(COUNT_KEY, String(number));
    units.set(number, values);
    return number;
  },

  /** Take one away; those behind it move up. */
  remove(number) {
    const behind = units.numbers.filter((one) => one > number);
    const last = units.count;
    remember(COUNT_KEY, String(last - 1));
    const moved = behind.map((one) => fields(one - 1, units.of(one)));
    form.apply(Object.assign({}, ...moved, fields(last, START)));
  },

  /** Let two change places. */
  exchange(one, other) {
    form.apply({ ...fields(one, units.of(other)), ...fields(other, units.of(one)) });
  },

  /** The names of the fields that differ from where they start. */
  changed: (number, names) => names.filter((name) => !begins(number, name)),

  /** The first that has no picture yet; 0 where there is none. */
  empty: () => units.numbers.find((number) => !units.of(number).picture && !units.of(number).model) ?? 0,
};

const begins = (number, name) => (form.values[`control${number}.${name}`] ?? null) === (START[name] ?? null);
const fields = (number, values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [`control${number}.${name}`, value]));
