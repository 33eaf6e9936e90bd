// One axis of a grid: which setting, and its values as a list to tick or a box to write in.

import { choices, example, offers } from "./offers.js";

let made = 0;

/** Draw an axis as it was left; gives its element and what it holds. */
export function axis(label, kept, changed) {
  const element = document.createElement("fieldset");
  const id = `grid-axis-${(made += 1)}`;
  const values = document.createElement("div");
  const select = document.createElement("select");
  const legend = document.createElement("legend");
  legend.textContent = label;
  select.setAttribute("aria-label", `${label}: setting`);
  const groups = offers();
  const known = new Map(Object.values(groups).flat().map((field) => [field.id, field]));
  select.append(new Option("Nothing", ""), ...Object.entries(groups).map(([name, fields]) => {
    const group = document.createElement("optgroup");
    group.label = name;
    group.append(...fields.map((field) => new Option(field.label, field.id)));
    return group;
  }));
  let read = () => null;

  const draw = (given) => {
    const field = known.get(select.value);
    values.replaceChildren();
    read = field ? control(values, { field, label, id, given, changed }) : () => null;
  };
  if (known.has(kept?.field)) select.value = kept.field;
  draw(kept?.values ?? null);
  select.onchange = () => {
    draw(null);
    changed();
  };
  element.append(legend, select, values);
  return { element, read: () => (select.value ? { field: select.value, values: read() } : null) };
}

/** What the values are chosen or written with; gives how they are read. */
function control(place, { field, label, id, given, changed }) {
  const offered = choices(field);
  if (offered) return ticks(place, offered, given, changed);
  const several = field.kind === "lines";
  const box = document.createElement(several ? "textarea" : "input");
  box.id = id;
  box.setAttribute("aria-label", `${label}: values`);
  box.placeholder = example(field);
  box.spellcheck = false;
  box.oninput = changed;
  const numeric = ["integer", "number"].includes(field.kind);
  box.value = given ?? (numeric ? example(field) : "");
  place.append(box);
  if (several) {
    box.rows = 4;
    place.append(chip("From a file", () => fromFile(box, changed)));
  } else {
    box.onkeydown = (event) => {
      if (event.key === "Enter") event.preventDefault(); // else the dialog closes
    };
  }
  return () => box.value;
}

function ticks(place, offered, given, changed) {
  const chosen = Array.isArray(given) ? given : offered.slice(0, 3).map(([, value]) => value);
  const list = document.createElement("div");
  list.className = "ticks";
  const boxes = offered.map(([label, value]) => {
    const box = document.createElement("input");
    Object.assign(box, { type: "checkbox", value, checked: chosen.includes(value), onchange: changed });
    const row = document.createElement("label");
    row.append(box, label);
    list.append(row);
    return box;
  });
  const all = (checked) => () => {
    for (const box of boxes) box.checked = checked;
    changed();
  };
  place.append(list, chip("All", all(true)), chip("None", all(false)));
  return () => boxes.filter(({ checked }) => checked).map(({ value }) => value);
}

function chip(words, onclick) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "chip", textContent: words, onclick });
  return button;
}

function fromFile(box, changed) {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", accept: ".txt,text/plain" });
  input.onchange = async () => {
    if (!input.files.length) return;
    box.value = await input.files[0].text();
    changed();
  };
  input.click();
}
