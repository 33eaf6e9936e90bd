// The pictures as cards, each with its caption, in the concepts that they belong to.

import { call } from "../api.js";
import { reconcile, say as write, set } from "../dom.js";
import { typed } from "./captions.js";
import { troublesOf } from "./checks.js";
import { again, at, change, follow, own, say, shown, take, tried } from "./own.js";

const SHOWN = { "no caption": "No caption", "too small": "Too small", blurred: "Blurred", alike: "Nearly the same as another", unreadable: "Cannot be read", "unknown encoding": "Letters may be wrong" };

/** Wire the pictures. */
export function cards(page) {
  page.every.onchange = () => change({ chosen: new Set(page.every.checked ? visible().map(({ path }) => path) : []) });
  page.remove.onclick = () => remove([...own.chosen]);
  page.target.onchange = () => move(page.target);
  page.unfilter.onclick = () => change({ only: null });
  page.crops.onchange = () => set(page.concepts, "data-crops", page.crops.checked);
  page.concept.onclick = () => tried(async () => take(await call("POST", at("/concepts"), { name: freeName() })));
  follow(() => draw(page));
}

/** The pictures that are shown. */
export function visible() {
  const { view, only } = own;
  return (view?.pictures ?? []).filter(({ path }) => !only || only.paths.has(path));
}

function draw(page) {
  const { view, chosen, only } = own;
  if (!view) return page.concepts.replaceChildren();
  const there = visible();
  bar(page, there);
  const sizes = new Map(own.report?.buckets.flatMap(({ width, height, paths }) => paths.map((path) => [path, [width, height]])));
  const troubles = troublesOf(own.report);
  reconcile(page.concepts, view.concepts, ({ folder }) => `${view.id}/${folder}`, (concept) => section(page, concept), (place, concept) => {
    const inside = there.filter((one) => one.concept === concept.folder);
    place.hidden = Boolean(only || !concept.folder) && !inside.length;
    concerning(place, concept);
    reconcile(place.querySelector(".grid"), inside, ({ path, version }) => `${path} ${version}`, (picture) => card(page, picture), (one, picture) => {
      update(one, picture, sizes.get(picture.path), troubles.get(picture.path) ?? [], chosen.has(picture.path));
    });
  });
}

function bar(page, there) {
  const { view, chosen, only } = own;
  write(page.count, chosen.size ? `${chosen.size} chosen` : `${view.pictures.length} ${view.pictures.length === 1 ? "picture" : "pictures"}`);
  page.every.checked = chosen.size > 0 && chosen.size === there.length;
  page.every.indeterminate = chosen.size > 0 && !page.every.checked;
  page.unfilter.hidden = !only;
  write(page.unfilter, only ? `${only.label} (${there.length}) ×` : "");
  set(page.unfilter, "aria-label", only ? `Show all, not only: ${only.label}` : null);
  page.remove.hidden = !chosen.size;
  page.moving.hidden = !chosen.size || view.concepts.length < 2;
  const options = view.concepts.map(({ folder, name }) => new Option(name || "No concept", folder));
  page.target.replaceChildren(new Option("Move to…", "?"), ...options);
}

function section(page, concept) {
  const made = page.section.content.firstElementChild.cloneNode(true);
  if (!concept.folder) {
    made.querySelector(".fields").remove();
    made.querySelector(".empty-note").remove();
    return made;
  }
  const inputs = fieldsOf(made);
  for (const input of Object.values(inputs)) {
    input.onchange = () => tried(async () => {
      const { name, trigger, repeats } = inputs;
      if (!name.value.trim() || !repeats.checkValidity()) return again();
      take(await call("POST", at("/concepts"), { folder: made.dataset.folder, name: name.value, trigger: trigger.value, repeats: Number(repeats.value) }));
    });
  }
  made.querySelector("[data-do=dissolve]").onclick = () => tried(async () => {
    take(await call("DELETE", at(`/concepts?folder=${encodeURIComponent(made.dataset.folder)}`)));
    say(`The pictures of “${concept.name}” are among those without a concept.`);
  });
  return made;
}

function concerning(place, concept) {
  if (!concept.folder) return;
  place.dataset.folder = concept.folder;
  for (const [key, input] of Object.entries(fieldsOf(place))) if (document.activeElement !== input) input.value = concept[key];
  place.querySelector(".empty-note").hidden = concept.pictures > 0;
}

const fieldsOf = (place) => Object.fromEntries([...place.querySelectorAll("[data-of]")].map((one) => [one.dataset.of, one]));

function card(page, picture) {
  const made = page.card.content.firstElementChild.cloneNode(true);
  const [image, box, words] = ["img", "input", "textarea"].map((one) => made.querySelector(one));
  const name = picture.path.split("/").at(-1);
  image.src = shown(picture);
  image.parentElement.style.setProperty("--ratio", picture.width ? picture.width / picture.height : 1);
  image.onclick = () => window.open(shown(picture, "picture"), "_blank", "noopener");
  image.title = "Open it in full";
  set(box, "aria-label", `Choose ${name}`);
  set(words, "aria-label", `Caption of ${name}`);
  set(words, "placeholder", "What does it show?");
  write(made.querySelector(".name"), name);
  made.querySelector(".name").title = picture.path;
  box.onchange = () => {
    const chosen = new Set(own.chosen);
    chosen[box.checked ? "add" : "delete"](picture.path);
    change({ chosen });
  };
  words.oninput = () => typed(picture.path, words.value, made);
  words.onblur = () => typed(picture.path, words.value, made, true);
  const button = made.querySelector("[data-do=remove]");
  set(button, "aria-label", `Remove ${name}`);
  button.onclick = () => remove([picture.path]);
  return made;
}

function update(made, picture, size, troubles, chosen) {
  const words = made.querySelector("textarea");
  if (document.activeElement !== words && words.value !== picture.caption) words.value = picture.caption;
  made.querySelector("input").checked = chosen;
  set(made, "data-chosen", chosen);
  const whole = picture.width ? `${picture.width} × ${picture.height}` : "";
  write(made.querySelector(".size"), size ? `${whole} → ${size[0]} × ${size[1]}` : whole);
  frame(made.querySelector("i"), picture, size);
  reconcile(made.querySelector(".troubles"), troubles.filter(({ code }) => SHOWN[code]), ({ code }) => code, ({ code, hint }) => {
    const told = document.createElement("span");
    told.textContent = SHOWN[code];
    told.title = hint;
    return told;
  });
}

/** The part that is learned: the picture is brought to the size that it covers, and cut around its middle. */
function frame(box, { width, height }, size) {
  box.hidden = !size;
  if (!size) return;
  const scale = Math.max(size[0] / width, size[1] / height);
  const [across, down] = [size[0] / (width * scale), size[1] / (height * scale)];
  Object.assign(box.style, { inset: `${50 * (1 - down)}% ${50 * (1 - across)}%` });
}

function remove(paths) {
  return tried(async () => {
    const { token } = await call("POST", at("/remove"), { paths });
    const home = at("/restore");
    await again();
    say(paths.length === 1 ? `${paths[0].split("/").at(-1)} is removed.` : `${paths.length} pictures are removed.`, async () => {
      take(await call("POST", `${home}?token=${token}`));
    });
  });
}

function move(target) {
  const concept = target.value;
  if (concept === "?") return;
  tried(async () => take(await call("POST", at("/move"), { paths: [...own.chosen], concept })));
}

function freeName() {
  const names = new Set(own.view.concepts.map(({ name }) => name.toLowerCase()));
  let number = names.size;
  while (names.has(`concept ${number}`)) number++;
  return `concept ${number}`;
}
