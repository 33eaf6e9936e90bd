// The curves of a training: the loss as it is and smoothed, by noise level, and of pictures held back.

const BANDS = [["least noise", "#4aa3df"], ["little noise", "#a78bfa"], ["much noise", "#e3934f"], ["most noise", "#d9679b"]];
const SMOOTH = 0.05; // how much of a new value a smoothed curve takes on

/** What can be shown, with what is shown at first. */
export const CURVES = [
  { key: "raw", name: "each step", colour: "muted", first: true },
  { key: "smooth", name: "smoothed", colour: "accent", first: true },
  { key: "validation", name: "held back", colour: "warn", first: true },
  ...BANDS.map(([name, colour], place) => ({ key: `band${place}`, name, colour, first: false, band: place })),
];

/** The curves of a story that have something to show. */
export function curvesOf({ measured, validated }) {
  const points = {
    raw: measured.map(({ step, loss }) => [step, loss]),
    smooth: measured.map(({ step, average }) => [step, average]),
    validation: validated.map(({ step, loss }) => [step, loss]),
  };
  for (const { key, band } of CURVES) if (band !== undefined) points[key] = smoothed(measured, band);
  return CURVES.map((curve) => ({ ...curve, points: points[curve.key], thin: curve.key === "raw", dots: curve.key === "validation" })).filter((curve) => curve.points.length);
}

function smoothed(measured, band) {
  const points = [];
  let average = null;
  for (const { step, bands } of measured) {
    const loss = bands[band];
    if (loss === null || loss === undefined) continue;
    average = average === null ? loss : average + (loss - average) * SMOOTH;
    points.push([step, average]);
  }
  return points;
}
