// Beside a unit's picture: the map that is made of it.

import { say, set } from "../dom.js";
import { form } from "../form.js";
import { source } from "../imaging/session.js";
import { store } from "../store.js";
import { doing } from "../words.js";
import { MapMaker } from "./maps.js";
import { NONE } from "./offers.js";
import { prepare } from "./prepared.js";

const REST_MS = 350; // without a change, before a map is asked for
const [SMALLEST, LARGEST] = [64, 2048];

/** Wire the map of a unit; gives its update. */
export function wireMap({ own, number }) {
  let wish;
  let retried; // where a map was gone
  let timer = 0;
  const maker = new MapMaker(tell);

  function tell({ map, job, error }) {
    own.mapped.hidden = !map;
    own.map.disabled = !map && !error;
    set(own.mapped, "src", map && `${source(map.id)}/thumbnail`);
    say(own.mapWords, map ? "" : error ? `${error.sentence} ${error.hint}` : job ? doing(job, store.state.system) : "Making the map");
    set(own.map, "data-wrong", Boolean(error));
    set(own.map, "title", error ? "Try again" : map ? "Look at the map, and change it" : null);
  }

  own.map.onclick = () => (own.map.matches("[data-wrong]") ? maker.again() : prepare(wish, number));
  own.mapped.onerror = () => {
    if (retried === wish) return;
    retried = wish;
    maker.again();
  };

  function begin(wanted) {
    wish = wanted;
    clearTimeout(timer);
    if (wish) timer = setTimeout(() => maker.make(wish), REST_MS);
    else {
      maker.stop();
      tell({});
    }
  }

  return (values, { preprocessor }) => {
    const reference = values.picture ?? (form.begins() && values.model ? form.values["source.picture"] : null);
    const makes = preprocessor && values.preprocessor !== NONE;
    own.map.hidden = !makes;
    set(own.map.parentElement, "data-alone", !makes);
    const wanted = makes && preprocessor.here && reference ? wishOf(reference, preprocessor, values) : null;
    if (JSON.stringify(wanted) !== JSON.stringify(wish)) begin(wanted);
    if (!wish) say(own.mapWords, reference && preprocessor && !preprocessor.here ? "It needs a download" : "The map appears here");
  };
}

/** What is asked for, so that the map is as the engine will make it. */
function wishOf(picture, { id, type, parameters }, values) {
  const told = Object.fromEntries(parameters.map(({ field, default: usual }) => [field, values[field] ?? usual]));
  const masked = type === "inpaint" ? { mask: values.mask ?? (form.begins() ? form.values["mask.picture"] : null) } : {};
  return { picture, preprocessor: id, resolution: values.resolution ?? drawn(), ...told, ...masked };
}

/** Pixels along the shorter side of what is drawn; null where the picture decides. */
function drawn() {
  const { "size.width": width, "size.height": height } = form.values;
  return form.asPicture || !width || !height ? null : Math.min(Math.max(Math.min(width, height), SMALLEST), LARGEST);
}
