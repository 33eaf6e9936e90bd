// A pose drawn as its map: what the server draws when the map is used, here while joints are dragged.

import { COLOURS, FINGERS, FINGER_COLOURS, LIMBS } from "./figure.js";

const [LIMB, JOINT, FACE] = [4.5, 4.5, 3.5]; // radii, in pixels of the map
const LIMB_SHADE = 0.6;
const FINGER_JOINT = "rgb(0 0 255)";

/** Draw a pose on a canvas of its size. */
export function drawMap(canvas, { width, height, people }) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pen = canvas.getContext("2d");
  pen.resetTransform();
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, width, height);
  pen.setTransform(1, 0, 0, 1, 0.5, 0.5); // the server's pixels are whole, and lie around their place
  for (const { body, left, right, face } of people) {
    drawBody(pen, body);
    for (const hand of [left, right]) drawHand(pen, hand);
    for (const point of face) dot(pen, point, FACE, "#fff");
  }
}

function drawBody(pen, body) {
  for (const [at, [one, other]] of LIMBS.entries()) {
    if (!body[one] || !body[other]) continue;
    const [[x, y], [right, down]] = [body[one], body[other]];
    const [across, along] = [x - right, y - down];
    const degrees = Math.trunc((Math.atan2(along, across) * 180) / Math.PI);
    pen.fillStyle = `rgb(${COLOURS[at].map((part) => Math.floor(part * LIMB_SHADE)).join(" ")})`;
    pen.beginPath();
    pen.ellipse(Math.trunc((x + right) / 2), Math.trunc((y + down) / 2), Math.trunc(Math.hypot(across, along) / 2) + 0.5, LIMB, (degrees * Math.PI) / 180, 0, 2 * Math.PI);
    pen.fill();
  }
  for (const [at, point] of body.entries()) dot(pen, point, JOINT, `rgb(${COLOURS[at].join(" ")})`);
}

function drawHand(pen, hand) {
  pen.lineWidth = 2;
  for (const [at, [one, other]] of FINGERS.entries()) {
    if (!hand[one] || !hand[other]) continue;
    pen.strokeStyle = `rgb(${FINGER_COLOURS[at].join(" ")})`;
    pen.beginPath();
    pen.moveTo(...hand[one].map(Math.floor));
    pen.lineTo(...hand[other].map(Math.floor));
    pen.stroke();
  }
  for (const point of hand) dot(pen, point, JOINT, FINGER_JOINT);
}

function dot(pen, point, radius, colour) {
  if (!point) return;
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(...point.map(Math.floor), radius, 0, 2 * Math.PI);
  pen.fill();
}
