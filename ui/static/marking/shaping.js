// Changing a whole mask: invert, grow, shrink, feather. Each gives the area that the mask becomes.

import { area } from "./shapes.js";

/** What can be done with a mask, by so many pixels. */
export const SHAPINGS = {
  invert: (mask) => area(mask.whole, opposite(mask.cut(mask.whole)), mask.width),
  grow: (mask, pixels) => changed(mask, pixels, (part) => widened(part, pixels)),
  shrink: (mask, pixels) => changed(mask, pixels, (part) => opposite(widened({ ...part, bytes: opposite(part.bytes) }, pixels))),
  feather(mask, pixels) {
    const reach = Math.max(1, Math.round(pixels / 2));
    return changed(mask, 3 * reach, (part) => blurred(part, reach));
  },
};

/** Work on the part of a mask that can change, with room around what is masked. */
function changed(mask, room, work) {
  const { left, top, right, bottom } = mask.bounds();
  const box = {
    left: Math.max(left - room, 0),
    top: Math.max(top - room, 0),
    right: Math.min(right + room, mask.width),
    bottom: Math.min(bottom + room, mask.height),
  };
  const width = box.right - box.left;
  return area(box, work({ bytes: mask.cut(box), width, height: box.bottom - box.top }), width);
}

const opposite = (bytes) => bytes.map((value) => 255 - value);

/** The most within an octagon, which is a square widened along both diagonals. */
function widened({ bytes, width, height }, pixels) {
  const slanted = Math.min(Math.round(pixels * 0.293), Math.floor((pixels - 1) / 2)); // a regular octagon, without holes
  const straight = pixels - 2 * slanted;
  const result = bytes.slice();
  for (const line of straightLines(width, height)) greatest(result, line, straight);
  if (slanted) for (const line of slantedLines(width, height)) greatest(result, line, slanted);
  return result;
}

/** Three running means, which come close to a Gaussian. */
function blurred({ bytes, width, height }, reach) {
  const result = bytes.slice();
  for (let pass = 0; pass < 3; pass += 1) for (const line of straightLines(width, height)) mean(result, line, reach);
  return result;
}

/** Where lines begin, how far apart their pixels are in memory, and how many they have. */
function* straightLines(width, height) {
  for (let y = 0; y < height; y += 1) yield [y * width, 1, width];
  for (let x = 0; x < width; x += 1) yield [x, width, height];
}

function* slantedLines(width, height) {
  for (let x = 0; x < width; x += 1) {
    yield [x, width + 1, Math.min(width - x, height)];
    yield [x, width - 1, Math.min(x + 1, height)];
  }
  for (let y = 1; y < height; y += 1) {
    yield [y * width, width + 1, Math.min(width, height - y)];
    yield [y * width + width - 1, width - 1, Math.min(width, height - y)];
  }
}

/** The greatest of each pixel's neighbours on a line, in one pass whatever the reach (van Herk 1992). */
function greatest(bytes, [start, apart, count], reach) {
  const size = 2 * reach + 1;
  const length = count + 2 * reach;
  const forwards = new Uint8Array(length);
  const backwards = new Uint8Array(length);
  for (let at = 0; at < count; at += 1) forwards[at + reach] = backwards[at + reach] = bytes[start + at * apart];
  for (let at = 1; at < length; at += 1) if (at % size && forwards[at - 1] > forwards[at]) forwards[at] = forwards[at - 1];
  for (let at = length - 2; at >= 0; at -= 1) if ((at + 1) % size && backwards[at + 1] > backwards[at]) backwards[at] = backwards[at + 1];
  for (let at = 0; at < count; at += 1) bytes[start + at * apart] = Math.max(backwards[at], forwards[at + 2 * reach]);
}

/** The mean of each pixel's neighbours on a line; beyond its ends it goes on as it ends. */
function mean(bytes, [start, apart, count], reach) {
  const line = new Uint8Array(count);
  for (let at = 0; at < count; at += 1) line[at] = bytes[start + at * apart];
  const value = (at) => line[at < 0 ? 0 : at >= count ? count - 1 : at];
  let sum = 0;
  for (let at = -reach; at <= reach; at += 1) sum += value(at);
  for (let at = 0; at < count; at += 1) {
    bytes[start + at * apart] = Math.round(sum / (2 * reach + 1));
    sum += value(at + reach + 1) - value(at - reach);
  }
}
