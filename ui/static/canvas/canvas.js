// The canvas: a picture on which a mask and colours are drawn, and which can be extended. It knows of no jobs.

import { call } from "../api.js";
import { styled } from "../browser/styled.js";
import { parts } from "../dom.js";
import { flattened, written } from "../layers/files.js";
import { later } from "../lazy.js";
import { boardOf } from "./board.js";
import { NOTHING } from "./edges.js";

const made = new WeakMap();

/** Make an element a canvas: it has what is below at once, and is returned when it can be used. */
export function canvas(element) {
  if (made.has(element)) return made.get(element);
  let board = null;
  const ready = make(element).then((one) => (board = one));
  const there = (act) => async (...given) => act(await ready, ...given);
  Object.assign(element, {
    /** { picture: url, width, height, mask?, paint?: urls, extend?, reference? }, or null */
    show: there((one, shown) => one.show(shown)),
    /** The mask as a grey PNG, null where nothing is masked. */
    mask: there(({ mask }) => written(mask)),
    /** The colours alone as a transparent PNG, null where there are none. */
    paint: there(({ paint }) => written(paint)),
    /** The picture with the colours on it, null where there are none. */
    flat: there(({ own, paint }) => flattened(own.picture, paint)),
    /** Show a picture that grows, or none. */
    busy: there(({ results }, url) => results.busy(url)),
    /** Show a result to be compared, or none. */
    candidate: there(({ results }, url) => results.candidate(url)),
  });
  /** What is added on each side, in pixels of the picture. */
  Object.defineProperty(element, "extend", { configurable: true, get: () => board?.view.extend ?? NOTHING });
  const done = ready.then(() => element);
  made.set(element, done);
  done.catch(() => made.delete(element));
  return done;
}

async function make(element) {
  const [markup] = await Promise.all([call("GET", "/page/canvas"), styled("../canvas/canvas"), styled("../canvas/tools")]);
  element.innerHTML = markup;
  const board = boardOf(element, parts(element));
  later("marking", "marking").then((marking) => marking(board), ({ message, hint }) => board.tell(`${message} ${hint}`));
  return board;
}
