// What can be undone, as long as it does not take too much memory.

const MOST_BYTES = 96e6;
const MOST_STEPS = 200;

/** Steps, each of which is undone and done again by the same exchange (`swap`). */
export class History {
  #done = [];
  #undone = [];

  constructor(told) {
    this.told = told;
  }

  get undoes() {
    return this.#done.length > 0;
  }

  get redoes() {
    return this.#undone.length > 0;
  }

  /** Keep a step; what was undone before it is gone. */
  add(step) {
    this.#done.push(step);
    this.#undone = [];
    let bytes = this.#done.reduce((sum, one) => sum + one.bytes, 0);
    while (this.#done.length > 1 && (bytes > MOST_BYTES || this.#done.length > MOST_STEPS)) bytes -= this.#done.shift().bytes;
    this.told();
  }

  /** Undo the last step; returns it, or null. */
  undo() {
    return this.#turn(this.#done, this.#undone);
  }

  redo() {
    return this.#turn(this.#undone, this.#done);
  }

  clear() {
    this.#done = [];
    this.#undone = [];
    this.told();
  }

  #turn(from, to) {
    const step = from.pop();
    if (!step) return null;
    step.swap();
    to.push(step);
    this.told();
    return step;
  }
}

/** The step of a layer whose tiles were these before. */
export function tilesStep(layer, before) {
  let kept = before;
  return {
    bytes: [...before.values()].reduce((sum, tile) => sum + (tile?.length ?? 0), before.size * 1000),
    swap() {
      const now = new Map([...kept.keys()].map((key) => [key, layer.tiles.get(key)]));
      for (const [key, tile] of kept) layer.put(key, tile);
      kept = now;
    },
  };
}
