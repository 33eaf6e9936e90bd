// What a unit has besides: when it steers, what counts more, sizes, the preprocessor's own numbers, a mask.

import { facts, say, set } from "../dom.js";
import { source } from "../imaging/session.js";
import { ask, brought } from "./bringing.js";
import { NONE } from "./offers.js";
import { fieldsOf, units } from "./units.js";

const PERFECT = { label: "Pixel-perfect", help: "The map is made at the size that is drawn." };
const RESOLUTION = 512; // what learned preprocessors were made for
const PARAMETERS = ["threshold_a", "threshold_b"];
const TOLD = ["start", "end", "mode", "fit", "mask", "resolution", ...PARAMETERS, "low_vram"];

/** Wire what is folded; gives its update. */
export function wireMore(unit) {
  const { own, rows, change, number } = unit;
  const plain = (name) => ({ ...fieldsOf[name], label: labelOf(name) });
  const listed = (name) => rows.choice(plain(name), facts.choices[`control1.${name}`], (value) => change({ [name]: value }));
  const numbered = (name) => rows.number(plain(name), (value) => change({ [name]: value }));
  const [start, end, mode, fit] = [numbered("start"), numbered("end"), listed("mode"), listed("fit")];
  const resolution = rows.number(plain("resolution"), (value) => change({ resolution: Math.round(value / 8) * 8 }));
  const perfect = rows.turn(PERFECT, (on) => change({ resolution: on ? null : RESOLUTION }));
  const low = rows.turn(plain("low_vram"), (on) => change({ low_vram: on ? "on" : "off" }));
  const mask = maskRow(unit);
  const settings = document.createElement("div"); // the preprocessor's own
  settings.className = "rows";
  own.rows.append(settings, start.made, end.made, mode.made, fit.made, mask.made, perfect.made, resolution.made, low.made);
  let made = null;
  let ownRows = [];

  return (values, { preprocessor }) => {
    for (const [row, name] of [[start, "start"], [end, "end"], [mode, "mode"], [fit, "fit"]]) row.show(values[name]);
    perfect.show(values.resolution === null);
    resolution.show(values.resolution ?? RESOLUTION);
    perfect.made.hidden = !preprocessor;
    resolution.made.hidden = !preprocessor || values.resolution === null;
    low.show(values.low_vram === "on");
    mask.show(values.mask);
    const maker = values.preprocessor === NONE ? null : preprocessor;
    if (made !== maker) {
      made = maker;
      ownRows = (maker?.parameters ?? []).map((one) => ({ ...one, row: rows.number(one, (value) => change({ [one.field]: value })) }));
      settings.replaceChildren(...ownRows.map(({ row }) => row.made));
    }
    for (const { field, row, default: usual } of ownRows) row.show(values[field] ?? usual);
    const changed = units.changed(number, TOLD).map((name) => said(name, values, ownRows));
    say(own.changed, changed.length ? ` ${changed.join(" · ")}` : "");
  };
}

const labelOf = (name) => fieldsOf[name].label.replace(/^ControlNet 1: /, "");

/** A field that differs from where it starts, in short. */
function said(name, values, ownRows) {
  const value = values[name];
  if (name === "mask") return "masked";
  if (name === "low_vram") return "low VRAM";
  const label = ownRows.find(({ field }) => field === name)?.label ?? labelOf(name);
  const shown = facts.choices[`control1.${name}`]?.find(([, one]) => one === value)?.[0];
  return shown ?? `${label} ${value}`;
}

/** Where a unit steers: a picture whose white parts say where. */
function maskRow({ panel, change, complain }) {
  const made = panel.masked.content.firstElementChild.cloneNode(true);
  const [, choose, drop] = made.children;
  choose.onclick = () => ask(panel.file, async (file) => {
    const kept = await brought(file, complain);
    if (kept) change({ mask: kept.id });
  });
  drop.onclick = () => change({ mask: null });
  return {
    made,
    show(mask) {
      drop.hidden = !mask;
      say(choose, mask ? "Another mask" : "Everywhere: choose a mask");
      set(choose, "title", fieldsOf.mask.help);
      set(choose, "style", mask && `background-image: url("${source(mask)}/thumbnail")`);
    },
  };
}
