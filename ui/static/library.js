// The checkpoints and parts that are installed, as far as the form needs them.

import { facts } from "./dom.js";

let families;
let components;
let checkpoints; // by id
let first; // what a first visit starts with

export const library = {
  /** A checkpoint by its id; where it is gone, the one that a first visit starts with. */
  checkpoint(id) {
    return checkpoints.get(id) ?? first;
  },

  family(checkpoint) {
    return families.find(({ id }) => id === checkpoint?.family) ?? families[0];
  },

  /** Where the form starts with a checkpoint. */
  start(checkpoint) {
    return checkpoint?.start ?? library.family(checkpoint).starts[checkpoint?.variant ?? ""];
  },

  /** What can be chosen for a field, as pairs of label and value. */
  choices({ choices, role }, checkpoint) {
    if (choices === "refiners") return [["None", ""], ...pairs([...checkpoints.values()].filter(({ refiner, problem }) => refiner && !problem))];
    if (!role) return facts.choices[choices];
    const fit = components.filter((one) => one.role === role && one.fits.includes(checkpoint?.family));
    const own = checkpoint?.automatic[role];
    return [[own ? `Automatic (${own})` : "Automatic", ""], ...pairs(fit)];
  },

  /** Take in what a new look at the folders found. */
  replace(found) {
    ({ families, components } = found);
    library.revision = found.revision;
    checkpoints = new Map(found.checkpoints.map((known) => [known.id, known]));
    first = found.checkpoints.find(({ problem, refiner }) => !problem && !refiner);
  },
};
library.replace(facts.library);

function pairs(entries) {
  return entries.map(({ name, id }) => [name, id]);
}
