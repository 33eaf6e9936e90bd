// A layer on the screen: only what changed is drawn, once a frame.

import { TILE } from "./layer.js";

const MOST_PIXELS = 4.2e6; // what phones, too, hold twice and compose smoothly
const LONGEST = 8192;

/** A picture's pixels for one of a canvas, so that the canvas does not become too large. */
export function stepOf(width, height) {
  let step = 1;
  while ((width * height) / step ** 2 > MOST_PIXELS || Math.max(width, height) / step > LONGEST) step *= 2;
  return step;
}

/** Show a layer on its canvas; `colours` makes 32-bit colours of a tile. Returns what fits it to a new size. */
export function seen(layer, canvas, colours) {
  const context = canvas.getContext("2d");
  const dirty = new Map();
  let step = 1;
  let frame = 0;

  layer.seen = (key, box) => {
    const known = dirty.get(key);
    dirty.set(key, known ? around(known, box) : box);
    frame ||= requestAnimationFrame(draw);
  };

  function draw() {
    frame = 0;
    for (const [key, box] of dirty) drawPart(layer.tiles.get(key), box);
    dirty.clear();
  }

  function drawPart(tile, box) {
    const [left, top] = [Math.floor(box.left / step), Math.floor(box.top / step)];
    const [width, height] = [Math.ceil(box.right / step) - left, Math.ceil(box.bottom / step) - top];
    if (!tile) return context.clearRect(left, top, width, height);
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const colour = colours(tile);
    const middle = step >> 1;
    for (let y = 0, to = 0; y < height; y += 1) {
      const line = (((top + y) * step + middle) % TILE) * TILE;
      for (let x = 0; x < width; x += 1, to += 1) pixels[to] = colour(line + (((left + x) * step + middle) % TILE));
    }
    context.putImageData(image, left, top);
  }

  return () => {
    step = stepOf(layer.width, layer.height);
    canvas.width = Math.ceil(layer.width / step);
    canvas.height = Math.ceil(layer.height / step);
    // A canvas in whole steps may reach beyond the picture by less than one step.
    canvas.style.inlineSize = `${(canvas.width * step * 100) / layer.width}%`;
    canvas.style.blockSize = `${(canvas.height * step * 100) / layer.height}%`;
    dirty.clear();
  };
}

/** A mask in stripes of two colours (red, green, blue), one of which shows on any picture. */
export function inStripes(layer, ...colours) {
  const [wide, thin] = colours.map(shadesOf);
  return (tile) => {
    const width = Math.max(2, 2 ** Math.round(Math.log2(Math.max(layer.width, layer.height) / 128))); // divides a tile
    return (at) => (Math.floor(((at % TILE) + Math.floor(at / TILE)) / width) % 4 ? wide : thin)[tile[at]];
  };
}

const shadesOf = ([red, green, blue]) => Uint32Array.from({ length: 256 }, (_, share) => (share << 24) | (blue << 16) | (green << 8) | red);

/** Colours as they are. */
export function asTheyAre(tile) {
  const pixels = new Uint32Array(tile.buffer);
  return (at) => pixels[at];
}

function around(one, other) {
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}
