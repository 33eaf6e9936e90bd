// Filling what has one colour: from a pixel to all that touch it and look alike.

import { stepOf } from "../layers/seen.js";
import { area } from "./shapes.js";

/** The tool on a board. */
export function flood(board) {
  let from = null;
  return {
    down(point) {
      from = point;
    },
    move() {},
    up(_, event) {
      if (!board.holds(from)) return board.tell("Click on the picture itself.");
      const pixels = pixelsOf(board);
      const at = { x: Math.floor(from.x / pixels.step), y: Math.floor(from.y / pixels.step) };
      const bytes = alike(pixels, at, board.settings.tolerance * 2.55);
      board.lay(area(board.mask.whole, bytes, pixels.width, pixels.step), board.takes(event));
    },
    cancel() {},
    lift() {},
  };
}

/** The picture with the colours on it as bytes, large ones in steps of 2, 4 … pixels. */
function pixelsOf({ own, mask: { width, height } }) {
  const step = stepOf(width, height);
  const canvas = new OffscreenCanvas(Math.ceil(width / step), Math.ceil(height / step));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(own.picture, 0, 0, width / step, height / step);
  context.drawImage(own.paint, 0, 0);
  return { step, width: canvas.width, height: canvas.height, data: context.getImageData(0, 0, canvas.width, canvas.height).data };
}

/** 255 where a pixel is reached over pixels whose colour differs by at most `tolerance` in each channel. */
function alike({ data, width, height }, { x, y }, tolerance) {
  const reached = new Uint8Array(width * height);
  const start = y * width + x;
  const [red, green, blue] = data.subarray(start * 4, start * 4 + 3);
  const fits = (at) => !reached[at] && Math.abs(data[at * 4] - red) <= tolerance
    && Math.abs(data[at * 4 + 1] - green) <= tolerance && Math.abs(data[at * 4 + 2] - blue) <= tolerance;
  const seeds = [start];
  while (seeds.length) {
    const seed = seeds.pop();
    if (!fits(seed)) continue;
    const line = seed - (seed % width);
    let left = seed;
    while (left > line && fits(left - 1)) left -= 1;
    let [above, below] = [false, false];
    for (let at = left; at < line + width && fits(at); at += 1) {
      reached[at] = 255;
      const [up, down] = [at >= width && fits(at - width), at + width < reached.length && fits(at + width)];
      if (up && !above) seeds.push(at - width);
      if (down && !below) seeds.push(at + width);
      [above, below] = [up, down];
    }
  }
  return reached;
}
