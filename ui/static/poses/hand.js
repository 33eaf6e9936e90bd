// What pointers do: they pull joints, and move, turn and resize people; beside everybody they move the map.

import { apart, frameOf, moved, pulled, scaled, turned } from "./shaping.js";

const [MOUSE, FINGER] = [14, 26]; // screen pixels from which a handle is taken
const ROOM = 22; // around a person, as its frame is drawn
const KNOB = 28; // above the frame
const LEAST = 0.05; // times the size that a person had

/** The hand of a board, as `gestures` of the canvas calls it. */
export function handOf(board) {
  const { sketch, view } = board;
  let held = null; // { before, person, start, pull } while something is pulled

  /** A person's frame with its grips, in pixels of the map. */
  function gripsOf(person) {
    const { left, top, right, bottom, x, y } = frameOf(person);
    const room = ROOM / view.scale;
    const corners = [[left - room, top - room], [right + room, top - room], [right + room, bottom + room], [left - room, bottom + room]];
    return { middle: [x, y], knob: [x, top - room - KNOB / view.scale], corners, room };
  }

  /** What is at a place: how it is pulled, and what is chosen by it. */
  function taken(place, near) {
    const { person, pose } = sketch;
    const reach = near / view.scale;
    if (person && frameOf(person)) {
      const { middle, knob, corners } = gripsOf(person);
      if (apart(place, knob) < reach) return { person, pull: turning(middle) };
      const corner = corners.findIndex((one) => apart(place, one) < reach);
      if (corner >= 0) return { person, pull: resizing(corners[(corner + 2) % 4]) };
    }
    const joint = nearest(place, reach);
    if (joint) return joint;
    const inside = [person, ...pose.people.toReversed()].find((one) => one && frameOf(one) && holds(one, place));
    return inside && { person: inside, pull: moving };
  }

  /** The point that is nearest to a place; of the chosen person where two are as near. */
  function nearest(place, reach) {
    const fine = board.fine && sketch.person;
    let best = null;
    for (const person of sketch.pose.people) {
      for (const part of person === fine ? ["body", "left", "right", "face"] : ["body"]) {
        for (const [at, point] of person[part].entries()) {
          const distance = point && apart(point, place) - (person === sketch.person ? 0.01 : 0);
          if (point && distance < (best?.distance ?? reach)) best = { person, part, at, distance };
        }
      }
    }
    return best && { ...best, pull: (start, to, event) => pulled(best.person, best, away(start, to), board.whole !== event.shiftKey) };
  }

  function holds(person, [x, y]) {
    const { corners } = gripsOf(person);
    return x > corners[0][0] && y > corners[0][1] && x < corners[2][0] && y < corners[2][1];
  }

  const moving = (start, to) => moved(held.person, away(start, to));
  const turning = (middle) => (start, to) => turned(held.person, angle(middle, to) - angle(middle, start), middle);
  const resizing = (from) => (start, to) => scaled(held.person, Math.max(apart(to, from) / Math.max(apart(start, from), 1), LEAST), from);

  return {
    moves: () => Boolean(board.holding),
    down({ x, y }, event) {
      const start = [x, y];
      const found = taken(start, event.pointerType === "touch" ? FINGER : MOUSE);
      held = found ? { ...found, before: sketch.pose, start } : { pans: [event.clientX, event.clientY] };
      if (!found) return sketch.choose(null);
      const { key } = found.person;
      sketch.choose(found.part ? { key, part: found.part, at: found.at } : { key });
      board.focus();
    },
    move(points, event) {
      if (!held) return;
      if (held.pans) {
        view.move(event.clientX - held.pans[0], event.clientY - held.pans[1]);
        held.pans = [event.clientX, event.clientY];
        return;
      }
      const { x, y } = points.at(-1);
      sketch.show(sketch.withPerson(held.pull(held.start, [x, y], event)));
    },
    up() {
      if (held?.before) sketch.end(held.before);
      held = null;
    },
    /** Give up what is under way; whether there was something. */
    cancel() {
      const given = held;
      held = null;
      if (given?.before && given.before !== sketch.pose) sketch.show(given.before);
      return Boolean(given);
    },
    holds: ({ x, y }) => Boolean(taken([x, y], MOUSE)),
    /** Shift and the wheel resize the chosen person. */
    size: (factor) => sketch.shape((person) => scaled(person, factor, middleOf(person)), "resize"),
    hover() {},
  };
}

/** The middle of a person's frame. */
export function middleOf(person) {
  const { x, y } = frameOf(person);
  return [x, y];
}

const away = ([x, y], [toX, toY]) => [toX - x, toY - y];
const angle = ([x, y], [toX, toY]) => Math.atan2(toY - y, toX - x);
