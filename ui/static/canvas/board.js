// What the canvas's modules share: the parts of the page, layers, settings, tools, and what is done with them.

import { loaded, readColours, readMask } from "../layers/files.js";
import { History, tilesStep } from "../layers/history.js";
import { level } from "../layers/inks.js";
import { Change, Layer } from "../layers/layer.js";
import { asTheyAre, inStripes, seen } from "../layers/seen.js";
import { bar } from "./bar.js";
import { brushes } from "./brushes.js";
import { edges, NOTHING } from "./edges.js";
import { gestures } from "./gestures.js";
import { keys } from "./keys.js";
import { results } from "./results.js";
import { View } from "./view.js";

const MASK_COLOURS = [[255, 62, 133], [255, 255, 255]];
const BRUSH = 1 / 12; // of the picture's longer side

/** A board in an element, with the parts that it has. */
export function boardOf(element, own) {
  const [mask, paint] = [new Layer(1), new Layer(4)];
  const settings = { tool: "brush", size: 64, strength: 100, tolerance: 12, colour: "#e0483e", takes: false, erases: "mask" };
  const board = { element, own, mask, paint, settings, reference: null, ...drawing(element, own, settings) };
  const fits = [seen(mask, own.mask, inStripes(mask, ...MASK_COLOURS)), seen(paint, own.paint, asTheyAre)];
  board.show = (shown) => show(board, fits, shown);
  board.tools = brushes(board);
  board.hand = handOf(board);
  board.history = new History(() => board.bar?.update());
  board.view = new View(own.surface, own.sheet, { moved: () => board.bar?.moved(), resized: () => board.hand.lift() });
  board.edges = edges(board);
  board.results = results(board);
  board.bar = bar(board);
  gestures(own.surface, board.view, board.hand);
  keys(board);
  board.bar.update();
  return board;
}

/** What tools and buttons call. */
function drawing(element, own, settings) {
  const tell = (event) => element.dispatchEvent(new CustomEvent(event));
  return {
    level: () => Math.round(settings.strength * 2.55),
    takes: ({ altKey }) => settings.takes !== altKey,
    holds({ x, y }) {
      return x >= 0 && y >= 0 && x < this.mask.width && y < this.mask.height;
    },
    draft: (path) => own.draft.setAttribute("d", path),
    tell(sentence) {
      settings.said = sentence;
      this.bar?.update();
    },
    /** Lay a shape on the mask, or take it away. */
    lay(shape, takes) {
      const change = new Change(this.mask);
      change.cover(shape, level(takes ? 0 : this.level()));
      this.keep(change);
    },
    /** End a change; it can be undone. */
    keep(change) {
      const before = change.end();
      if (before) this.keepStep({ event: "edited", ...tilesStep(change.layer, before) });
    },
    keepStep(step) {
      this.history.add(step);
      tell(step.event);
    },
    /** Undo, or do again. */
    turn(back) {
      this.hand.cancel();
      const step = back ? this.history.undo() : this.history.redo();
      if (step) tell(step.event);
    },
  };
}

/** What pointers do: the chosen tool, or what compares a result. */
function handOf(board) {
  const { own, settings } = board;
  let tool = null;
  return {
    moves: () => Boolean(board.holding) || own.sheet.hidden || (settings.tool === "pan" && !board.judging),
    down(point, event) {
      board.tell("");
      tool = board.judging ? board.results.tool : board.tools[settings.tool];
      tool?.down(point, event);
    },
    move: (points, event) => tool?.move(points, event),
    up(point, event) {
      const ended = tool;
      tool = null;
      ended?.up(point, event);
    },
    /** Give up what is under way; whether there was something. */
    cancel() {
      const given = tool;
      tool = null;
      given?.cancel();
      return Boolean(given);
    },
    lift: () => tool?.lift(),
    holds: (point) => board.holds(point),
    size: (factor) => board.bar.resize(settings.size, factor),
    hover: (event) => board.bar.hover(event),
  };
}

async function show(board, fits, shown) {
  const { own, mask, paint, view } = board;
  const asked = (board.asked = {});
  const [image, masked, painted] = await Promise.all([shown?.picture, shown?.mask, shown?.paint].map((url) => url && loaded(url)));
  if (board.asked !== asked) return; // another picture by now
  const { width, height } = shown ?? { width: 0, height: 0 };
  const same = width === mask.width && height === mask.height;
  board.hand.cancel();
  board.history.clear();
  board.reference = shown?.reference ?? null;
  for (const layer of [mask, paint]) layer.reset(width, height);
  own.sheet.hidden = !shown;
  if (shown) {
    fits.forEach((fit) => fit());
    Object.assign(image.dataset, own.picture.dataset);
    own.picture.replaceWith(image);
    own.picture = image;
    own.lines.setAttribute("viewBox", `0 0 ${width} ${height}`);
    if (masked) readMask(mask, masked);
    if (painted) readColours(paint, painted);
    view.size = { width, height };
    view.extend = { ...NOTHING, ...shown.extend };
    if (!same) board.settings.size = Math.max(4, Math.round(Math.max(width, height) * BRUSH));
    board.edges();
    if (!same || view.fitted) view.fit();
  }
  board.tell("");
}
