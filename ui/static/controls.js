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

part("easel-shape", form, ({ size, swap }, host) => {
  const choices = [...host.querySelectorAll("input")];
  for (const choice of choices) {
    choice.onchange = () => {
      form.asPicture = !choice.value;
      if (choice.value) form.apply(sized(choice.value));
      form.look();
    };
  }
  swap.onclick = () => form.apply({ "size.width": form.values["size.height"], "size.height": form.values["size.width"] });
  return () => {
    const { "size.width": width, "size.height": height } = form.values;
    const { asPicture } = form;
    swap.disabled = asPicture;
    say(size, asPicture ? form.pictureSize : `${width} × ${height}`);
    for (const choice of choices) {
      const fit = choice.value && !asPicture && sized(choice.value);
      choice.checked = fit ? fit["size.width"] === width && fit["size.height"] === height : asPicture && !choice.value;
    }
  };
});

/** The size of about these proportions that the checkpoint draws best. */
function sized(shape) {
  const [width, height] = library.start(form.checkpoint()).shapes[shape];
  return { "size.width": width, "size.height": height };
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
  if (!value || snapped(value) === value) return;
  form.apply({ [field.id]: snapped(value) });
  form.tell(`${field.label} ${value} becomes ${snapped(value)}, which ${form.family().label} can draw.`);
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
  for (const { id, element, minimum, maximum } of facts.fields) {
    const block = document.getElementById(element);
    const marks = [form.start(id), ...(usual[id] ?? [minimum, minimum])];
    ["start", "from", "to"].forEach((name, place) => block?.style.setProperty(`--${name}`, (marks[place] - minimum) / (maximum - minimum)));
    const reason = form.unused(id);
    if (block && (reason || block.matches("[data-unused]"))) switchOff(block, reason);
  }
});

function switchOff(block, reason) {
  if (block.lastElementChild.className !== "reason") block.append(copyOf("reason"));
  say(block.lastElementChild, reason);
  set(block, "data-unused", Boolean(reason));
  for (const input of block.querySelectorAll("input")) input.disabled = Boolean(reason);
}
