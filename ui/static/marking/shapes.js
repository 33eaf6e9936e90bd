// What tools mark at once: a box, and how much of each pixel in it, from 0 to 255.

import { drawn } from "../layers/shapes.js";

/** A rectangle between two corners, of whole pixels. */
export function rectangle(one, other) {
  const [left, right] = [one.x, other.x].map(Math.round).sort((a, b) => a - b);
  const [top, bottom] = [one.y, other.y].map(Math.round).sort((a, b) => a - b);
  return { box: { left, top, right, bottom }, at: () => 255 };
}

/** The area within a line that is closed. */
export function polygon(points) {
  const path = new Path2D();
  for (const { x, y } of points) path.lineTo(x, y);
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const box = { left: least(xs), top: least(ys), right: most(xs), bottom: most(ys) };
  return drawn(box, (context) => context.fill(path, "evenodd"), (bytes, at) => bytes[at + 3]);
}

/** An area that was worked out: a byte for each `step` × `step` pixels of a box. */
export function area(box, bytes, width, step = 1) {
  if (step === 1) return { box, at: (x, y) => bytes[(y - box.top) * width + x - box.left] };
  return { box, at: (x, y) => bytes[Math.floor((y - box.top) / step) * width + Math.floor((x - box.left) / step)] };
}

const least = (list) => list.reduce((a, b) => Math.min(a, b));
const most = (list) => list.reduce((a, b) => Math.max(a, b));
