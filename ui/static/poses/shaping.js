// Changes of a person; each gives a changed copy.

import { LIMBS, PARENTS, PARTS, WORN, opposite } from "./figure.js";

/** All points of a person that are there. */
export const pointsOf = (person) => PARTS.flatMap((part) => person[part]).filter(Boolean);

/** Every point put through a function. */
export function mapped(person, change) {
  return { ...person, ...Object.fromEntries(PARTS.map((part) => [part, person[part].map((point) => point && change(point))])) };
}

/** The frame around its points: { left, top, right, bottom, x, y } with the middle; null where it has none. */
export function frameOf(person) {
  const points = pointsOf(person);
  if (!points.length) return null;
  const [across, down] = [0, 1].map((axis) => points.map((point) => point[axis]));
  const [left, top, right, bottom] = [Math.min(...across), Math.min(...down), Math.max(...across), Math.max(...down)];
  return { left, top, right, bottom, x: (left + right) / 2, y: (top + bottom) / 2 };
}

export const moved = (person, [x, y]) => mapped(person, (point) => [point[0] + x, point[1] + y]);

/** Turned by an angle around a place. */
export function turned(person, angle, [x, y]) {
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  return mapped(person, (point) => [x + (point[0] - x) * cos - (point[1] - y) * sin, y + (point[0] - x) * sin + (point[1] - y) * cos]);
}

/** So many times as large, from a place that stays. */
export const scaled = (person, factor, [x, y]) => mapped(person, (point) => [x + (point[0] - x) * factor, y + (point[1] - y) * factor]);

/** A pose in the middle of a map of another size, as large as fits. */
export function fitted({ width: wide, height: high, people }, width, height) {
  const size = Math.min(width / wide, height / high);
  const by = [(width - wide * size) / 2, (height - high * size) / 2];
  return { width, height, people: people.map((person) => moved(scaled(person, size, [0, 0]), by)) };
}

/** As high as a frame, in its middle. */
export function placedIn(person, { top, bottom, x, y }) {
  const own = frameOf(person);
  const sized = scaled(person, (bottom - top) / (own.bottom - own.top), [own.x, own.y]);
  return moved(sized, [x - own.x, y - own.y]);
}

/** Seen in a mirror: what was its right is its left. */
export function mirrored(person) {
  const { x } = frameOf(person);
  const seen = mapped(person, (point) => [2 * x - point[0], point[1]]);
  const body = seen.body.map((_, joint) => seen.body[opposite(joint)]);
  return { ...seen, body, left: seen.right, right: seen.left, face: seen.face.map((_, at) => seen.face[otherInFace(at)]) };
}

/** The point on the other side of a face. */
function otherInFace(at) {
  if (at >= 27 && at <= 30) return at; // along the nose
  if (at >= 36 && at <= 47) return [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40][at - 36]; // around the eyes
  const runs = [[0, 16], [17, 26], [31, 35], [48, 54], [55, 59], [60, 64], [65, 67], [68, 69]];
  const [first, last] = runs.find(([from, to]) => at >= from && at <= to);
  return first + last - at;
}

/** Whether a joint hangs on another, over any others. */
function hangsOn(joint, other) {
  for (let at = joint; at !== undefined; at = PARENTS.get(at)) if (at === other) return true;
  return false;
}

/** A point moved: of a body with the hand or the face on it, `whole` with all that hangs on it. */
export function pulled(person, { part, at }, [x, y], whole) {
  const by = (point) => point && [point[0] + x, point[1] + y];
  const goes = (joint) => joint === at || (whole && part === "body" && hangsOn(joint, at));
  const changed = { ...person, [part]: person[part].map((point, joint) => (goes(joint) ? by(point) : point)) };
  if (part !== "body") return changed;
  for (const [joint, worn] of Object.entries(WORN)) if (goes(Number(joint))) changed[worn] = person[worn].map(by);
  return changed;
}

/** Without a point; what is worn on a joint goes with it. */
export function without(person, { part, at }) {
  const changed = { ...person, [part]: person[part].map((point, joint) => (joint === at ? null : point)) };
  const worn = part === "body" && WORN[at];
  if (worn) changed[worn] = [];
  return changed;
}

/** With a joint again, where a body like `usual` has it. */
export function withJoint(person, joint, usual) {
  let anchor = PARENTS.get(joint);
  while (anchor !== undefined && !person.body[anchor]) anchor = PARENTS.get(anchor);
  anchor ??= person.body.findIndex(Boolean);
  if (anchor < 0) return { ...person, body: person.body.map((point, at) => (at === joint ? usual.body[joint] : point)) };
  const size = sizeBeside(person, usual);
  const place = person.body[anchor].map((value, axis) => value + (usual.body[joint][axis] - usual.body[anchor][axis]) * size);
  return { ...person, body: person.body.map((point, at) => (at === joint ? place : point)) };
}

/** How many times as large as another a person is, by the limbs that both have. */
function sizeBeside({ body }, { body: other }) {
  const both = LIMBS.filter(([one, end]) => [body[one], body[end], other[one], other[end]].every(Boolean));
  const sum = (points) => both.reduce((all, [one, end]) => all + apart(points[one], points[end]), 0);
  return both.length ? sum(body) / sum(other) : 1;
}

export const apart = ([x, y], [right, down]) => Math.hypot(x - right, y - down);

/** Points laid from two places (`from`) to two others (`to`), turned and resized with them; `flips` mirrors them. */
export function laid(points, from, to, flips = false) {
  const [x, y] = from[0];
  const [width, height] = [from[1][0] - x, from[1][1] - y];
  const [wide, high] = [to[1][0] - to[0][0], to[1][1] - to[0][1]];
  const square = width ** 2 + height ** 2;
  return points.map((point) => {
    if (!point) return null;
    const along = ((point[0] - x) * width + (point[1] - y) * height) / square;
    const beside = (((point[1] - y) * width - (point[0] - x) * height) / square) * (flips ? -1 : 1);
    return [to[0][0] + along * wide - beside * high, to[0][1] + along * high + beside * wide];
  });
}
