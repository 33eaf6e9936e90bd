// The same change of many captions, and the tags with how many captions have them.

import { call } from "../api.js";
import { reconcile, say as write } from "../dom.js";
import { visible } from "./cards.js";
import { at, change, follow, lookSoon, own, say, take, tried } from "./own.js";
import { tagsOf } from "./texts.js";

const FEW = 40;
let all = false;

/** Wire the form and the list. */
export function batch(page) {
  page.do.onchange = () => { page.becomes.hidden = page.do.value !== "replace"; };
  page.batch.onsubmit = (event) => {
    event.preventDefault();
    tried(() => apply(page));
  };
  page.list.onclick = ({ target }) => {
    const tag = target.closest("button")?.dataset.key;
    if (tag) choose(page, tag);
  };
  page.more.onclick = () => {
    all = !all;
    change({});
  };
  follow(() => draw(page));
}

function draw(page) {
  const { chosen, only } = own;
  const count = chosen.size || visible().length;
  write(page.apply, chosen.size || only ? `Change ${count}` : "Change all");
  const counted = counts();
  page.tagged.hidden = !counted.length;
  reconcile(page.list, all ? counted : counted.slice(0, FEW), ([tag]) => tag, chip, (made, [tag, number]) => {
    write(made.lastElementChild, String(number));
    made.setAttribute("aria-pressed", String(only?.tag === tag));
  });
  page.more.hidden = counted.length <= FEW;
  write(page.more, all ? "Fewer" : `${counted.length - FEW} more`);
}

function counts() {
  const counted = new Map();
  for (const { caption } of own.view?.pictures ?? []) {
    for (const tag of new Set(tagsOf(caption))) counted.set(tag, (counted.get(tag) ?? 0) + 1);
  }
  return [...counted].sort(([one, many], [other, more]) => more - many || one.localeCompare(other));
}

function chip([tag]) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "chip", title: tag });
  for (const text of [tag, ""]) made.appendChild(document.createElement("span")).textContent = text;
  return made;
}

/** Show the pictures with a tag, and have it at hand for a change. */
function choose(page, tag) {
  page.tags.value = tag;
  if (own.only?.tag === tag) return change({ only: null });
  const paths = own.view.pictures.filter(({ caption }) => tagsOf(caption).includes(tag)).map(({ path }) => path);
  change({ only: { label: tag, tag, paths: new Set(paths) }, chosen: new Set() });
}

async function apply({ do: deed, tags, becomes }) {
  if (!tags.value.trim()) return tags.focus();
  const { chosen, only, view } = own;
  const paths = chosen.size ? [...chosen] : only ? visible().map(({ path }) => path) : [];
  const before = new Map(view.pictures.map(({ path, caption }) => [path, caption]));
  const changed = await call("POST", at("/tags"), { do: deed.value, tags: tags.value, becomes: becomes.value, paths });
  const address = at("/captions");
  const undone = Object.fromEntries(changed.pictures.filter(({ path, caption }) => before.get(path) !== caption).map(({ path }) => [path, before.get(path)]));
  const count = Object.keys(undone).length;
  take(changed);
  if (!count) return say("No caption needed that change.");
  say(count === 1 ? "1 caption is changed." : `${count} captions are changed.`, async () => {
    await call("PUT", address, { captions: undone });
    for (const picture of own.view.pictures) picture.caption = undone[picture.path] ?? picture.caption;
    change({});
    lookSoon();
  });
}
