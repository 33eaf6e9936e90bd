// The map, to be drawn over: brush, eraser, opposite colours, all undone step by step; and the picture below it.

import { brush } from "../canvas/brushes.js";
import { gestures } from "../canvas/gestures.js";
import { keys } from "../canvas/keys.js";
import { View } from "../canvas/view.js";
import { say, set } from "../dom.js";
import { loaded, readColours, written } from "../layers/files.js";
import { History, tilesStep } from "../layers/history.js";
import { colour, opposite } from "../layers/inks.js";
import { Change, Layer } from "../layers/layer.js";
import { asTheyAre, seen } from "../layers/seen.js";

const BRUSH = 1 / 64; // of the map's longer side: lines are thin
const LARGEST = 0.25;
const BLACK = "#000000";

/** Wire the editor; `edited` is called after each change. */
export function boardOf(own, edited) {
  const layer = new Layer(4);
  const fits = seen(layer, own.layer, asTheyAre);
  const settings = { tool: "brush", size: 8, colour: "#ffffff", picks: false };
  const board = { own, element: own.editor, settings, layer, edited, shown: null };
  board.keep = (change) => {
    const before = change.end();
    if (!before) return;
    board.history.add(tilesStep(layer, before));
    edited();
  };
  board.turn = (back) => {
    board.hand.cancel();
    if (back ? board.history.undo() : board.history.redo()) edited();
  };
  const update = () => draw(board);
  board.history = new History(update);
  board.hand = handOf(board);
  board.view = new View(own.surface, own.sheet, { moved: update, resized: () => board.hand.lift() });
  board.bar = barOf(board, update);
  gestures(own.surface, board.view, board.hand);
  keys(board);
  wire(board);

  return {
    /** Show a map, by their addresses, over the picture that it was made of; with null none. */
    show: (map, picture) => show(board, fits, map, picture),
    /** The map as it is now, as a PNG. */
    png: () => written(layer),
    get shown() {
      return board.shown;
    },
  };
}

/** What pointers do. */
function handOf(board) {
  const { settings, layer } = board;
  const tool = brush(board, () => [layer, colour(settings.tool === "eraser" ? BLACK : settings.colour)]);
  let drawing = false;
  const holds = ({ x, y }) => x >= 0 && y >= 0 && x < layer.width && y < layer.height;
  return {
    moves: () => Boolean(board.holding) || settings.tool === "pan",
    down(point, event) {
      if (settings.picks || event.altKey) {
        if (holds(point)) board.bar.change({ colour: colourAt(layer, point), picks: false, tool: "brush" });
        return;
      }
      drawing = true;
      tool.down(point, event);
    },
    move: (points, event) => drawing && tool.move(points, event),
    up(point, event) {
      if (drawing) tool.up(point, event);
      drawing = false;
    },
    cancel() {
      if (drawing) tool.cancel();
      const given = drawing;
      drawing = false;
      return given;
    },
    lift: () => tool.lift(),
    holds,
    size: (factor) => board.bar.resize(settings.size, factor),
    hover: (event) => ring(board, event),
  };
}

function barOf(board, update) {
  const { own, settings } = board;
  return {
    choose(tool) {
      if (own.tools.querySelector(`[value=${tool}]`)) this.change({ tool, picks: false });
      else if (tool === "colour") this.change({ tool: "brush" });
    },
    change(values) {
      Object.assign(settings, values);
      update();
    },
    resize(size, factor = 1) {
      const wanted = factor > 1 ? Math.max(size * factor, size + 1) : factor < 1 ? Math.min(size * factor, size - 1) : size;
      this.change({ size: Math.min(Math.max(1, Math.round(wanted)), largest(board)) });
    },
  };
}

function wire(board) {
  const { own, bar, view, settings, layer } = board;
  const pressed = {
    undo: () => board.turn(true),
    redo: () => board.turn(false),
    larger: () => view.zoom(1.25),
    smaller: () => view.zoom(0.8),
    fit: () => view.fit(),
    pick: () => bar.change({ picks: !settings.picks }),
    invert() {
      const change = new Change(layer);
      change.cover({ box: layer.whole, at: () => 255 }, opposite);
      board.keep(change);
    },
  };
  for (const [name, act] of Object.entries(pressed)) own[name].onclick = act;
  own.tools.onchange = ({ target }) => bar.choose(target.value);
  own.size.oninput = () => bar.resize(largest(board) ** own.size.valueAsNumber);
  own.colour.oninput = () => bar.change({ colour: own.colour.value, tool: "brush" });
  own.split.oninput = () => own.sheet.style.setProperty("--split", `${own.split.valueAsNumber * 100}%`);
}

/** Show what the settings are. */
function draw({ own, settings, history, view, layer }) {
  if (!view) return;
  const { tool, size, colour: chosen, picks } = settings;
  set(own.editor, "data-tool", tool);
  own.tools.querySelector(`[value=${tool}]`).checked = true;
  own.size.value = Math.log(size) / Math.log(largest({ layer }));
  set(own.size, "aria-valuetext", `${size} pixels`);
  say(own.sizeText, `${size} px`);
  own.colour.value = chosen;
  set(own.pick, "aria-pressed", String(picks));
  own.undo.disabled = !history.undoes;
  own.redo.disabled = !history.redoes;
  say(own.zoom, `${Math.round(view.scale * 100)} %`);
}

/** Show how large the brush is, where the pointer is. */
function ring({ own, settings, view }, event) {
  const hidden = !event || settings.tool === "pan" || settings.picks || (event.pointerType === "touch" && !event.buttons);
  own.ring.hidden = hidden;
  if (hidden) return;
  const { left, top } = own.surface.getBoundingClientRect();
  const size = settings.size * view.scale;
  own.ring.style.inlineSize = own.ring.style.blockSize = `${size}px`;
  own.ring.style.transform = `translate(${event.clientX - left - size / 2}px, ${event.clientY - top - size / 2}px)`;
}

async function show(board, fits, map, picture) {
  const { own, layer, view } = board;
  const asked = (board.asked = {});
  const image = map && (await loaded(map));
  if (board.asked !== asked) return; // another one by now
  const { naturalWidth: width, naturalHeight: height } = image ?? { naturalWidth: 0, naturalHeight: 0 };
  const same = width === layer.width && height === layer.height;
  board.hand.cancel();
  board.history.clear();
  layer.reset(width, height);
  board.shown = map;
  own.sheet.hidden = !map;
  if (!map) return;
  fits();
  set(own.under, "src", picture ?? map);
  readColours(layer, image);
  view.size = { width, height };
  if (!same) board.settings.size = Math.max(2, Math.round(Math.max(width, height) * BRUSH));
  if (!same || view.fitted) view.fit();
  draw(board);
}

const largest = ({ layer }) => Math.max(Math.round(Math.max(layer.width, layer.height) * LARGEST), 8);

function colourAt(layer, { x, y }) {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const bytes = layer.cut({ left, top, right: left + 1, bottom: top + 1 });
  return `#${[...bytes.subarray(0, 3)].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}
