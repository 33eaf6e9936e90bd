// A small plot of some curves over the steps of a training.

import { root } from "../dom.js";

const PAD = { left: 48, right: 12, top: 8, bottom: 20 };
const LINES = 4;
const CUT = 0.02; // the share of values at either end that may lie outside

/** Wire a canvas; gives what draws curves on it: `{ name, points: [[x, y]], colour, thin, dots }`. */
export function plot(canvas, read = () => {}) {
  let curves = [];
  let last = 1;
  let at = null; // the step that is read

  const draw = () => {
    const { clientWidth: width, clientHeight: height } = canvas;
    if (!width) return;
    const scale = devicePixelRatio || 1;
    Object.assign(canvas, { width: width * scale, height: height * scale });
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(root);
    const colour = (name) => style.getPropertyValue(`--${name}`);
    const frame = framed(curves, last, width, height);
    pen.font = `11px ${style.getPropertyValue("--sans")}`;
    grid(pen, frame, colour);
    for (const curve of curves) line(pen, curve, frame, colour);
    if (at !== null) marker(pen, frame, at, colour);
  };

  const stepAt = (clientX) => {
    const { left, width } = canvas.getBoundingClientRect();
    const share = (clientX - left - PAD.left) / (width - PAD.left - PAD.right);
    return Math.round(Math.min(1, Math.max(0, share)) * last);
  };
  const look = (step) => {
    at = step;
    draw();
    read(step);
  };
  canvas.onpointermove = ({ clientX }) => look(stepAt(clientX));
  canvas.onpointerleave = () => look(null);
  canvas.onkeydown = (event) => {
    const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!turn) return;
    event.preventDefault();
    look(Math.min(last, Math.max(1, (at ?? last) + turn * Math.max(1, Math.round(last / 100)))));
  };
  canvas.onblur = () => look(null);
  new ResizeObserver(draw).observe(canvas);
  new MutationObserver(draw).observe(root, { attributeFilter: ["data-theme"] });

  return (now, steps) => {
    [curves, last] = [now, Math.max(1, steps)];
    draw();
  };
}

/** Where values lie on the canvas; a few that are far out do not flatten the rest of a thin curve. */
function framed(curves, last, width, height) {
  const values = curves.flatMap(({ points, thin }) => middle(points, thin ? CUT : 0));
  let [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  [low, high] = [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
  const inner = { width: width - PAD.left - PAD.right, height: height - PAD.top - PAD.bottom };
  return {
    low, high, last, width, height,
    x: (step) => PAD.left + (step / last) * inner.width,
    y: (value) => PAD.top + (1 - (value - low) / (high - low)) * inner.height,
  };
}

/** The values of a curve, without the share at either end that may lie outside. */
function middle(points, share) {
  const values = points.map(([, y]) => y).filter(Number.isFinite).sort((a, b) => a - b);
  const cut = Math.floor(values.length * share);
  return values.slice(cut, values.length - cut);
}

function grid(pen, { low, high, last, width, height, x, y }, colour) {
  pen.strokeStyle = colour("line");
  pen.fillStyle = colour("muted");
  pen.lineWidth = 1;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (let each = 0; each <= LINES; each += 1) {
    const value = low + ((high - low) * each) / LINES;
    const at = Math.round(y(value)) + 0.5;
    pen.beginPath();
    pen.moveTo(PAD.left, at);
    pen.lineTo(width - PAD.right, at);
    pen.stroke();
    pen.fillText(short(value), PAD.left - 6, at);
  }
  pen.textBaseline = "bottom";
  pen.textAlign = "left";
  pen.fillText("0", x(0), height);
  pen.textAlign = "right";
  pen.fillText(String(last), x(last), height);
}

function line(pen, { points, colour: name, thin, dots }, { x, y }, colour) {
  pen.save();
  pen.beginPath();
  pen.rect(PAD.left, 0, pen.canvas.clientWidth - PAD.left - PAD.right + 4, pen.canvas.clientHeight - PAD.bottom + 4);
  pen.clip();
  pen.strokeStyle = name.startsWith("#") ? name : colour(name);
  pen.fillStyle = pen.strokeStyle;
  pen.globalAlpha = thin ? 0.45 : 1;
  pen.lineWidth = thin ? 1 : 2;
  pen.lineJoin = "round";
  pen.beginPath();
  for (const [step, value] of points) if (Number.isFinite(value)) pen.lineTo(x(step), y(value));
  pen.stroke();
  if (dots || points.length === 1) {
    for (const [step, value] of points) {
      pen.beginPath();
      pen.arc(x(step), y(value), 3, 0, 7);
      pen.fill();
    }
  }
  pen.restore();
}

function marker(pen, { x, height }, step, colour) {
  pen.strokeStyle = colour("muted");
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(Math.round(x(step)) + 0.5, PAD.top);
  pen.lineTo(Math.round(x(step)) + 0.5, height - PAD.bottom);
  pen.stroke();
}

/** 0.000123 → "1.2e-4", 0.1234 → "0.123". */
export function short(value) {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return "–";
  return Math.abs(value) < 0.001 ? value.toExponential(1) : Number(value.toPrecision(3)).toString();
}
