// Own controls of the settings pane; each is another view of the form's fields.

import { copyOf, facts, part, parts, reconcile, say, set } from "./dom.js";
import { form } from "./form.js";
import { library } from "./library.js";
import { onStage } from "./shown.js";
import { store } from "./store.js";

part("easel-checkpoint-card", form, ({ name, family, note }) => () => {
  const checkpoint = form.checkpoint();
  say(name, checkpoint?.name ?? "No checkpoint is installed");
  say(family, form.family().label);
  say(note, checkpoint ? checkpoint.problem || checkpoint.note : "Put one into the models folder; the picker above says where it is.");
  family.hidden = !checkpoint;
  note.hidden = !note.textContent;
});

part("easel-shape", form, ({ size }, host) => {
  const choices = [...host.querySelectorAll("input")];
  for (const choice of choices) choice.onchange = () => form.apply(sized(choice.value));
  return () => {
    const { "size.width": width, "size.height": height } = form.values;
    say(size, `${width} × ${height}`);
    for (const choice of choices) {
      const fit = sized(choice.value);
      choice.checked = fit["size.width"] === width && fit["size.height"] === height;
    }
  };
});

/** The size with these proportions and as many pixels as the checkpoint draws best with. */
function sized(shape) {
  const [across, down] = shape.split(":").map(Number);
  const area = form.start("size.width") * form.start("size.height");
  return {
    "size.width": snapped(Math.sqrt((area * across) / down)),
    "size.height": snapped(Math.sqrt((area * down) / across)),
  };
}

/** The nearest size that the family can draw. */
function snapped(side) {
  const multiple = form.family().size_multiple;
  return Math.max(64, Math.round(side / multiple) * multiple);
}

// A size that was typed goes to the nearest possible one, when the keyboard leaves its field.
document.addEventListener("focusout", ({ target }) => {
  const field = facts.fields.find((known) => known.multiple_of && known.element === target.closest?.(".field")?.id);
  const value = field && form.values[field.id];
  if (value && value % field.multiple_of === 0 && snapped(value) !== value) form.apply({ [field.id]: snapped(value) });
});

part("easel-pictures", form, ({ total }, host) => {
  const choices = [...host.querySelectorAll("input")];
  for (const choice of choices) choice.onchange = () => form.apply({ "batch.count": Number(choice.value) });
  return () => {
    const { "batch.count": batches, "batch.size": size } = form.values;
    for (const choice of choices) choice.checked = Number(choice.value) === batches;
    const usual = size === 1 && choices.some((choice) => choice.checked);
    say(total, usual ? "" : size === 1 ? String(batches) : `${batches} × ${size} = ${batches * size}`);
  };
});

part("easel-seed", form, ({ random, reuse }) => {
  random.onclick = () => form.apply({ "seed.value": -1 });
  reuse.onclick = () => {
    const { picture } = onStage(store.state);
    if (picture) form.apply({ "seed.value": picture.seed });
  };
  return () => set(random, "aria-pressed", String(form.values["seed.value"] === -1));
});

part("easel-changed", form, ({ list }, host) => () => {
  const changed = form.view === "all" ? [] : form.hidden();
  host.hidden = changed.length === 0;
  reconcile(list, changed, (field) => field.id, changedChip, (element, field) =>
    say(element.firstElementChild, `${field.label} ${form.shown(field)}`));
});

function changedChip({ id, label }) {
  const made = copyOf("chip");
  const { open, reset } = parts(made);
  open.title = `Open ${label}`;
  open.onclick = () => form.open(id);
  set(reset, "aria-label", `Reset ${label}`);
  reset.onclick = () => form.reset(id);
  return made;
}

// A tick on each slider where the checkpoint draws best, and a band where that is usual; fields without effect are off and say why.
form.subscribe(() => {
  const { usual } = library.start(form.checkpoint());
  for (const { id, element, minimum, maximum, lacking } of facts.fields) {
    const block = document.getElementById(element);
    const marks = [form.start(id), ...(usual[id] ?? [minimum, minimum])];
    ["start", "from", "to"].forEach((name, place) => block?.style.setProperty(`--${name}`, (marks[place] - minimum) / (maximum - minimum)));
    if (lacking && block) switchOff(block, form.unused(id));
  }
});

function switchOff(block, reason) {
  if (block.lastElementChild.className !== "reason") block.append(copyOf("reason"));
  say(block.lastElementChild, reason);
  set(block, "data-unused", Boolean(reason));
  for (const input of block.querySelectorAll("input")) input.disabled = Boolean(reason);
}
