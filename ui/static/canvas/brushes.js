// Tools that draw while they are moved: mask brush, eraser, colour brush.

import { colourAt } from "../layers/files.js";
import { colour, level, thinner } from "../layers/inks.js";
import { Change } from "../layers/layer.js";
import { capsule } from "../layers/shapes.js";

/** The three brushes on a board. */
export function brushes(board) {
  const { settings, mask, paint } = board;
  return {
    brush: brush(board, () => [mask, level(board.level())]),
    eraser: brush(board, () => (settings.erases === "paint" ? [paint, thinner] : [mask, level(0)])),
    colour: picking(board, brush(board, () => [paint, colour(settings.colour)])),
  };
}

/** A brush; `loaded` says on which layer it draws, with which ink. */
export function brush(board, loaded) {
  let change;
  let ink;
  let last = null;
  let ended = null; // where the last stroke did; Shift draws a straight line from there

  function lay(point) {
    change.cover(capsule(last ?? point, point, board.settings.size / 2), ink);
    last = point;
  }

  return {
    down(point, { shiftKey }) {
      const [layer, loadedInk] = loaded();
      [change, ink] = [new Change(layer), loadedInk];
      last = shiftKey ? ended : null;
      lay(point);
    },
    move: (points) => points.forEach(lay),
    up() {
      ended = last;
      board.keep(change);
    },
    cancel: () => change.cancel(),
    /** What comes next is not joined to what was. */
    lift() {
      last = null;
    },
  };
}

/** A colour brush that takes a colour from the picture first, where that was asked for. */
function picking(board, brush) {
  const { settings, own, paint } = board;
  let picks = false;
  const pick = (point) => {
    if (board.holds(point)) settings.colour = colourAt(own.picture, paint, point);
    board.bar.update();
  };
  return {
    down(point, event) {
      picks = settings.picks || event.altKey;
      if (picks) pick(point);
      else brush.down(point, event);
    },
    move: (points) => (picks ? pick(points.at(-1)) : brush.move(points)),
    up() {
      if (picks) settings.picks = false;
      else brush.up();
      board.bar.update();
    },
    cancel: () => picks || brush.cancel(),
    lift: brush.lift,
  };
}
