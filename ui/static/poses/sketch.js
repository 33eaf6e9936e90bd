// The pose that is worked on: what is chosen in it, and what can be undone.

import { History } from "../layers/history.js";
import { recalled, remember } from "../store.js";
import { read, written } from "./figure.js";

const KEY = "easel.pose"; // kept for this tab of the browser
const SOON_MS = 1000; // steps of one kind that follow each other this soon are undone together
const BYTES = 20_000; // of a step, about

export class Sketch {
  pose = null;
  chosen = null; // { key, part?, at? } of a person, or of one of its points
  #last = { kind: "", at: 0 };

  constructor(told) {
    this.told = told;
    this.history = new History(() => {});
  }

  /** The person that is chosen; the only one where there is one. */
  get person() {
    const { people } = this.pose;
    return people.find(({ key }) => key === this.chosen?.key) ?? (people.length === 1 ? people[0] : undefined);
  }

  /** Begin with a pose. */
  open(pose) {
    this.pose = pose;
    this.chosen = null;
    this.history.clear();
    this.#keep();
  }

  /** Go on with what this tab of the browser had; whether there was something. */
  recall() {
    const kept = recalled(KEY);
    if (kept?.people) this.open(read(kept));
    return Boolean(kept?.people);
  }

  choose(chosen) {
    this.chosen = chosen;
    this.told();
  }

  /** Show a change that goes on; `end` keeps it. */
  show(pose) {
    this.pose = pose;
    this.told();
  }

  /** Make a change that can be undone; several of one `kind` in a row are undone together. */
  change(pose, kind = "") {
    const before = this.pose;
    this.show(pose);
    this.end(before, kind);
  }

  /** Keep what was shown since `before`. */
  end(before, kind = "") {
    if (before === this.pose) return;
    const now = performance.now();
    const goesOn = kind && kind === this.#last.kind && now - this.#last.at < SOON_MS;
    this.#last = { kind, at: now };
    if (!goesOn) this.history.add(this.#step(before));
    this.#keep();
  }

  /** Change the chosen person. */
  shape(change, kind) {
    const { person } = this;
    if (person) this.change(this.withPerson(change(person)), kind);
  }

  /** The pose with a person in place of the one of its key. */
  withPerson(person) {
    return { ...this.pose, people: this.pose.people.map((one) => (one.key === person.key ? person : one)) };
  }

  /** Undo, or do again. */
  turn(back) {
    this.#last = { kind: "", at: 0 };
    if (back) this.history.undo();
    else this.history.redo();
    this.#keep();
  }

  #step(before) {
    let kept = before;
    return { bytes: BYTES, swap: () => ([this.pose, kept] = [kept, this.pose]) };
  }

  #keep() {
    remember(KEY, JSON.stringify(written(this.pose)));
    this.told();
  }
}
