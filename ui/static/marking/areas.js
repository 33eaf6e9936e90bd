// Tools that mark an area of the mask with a line: rectangle and lasso.

import { polygon, rectangle } from "./shapes.js";

/** Both tools on a board. */
export function areas(board) {
  const box = (points) => rectangle(points[0], points.at(-1));
  return {
    rectangle: marker(board, ([first], next) => [first, next], box, boxPath),
    lasso: marker(board, (points, next) => [...points, next], polygon, linePath),
  };
}

/** A tool whose line follows the pointer, and whose shape is laid when it ends. */
function marker(board, joined, shapeOf, pathOf) {
  let points = [];
  const draw = () => board.draft(points.length > 1 ? pathOf(points) : "");
  const end = () => {
    points = [];
    draw();
  };
  return {
    down(point) {
      points = [point];
    },
    move(more) {
      for (const point of more) points = joined(points, point);
      draw();
    },
    up(_, event) {
      if (points.length > 1) board.lay(shapeOf(points), board.takes(event));
      end();
    },
    cancel: end,
    lift() {},
  };
}

/** The path of a box between its first corner and its last, for the screen. */
export function boxPath(points) {
  const [one, other] = [points[0], points.at(-1)];
  return `M${one.x} ${one.y}H${other.x}V${other.y}H${one.x}Z`;
}

function linePath(points) {
  return `M${points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z`;
}
