// The canvas: it shows the version that is worked on; what is drawn on it is handed in.

import { attempt } from "../api.js";
import { later } from "../lazy.js";
import { about, handIn, session, sidesDiffer, source } from "./session.js";

const REST_MS = 600; // without a stroke, before what was drawn is handed in
const RETRY_MS = 3000; // where Easel does not answer
const UNKEPT = "What you drew is not kept yet.";

/** Make the canvas follow the session. */
export async function wireCanvas(element) {
  (await later("canvas", "canvas"))(element);
  let shown = null; // the version that is on the canvas
  let sent = {}; // its layers as they were handed in: their bytes and the id
  let drawn = false; // whether something was not handed in yet
  let timer = 0;
  let work = Promise.resolve();

  /** Do one thing after the other. */
  const inTurn = (action) => (work = work.catch(() => {}).then(action));

  const settleIn = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(() => attempt(session.settle, refused), wait);
  };

  element.addEventListener("edited", () => {
    drawn = true;
    settleIn(REST_MS);
  });
  element.addEventListener("extended", () => {
    shown = { ...shown, extend: { ...element.extend } };
    session.note(shown.key, { extend: shown.extend });
  });

  session.settle = () => inTurn(handOver);

  async function handOver() {
    clearTimeout(timer);
    while (drawn && shown) {
      drawn = false;
      try {
        const paint = await layer("paint", "Strokes");
        const mask = await layer("mask", "Mask");
        // What is drawn from is the picture with the strokes on it.
        const flat = paint && (await layer("flat", "Sketch"));
        session.note(shown.key, { mask, paint, flat });
        if (session.told.note.startsWith(UNKEPT)) session.tell({ note: "" });
      } catch (error) {
        drawn = true; // it is tried again with the next stroke, and before anything is drawn from it
        if (error.unreachable) settleIn(RETRY_MS);
        throw error;
      }
    }
  }

  /** The reference of a layer; what did not change is not handed in again. */
  async function layer(name, title) {
    const blob = await element[name]();
    const bytes = blob && new Uint8Array(await blob.arrayBuffer());
    if (!bytes || !same(bytes, sent[name]?.bytes)) sent[name] = { bytes, id: blob && (await handIn(blob, title)).id };
    return sent[name].id;
  }

  /** Bring the canvas to what the session says. */
  async function show() {
    const version = session.version() ?? null;
    if (version?.key === shown?.key && !(version && sidesDiffer(version.extend, shown.extend))) return;
    await attempt(handOver, refused);
    const now = session.version(); // with what was handed in just now
    if (now && now.key === shown?.key) await load(now);
    else {
      shown = null;
      if (now && (await attempt(() => about(now.picture), (error) => gone(now, error)))) await load(await present(now));
      else await element.show(null);
    }
  }

  async function load(version) {
    const { picture, width, height, mask, paint, extend } = version;
    const layers = { mask: mask && source(mask), paint: paint && source(paint) };
    if (shown?.key !== version.key) sent = {};
    shown = version;
    drawn = false;
    await element.show({ picture: source(picture), reference: picture, width, height, ...layers, extend });
  }

  session.subscribe(() => inTurn(show));
  inTurn(show);
}

/** A version without what is not here any more. */
async function present(version) {
  const lost = {};
  for (const layer of ["mask", "paint"]) {
    if (version[layer]) await attempt(() => about(version[layer]), () => Object.assign(lost, layer === "paint" ? { paint: null, flat: null } : { mask: null }));
  }
  if (Object.keys(lost).length) {
    session.note(version.key, lost);
    session.tell({ note: "What was drawn on this picture is not here any more: draw it again." });
  }
  return { ...version, ...lost };
}

function gone({ key }, { message, hint, unreachable }) {
  session.tell({ refused: [`${message} ${hint}`] });
  if (!unreachable) session.drop(key);
}

function refused({ message, hint }) {
  session.tell({ note: `${UNKEPT} ${message} ${hint}` });
}

function same(one, other) {
  return one.length === other?.length && one.every((byte, at) => byte === other[at]);
}
