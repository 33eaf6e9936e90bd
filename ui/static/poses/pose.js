// The pose editor: people whose joints are pulled, over the map that is drawn of them.

import { call } from "../api.js";
import { styled } from "../browser/styled.js";
import { gestures } from "../canvas/gestures.js";
import { View } from "../canvas/view.js";
import { parts, say, set } from "../dom.js";
import { form } from "../form.js";
import { bar } from "./bar.js";
import { bringing } from "./bringing.js";
import { read } from "./figure.js";
import { handOf } from "./hand.js";
import { handles } from "./handles.js";
import { keys } from "./keys.js";
import { drawMap } from "./map.js";
import { people } from "./people.js";
import { kept, saving } from "./saving.js";
import { fitted } from "./shaping.js";
import { Sketch } from "./sketch.js";

const HINT = "Drag joints, the frame or its knob. Delete hides a joint, arrows move it, Shift takes the whole limb.";
const USUAL = 512; // pixels, where nothing says another size
const LARGEST = 1024; // pixels along the shorter side of a map over a picture
const made = new WeakMap();

/** Make an element a pose editor: it has what is below at once, and is returned when it can be used. */
export function pose(element) {
  if (made.has(element)) return made.get(element);
  const ready = make(element);
  /** Go on with a `pose` in OpenPose's JSON, over a `picture` { id, width, height }; what is not given stays. */
  element.open = async (given) => (await ready).open(given);
  /** Its map, kept on the server: { id, width, height }. */
  element.map = async () => kept((await ready).sketch);
  const done = ready.then(() => element);
  made.set(element, done);
  done.catch(({ message, hint = "" }) => {
    made.delete(element);
    element.textContent = `${message} ${hint}`;
  });
  return done;
}

async function make(element) {
  const [markup, presets] = await Promise.all([call("GET", "/page/pose"), call("GET", "/api/poses/presets"), styled("../poses/pose")]);
  element.innerHTML = markup;
  const board = boardOf(element, parts(element), presets.map((preset) => ({ ...preset, pose: read(preset.pose) })));
  if (!board.sketch.recall()) board.sketch.open(fitted(board.presets[0].pose, ...usualSize()));
  return board;
}

/** What is drawn next, and at least as large as maps were when models learned from them. */
function usualSize() {
  const sides = ["size.width", "size.height"].map((side) => form.values[side] || USUAL);
  return sides.map((side) => Math.round(side * Math.max(1, USUAL / Math.min(...sides))));
}

/** What the editor's modules share. */
function boardOf(element, own, presets) {
  let updates = [];
  const update = () => updates.forEach((one) => one());
  const board = {
    element,
    own,
    presets,
    surface: own.surface,
    sketch: new Sketch(update),
    view: new View(own.surface, own.sheet, { moved: update, resized: () => {} }),
    whole: false, // a joint is pulled with all that hangs on it
    fine: false, // hands and face have handles, too
    update,
    open: (given) => open(board, given),
    /** Say something in place of what can be done. */
    tell(sentence) {
      say(own.said, sentence || HINT);
      set(own.said, "data-calm", !sentence);
    },
    hold(holding) {
      board.holding = holding;
      own.surface.toggleAttribute("data-moves", holding);
    },
    /** Move the keyboard to what is chosen. */
    focus: () => own.joints.querySelector("[data-chosen]")?.focus({ preventScroll: true }),
  };
  board.hand = handOf(board);
  const wired = [map, handles, bar, people, saving, bringing].map((wire) => wire(board));
  gestures(own.surface, board.view, board.hand);
  keys(board);
  board.tell("");
  updates = wired;
  return board;
}

/** Draw the map; a map of another size is shown whole. */
function map({ own, sketch, view }) {
  return () => {
    const { width, height } = sketch.pose;
    drawMap(own.map, sketch.pose);
    if (view.size.width === width && view.size.height === height) return;
    view.size = { width, height };
    view.fit();
  };
}

function open({ sketch, picturing }, { pose: told, picture }) {
  const begun = told ? read(told) : sketch.pose;
  if (picture !== undefined) picturing(picture);
  const { width, height } = picture ?? begun;
  const share = picture ? Math.min(1, LARGEST / Math.min(width, height)) : 1;
  sketch.open(fitted(begun, Math.round(width * share), Math.round(height * share)));
}
