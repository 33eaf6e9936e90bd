// Own controls of the settings pane; each is another view of the form's fields.

import { copyOf, facts, part, parts, reconcile, say, set } from "./dom.js";
import { form } from "./form.js";
import { onStage } from "./shown.js";
import { store } from "./store.js";

part("easel-checkpoint-card", form, ({ name, family, note }) => () => {
  const checkpoint = form.checkpoint();
  say(name, checkpoint?.name ?? "No checkpoint is installed");
  say(family, checkpoint?.family ?? "");
  say(note, checkpoint ? checkpoint.note : "Put one into the folder “models” and reload the page.");
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
  const snap = (side) => Math.max(64, Math.round(side / 8) * 8);
  return {
    "size.width": snap(Math.sqrt((area * across) / down)),
    "size.height": snap(Math.sqrt((area * down) / across)),
  };
}

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
    say(element.firstElementChild, `${field.label} ${shownValue(field)}`));
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

function shownValue({ id, choices }) {
  const value = form.values[id];
  return (choices && facts.choices[choices].find(([, known]) => known === value)?.[0]) || String(value);
}

// A tick on each slider where the checkpoint draws best.
form.subscribe(() => {
  for (const { id, element, minimum, maximum } of facts.fields) {
    const slider = document.querySelector(`#${element} .slider_input_container`);
    slider?.style.setProperty("--start", (form.start(id) - minimum) / (maximum - minimum));
  }
});
