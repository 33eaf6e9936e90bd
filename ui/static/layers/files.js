// From pictures' files to layers, and back.

import { CallError } from "../api.js";
import { Change, TILE } from "./layer.js";
import { png } from "./png.js";
import { picture } from "./shapes.js";

/** Load a picture for the page; it is ready to be drawn. */
export async function loaded(url) {
  const image = new Image();
  Object.assign(image, { src: url, alt: "", draggable: false });
  try {
    await image.decode();
  } catch (error) {
    throw new CallError({ sentence: "The picture could not be shown.", hint: "Choose another one.", details: String(error) });
  }
  return image;
}

/** A layer in a file: grey for a mask, with transparency for colours; null where it is empty. */
export function written(layer) {
  const { width, height, channels } = layer;
  return layer.empty ? null : png({ width, height, channels }, (top, count) => layer.cut({ left: 0, top, right: width, bottom: top + count }), TILE);
}

/** The picture with colours on it; null where there are none. */
export function flattened(image, paint) {
  if (paint.empty) return null;
  const { width, height } = paint;
  const context = new OffscreenCanvas(width, TILE).getContext("2d", { willReadFrequently: true });
  return png({ width, height, channels: 4 }, (top, count) => {
    context.clearRect(0, 0, width, TILE);
    context.drawImage(image, 0, -top, width, height);
    const { data } = context.getImageData(0, 0, width, count);
    layOver(data, paint.cut({ left: 0, top, right: width, bottom: top + count }));
    return data;
  }, TILE);
}

/** The colour of one pixel, `#rrggbb`. */
export function colourAt(image, paint, point) {
  const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  context.drawImage(image, -x, -y, paint.width, paint.height);
  const { data } = context.getImageData(0, 0, 1, 1);
  layOver(data, paint.cut({ left: x, top: y, right: x + 1, bottom: y + 1 }));
  return `#${[...data.subarray(0, 3)].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function layOver(bytes, colours) {
  for (let at = 0; at < bytes.length; at += 4) {
    const share = colours[at + 3] / 255;
    if (!share) continue;
    const under = (bytes[at + 3] / 255) * (1 - share);
    for (let one = at; one < at + 3; one += 1) bytes[one] = (colours[one] * share + bytes[one] * under) / (share + under);
    bytes[at + 3] = (share + under) * 255;
  }
}

/** Fill an empty mask from a picture. */
export function readMask(layer, image) {
  const change = new Change(layer);
  change.write(picture(image, layer));
  change.end();
}

/** Fill an empty layer with the colours of a picture that is transparent elsewhere. */
export function readColours(layer, image) {
  const context = new OffscreenCanvas(TILE, TILE).getContext("2d", { willReadFrequently: true });
  for (const { key, x, y } of layer.within(layer.whole)) {
    context.clearRect(0, 0, TILE, TILE);
    context.drawImage(image, -x, -y, layer.width, layer.height);
    const tile = new Uint8Array(context.getImageData(0, 0, TILE, TILE).data.buffer);
    if (tile.some(Boolean)) layer.put(key, tile);
  }
}
