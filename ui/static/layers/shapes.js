// What is laid on a layer: a box, and how much of each pixel in it, from 0 to 255 (`at`). Some know what tiles they
// miss, some prepare for a tile that they `enter`.

import { TILE } from "./layer.js";

const GREY = [0.299, 0.587, 0.114]; // ITU-R BT.601

/** What a round brush covers on its way from one point to another. */
export function capsule(from, to, radius) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  const inside = Math.max(radius - 0.5, 0) ** 2;
  const outside = (radius + 0.5) ** 2;
  const reach = radius + 1;
  /** The square of how far a point lies from the way. */
  const away = (x, y) => {
    const [px, py] = [x - from.x, y - from.y];
    const along = length ? Math.min(Math.max((px * dx + py * dy) / length, 0), 1) : 0;
    return (px - along * dx) ** 2 + (py - along * dy) ** 2;
  };
  return {
    box: {
      left: Math.min(from.x, to.x) - reach,
      top: Math.min(from.y, to.y) - reach,
      right: Math.max(from.x, to.x) + reach,
      bottom: Math.max(from.y, to.y) + reach,
    },
    misses: (x, y) => away(x + TILE / 2, y + TILE / 2) > (reach + TILE * Math.SQRT1_2) ** 2,
    at(x, y) {
      const distance = away(x + 0.5, y + 0.5);
      if (distance <= inside) return 255;
      return distance >= outside ? 0 : Math.round((radius + 0.5 - Math.sqrt(distance)) * 255);
    },
  };
}

/** A picture as a mask: white is masked, black and what is transparent is not. */
export function picture(image, { whole, width, height }) {
  const light = (bytes, at) => GREY[0] * bytes[at] + GREY[1] * bytes[at + 1] + GREY[2] * bytes[at + 2];
  return drawn(whole, (context) => context.drawImage(image, 0, 0, width, height), (bytes, at) => Math.round((light(bytes, at) * bytes[at + 3]) / 255));
}

/** What a canvas draws, one tile after the other. */
export function drawn(box, draw, value) {
  const context = new OffscreenCanvas(TILE, TILE).getContext("2d", { willReadFrequently: true });
  let [left, top, bytes] = [0, 0, null];
  return {
    box,
    enter(x, y) {
      context.resetTransform();
      context.clearRect(0, 0, TILE, TILE);
      context.translate(-x, -y);
      draw(context);
      [left, top, bytes] = [x, y, context.getImageData(0, 0, TILE, TILE).data];
    },
    at: (x, y) => value(bytes, ((y - top) * TILE + x - left) * 4),
  };
}
