// Own controls of the settings pane; each is another view of the form's fields.

import { button, h, icon, part, reconcile, say, set } from "./dom.js";
import { facts, form } from "./form.js";
import { store } from "./store.js";

const SHAPES = [
  ["Square", 1, 1], ["Portrait", 3, 4], ["Landscape", 4, 3], ["Tall", 9, 16], ["Wide", 16, 9],
];
const COUNTS = [1, 2, 4, 8];

part("easel-checkpoint-card", form, (host) => {
  const name = h("strong");
  const family = h("span", { class: "tag" });
  const note = h("p", { class: "muted" });
  host.append(h("div", { class: "card-head" }, name, family), note);
  return () => {
    const checkpoint = form.checkpoint();
    say(name, checkpoint?.name ?? "No checkpoint is installed");
    say(family, checkpoint?.family ?? "");
    family.hidden = !checkpoint;
    say(note, checkpoint ? checkpoint.note : "Put one into the folder “models” and reload the page.");
    note.hidden = !note.textContent;
  };
});

part("easel-shape", form, (host) => {
  const size = h("output", { class: "muted" });
  const choices = SHAPES.map(([name, across, down]) =>
    choice("shape", name, () => form.apply(sized(across, down)), [outline(across, down), h("span", { title: name }, `${across}:${down}`)]));
  host.append(h("div", { class: "heading" }, h("h3", { id: "heading-shape" }, "Shape"), size),
    h("div", { class: "cards", role: "radiogroup", "aria-labelledby": "heading-shape" }, ...choices));
  return () => {
    const { "size.width": width, "size.height": height } = form.values;
    SHAPES.forEach(([, across, down], place) => {
      const fit = sized(across, down);
      choices[place].firstElementChild.checked = fit["size.width"] === width && fit["size.height"] === height;
    });
    say(size, `${width} × ${height}`);
  };
});

part("easel-pictures", form, (host) => {
  const total = h("output", { class: "muted" });
  const choices = COUNTS.map((number) =>
    choice("pictures", String(number), () => form.apply({ "batch.count": number }), [h("span", {}, String(number))]));
  host.append(h("div", { class: "heading" }, h("h3", { id: "heading-pictures" }, "Pictures"), total),
    h("div", { class: "segments wide", role: "radiogroup", "aria-labelledby": "heading-pictures" }, ...choices));
  return () => {
    const { "batch.count": batches, "batch.size": size } = form.values;
    COUNTS.forEach((number, place) => {
      choices[place].firstElementChild.checked = number === batches;
    });
    const usual = size === 1 && COUNTS.includes(batches);
    say(total, usual ? "" : size === 1 ? String(batches) : `${batches} × ${size} = ${batches * size}`);
  };
});

part("easel-seed", form, (host) => {
  host.append(
    button("dice", "New seed each time", () => form.apply({ "seed.value": -1 }), { quiet: true }),
    button("reuse", "Use the seed of the picture on the stage", () => {
      const { pictures, shown } = store.state;
      const picture = pictures.find((known) => known.id === shown) ?? pictures[0];
      if (picture) form.apply({ "seed.value": picture.seed });
    }, { quiet: true }));
  return () => set(host.firstElementChild, "aria-pressed", String(form.values["seed.value"] === -1));
});

part("easel-changed", form, (host) => {
  const list = h("div", { class: "chips" });
  host.append(h("p", { class: "muted" }, "Also in effect"), list);
  return () => {
    const changed = form.view === "all" ? [] : form.hidden().filter((field) => field.id !== "batch.count");
    host.hidden = changed.length === 0;
    reconcile(list, changed, (field) => field.id, chip, (element, field) =>
      say(element.querySelector(".open"), `${field.label} ${shownValue(field)}`));
  };
});

function chip(field) {
  return h("span", { class: "chip pair" },
    h("button", { type: "button", class: "open", title: `Open ${field.label}`, onclick: () => form.open(field.id) }),
    h("button", { type: "button", "aria-label": `Reset ${field.label}`, title: "Reset", onclick: () => form.reset(field.id) }, icon("cancel", 12)));
}

function shownValue(field) {
  const value = form.values[field.id];
  if (!field.choices) return String(value);
  return facts.choices[field.choices].find(([, known]) => known === value)?.[0] ?? String(value);
}

function choice(group, name, onchange, children) {
  return h("label", {}, h("input", { type: "radio", name: group, "aria-label": name, onchange }), ...children);
}

/** The size with these proportions and as many pixels as the checkpoint draws best with. */
function sized(across, down) {
  const area = form.start("size.width") * form.start("size.height");
  const snap = (side) => Math.max(64, Math.round(side / 8) * 8);
  return {
    "size.width": snap(Math.sqrt((area * across) / down)),
    "size.height": snap(Math.sqrt((area * down) / across)),
  };
}

function outline(across, down) {
  const unit = 20 / Math.max(across, down);
  return h("i", { class: "outline", style: `inline-size:${across * unit}px;block-size:${down * unit}px` });
}
