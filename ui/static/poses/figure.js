// What a pose is made of, and OpenPose's JSON of it.
//
// A pose: { width, height, people }. A person has four parts, each a list of points [x, y] or null, in pixels
// of the map: `body` and `face` always whole, a hand empty where there is none. Poses are never changed, only copied.

export const JOINTS = ["nose", "neck", "right shoulder", "right elbow", "right wrist", "left shoulder", "left elbow", "left wrist", "right hip", "right knee", "right ankle", "left hip", "left knee", "left ankle", "right eye", "left eye", "right ear", "left ear"];
const [NOSE, RIGHT_WRIST, LEFT_WRIST] = [0, 4, 7];
/** Which joints hang together, in the order of their colours. */
export const LIMBS = [[1, 2], [1, 5], [2, 3], [3, 4], [5, 6], [6, 7], [1, 8], [8, 9], [9, 10], [1, 11], [11, 12], [12, 13], [1, 0], [0, 14], [14, 16], [0, 15], [15, 17]];
export const FINGERS = [0, 1, 2, 3, 4].flatMap((finger) => [0, 1, 2, 3].map((step) => [step && 4 * finger + step, 4 * finger + step + 1]));
export const PARTS = ["body", "left", "right", "face"];

/** The joint from which each hangs; the neck hangs from nothing. */
export const PARENTS = new Map(LIMBS.map(([parent, joint]) => [joint, parent]));
/** The part that hangs on a joint. */
export const WORN = { [LEFT_WRIST]: "left", [RIGHT_WRIST]: "right", [NOSE]: "face" };
/** The joint on the other side of the body. */
export const opposite = (joint) => {
  const [side, name] = JOINTS[joint].split(" ");
  return name ? JOINTS.indexOf(`${side === "left" ? "right" : "left"} ${name}`) : joint;
};

/** The hues of joints, and darker of limbs, as [red, green, blue]. */
export const COLOURS = JOINTS.map((_, at) => hue(at / JOINTS.length));
export const FINGER_COLOURS = FINGERS.map((_, at) => hue(at / FINGERS.length));

/** Once around the circle of hues, from 0 to 1. */
function hue(share) {
  return [0, 4, 2].map((shift) => Math.round(255 * Math.min(Math.max(Math.abs(((share * 6 + shift) % 6) - 3) - 1, 0), 1)));
}

const KEYS = { body: "pose_keypoints_2d", left: "hand_left_keypoints_2d", right: "hand_right_keypoints_2d", face: "face_keypoints_2d" };
let people = 0;

/** A person with a key of its own. */
export const somebody = (parts) => ({ ...parts, key: ++people });

/** A pose of OpenPose's JSON, as Easel's routes give it. */
export function read({ people: told, canvas_width: width, canvas_height: height }) {
  const points = (numbers) => Array.from({ length: (numbers?.length ?? 0) / 3 }, (_, at) => (numbers[3 * at + 2] > 0 ? [numbers[3 * at], numbers[3 * at + 1]] : null));
  return { width, height, people: told.map((one) => somebody(Object.fromEntries(PARTS.map((part) => [part, points(one[KEYS[part]])])))) };
}

/** OpenPose's JSON of a pose. */
export function written({ width, height, people: them }) {
  const rounded = (number) => Math.round(number * 100) / 100;
  const numbers = (points) => points.flatMap((point) => (point ? [...point.map(rounded), 1] : [0, 0, 0]));
  return { people: them.map((one) => Object.fromEntries(PARTS.map((part) => [KEYS[part], numbers(one[part])]))), canvas_width: width, canvas_height: height };
}

/** The name of a point, as it is read out. */
export function nameOf(part, at) {
  if (part === "body") return JOINTS[at];
  if (part === "face") return `face point ${at + 1}`;
  const finger = ["thumb", "index finger", "middle finger", "ring finger", "little finger"][Math.ceil(at / 4) - 1];
  return at ? `${part} ${finger} ${((at - 1) % 4) + 1}` : `${part} hand's wrist`;
}
