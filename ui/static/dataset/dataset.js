// The pictures that a LoRA learns from, with their captions: `<easel-dataset>`.
//
// `element.value` is {folder, trigger, concepts, pictures, problems}, and “dataset” is fired when it
// changes; `concepts` is what the setting `dataset.concepts` takes. `element.resolution` may be set.

import { call } from "../api.js";
import { styled } from "../browser/styled.js";
import { parts, set } from "../dom.js";
import { form } from "../form.js";
import { askBefore } from "../picture.js";
import { batch } from "./batch.js";
import { captioning } from "./captioning.js";
import { cards } from "./cards.js";
import { checks } from "./checks.js";
import { filling } from "./filling.js";
import { gallery } from "./gallery.js";
import { at, begin, change, create, follow, listed, lookSoon, open, own, say, take, tried } from "./own.js";

const RESOLUTIONS = [128, 256, 512, 768, 1024];

/** Fill the place. */
export async function dataset(element) {
  const [panel] = await Promise.all([call("GET", "/page/dataset"), styled("../dataset/dataset")]);
  element.innerHTML = panel;
  const page = parts(element);
  Object.defineProperty(element, "resolution", { set: (wanted) => resolve(page, wanted) });
  header(page);
  telling(page);
  filling(page);
  gallery(page);
  cards(page);
  checks(page);
  batch(page);
  captioning(page);
  follow(() => tell(element));
  resolve(page, form.start("size.width"));
  await begin();
}

function header(page) {
  page.which.onchange = () => open(page.which.value);
  page.create.onclick = () => tried(async () => {
    await create("New dataset");
    page.name.focus();
    page.name.select();
  });
  for (const key of ["name", "trigger"]) {
    page[key].onchange = () => tried(async () => {
      if (!own.view) await create();
      const text = page[key].value.trim();
      if (key === "trigger" || text) take(await call("PATCH", at(), { [key]: text }));
      if (key === "name") await listed();
    });
  }
  askBefore(page.delete, () => tried(remove));
  page.resolution.onchange = () => resolve(page, Number(page.resolution.value));
  follow(() => {
    const { list, view } = own;
    const known = list.map(({ id, name, pictures }) => [id, id === view?.id ? view.name : name, id === view?.id ? view.pictures.length : pictures]);
    page.which.replaceChildren(...known.map(([id, name, count]) => new Option(`${name} (${count})`, id)));
    page.which.value = view?.id ?? "";
    page.which.parentElement.hidden = list.length < 2;
    page.create.hidden = page.delete.hidden = !view;
    for (const key of ["name", "trigger"]) if (document.activeElement !== page[key]) page[key].value = view?.[key] ?? "";
    page.name.parentElement.hidden = !view;
    page.work.hidden = !view?.pictures.length && !(view?.concepts.length > 1);
    set(page.drop, "data-small", !page.work.hidden);
  });
}

async function remove() {
  const { id, name } = own.view;
  const { token } = await call("DELETE", at());
  await listed();
  await open(own.list[0]?.id);
  say(`“${name}” is deleted.`, async () => {
    take(await call("POST", `/api/datasets/${id}/restore?token=${token}`));
    await listed();
  });
}

/** What was said last, until it is closed or something else is said. */
function telling(page) {
  page.hush.onclick = () => say("");
  page.undo.onclick = () => {
    const { undo } = own.said;
    say("");
    tried(undo);
  };
  follow(() => {
    const { said } = own;
    page.said.hidden = !said;
    set(page.said, "data-calm", !said?.wrong);
    page.words.textContent = said?.words ?? "";
    page.undo.hidden = !said?.undo;
  });
}

function resolve(page, wanted) {
  const nearest = RESOLUTIONS.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
  page.resolution.value = nearest;
  if (nearest === own.resolution) return;
  change({ resolution: nearest, report: null });
  lookSoon();
}

function tell(element) {
  const { view, report } = own;
  const value = {
    folder: view?.pictures.length ? view.folder : "",
    trigger: view?.trigger ?? "",
    concepts: (view?.concepts ?? []).filter(({ folder, trigger, pictures }) => folder && trigger && pictures).map(({ folder, trigger }) => `${folder}=${trigger}`).join(", "),
    pictures: view?.pictures.length ?? 0,
    problems: report?.findings.length ?? 0,
  };
  if (JSON.stringify(value) === JSON.stringify(element.value)) return;
  element.value = value;
  element.dispatchEvent(new Event("dataset"));
}
