// What is done with a map that is ready: drawn by, kept, downloaded.

import { call } from "../api.js";
import { say, set } from "../dom.js";
import { form } from "../form.js";
import { source } from "../imaging/session.js";
import { toTab } from "../tabs.js";
import { showUnit, steerBy } from "./control.js";
import { NONE, offers } from "./offers.js";
import { prepared } from "./prepared.js";
import { units } from "./units.js";

/** Wire the buttons below the map; gives their update. */
export function using(page) {
  const { own, tried } = page;

  /** The reference of what is to be used, as it looks now. */
  async function ready() {
    if (prepared.state.posing) return page.posed();
    await page.settle();
    return page.made;
  }

  /** What it shows. */
  page.type = () => {
    const { preprocessor, type, posing } = prepared.state;
    if (posing) return "pose";
    return preprocessor === NONE ? type : offers.preprocessor(preprocessor)?.type ?? null;
  };
  const named = () => offers.known.types[page.type()] ?? "Map";

  /** A name for a map that nobody named, of which there is none yet. */
  function unusedName() {
    let name = named();
    for (let number = 2; page.names.includes(name); number += 1) name = `${named()} ${number}`;
    return name;
  }

  /** Draw by the map: in the unit that it was made for, else in another. */
  const use = (tab) => tried(async () => {
    const map = await ready();
    const { unit, picture, used } = prepared.state;
    const values = { on: "on", picture: map, preprocessor: NONE, type: page.type(), mask: null, threshold_a: null, threshold_b: null };
    const model = unit ? units.of(unit).model : null;
    const made = unit && (units.of(unit).picture ?? form.values["source.picture"]) === picture;
    const stays = made ? unit : units.numbers.find((number) => used && units.of(number).picture === used);
    toTab(tab);
    if (stays) {
      units.set(stays, values);
      showUnit(stays);
    } else steerBy({ ...values, model });
    prepared.change({ unit: 0, used: map });
  });
  own.useText.onclick = () => use("text-to-image");
  own.useImage.onclick = () => use("image-to-image");
  own.back.onclick = () => prepared.change({ drawn: prepared.state.before, before: null });
  own.download.onclick = () => tried(async () => {
    Object.assign(document.createElement("a"), { href: source(await ready()), download: `${named()}.png` }).click();
  });
  own.save.onclick = () => tried(async () => {
    const picture = await ready();
    const preprocessor = prepared.state.posing ? "" : offers.preprocessor(prepared.state.preprocessor)?.id ?? "";
    await call("POST", "/api/maps/saved", { picture, name: own.name.value.trim() || unusedName(), preprocessor, makes: page.type() });
    own.name.value = "";
    await page.keptAnew();
    say(own.told, "Saved: it is in the list.");
  });

  page.use = () => {
    const { before, posing } = prepared.state;
    const there = posing || Boolean(page.made);
    own.back.hidden = posing || !before;
    own.told.hidden = posing;
    own.using.hidden = !there && !before && !own.told.textContent;
    for (const one of [own.save, own.download, own.useText, own.useImage, own.name]) one.hidden = !there;
    if (posing) own.download.hidden = true; // the editor has its own
    own.compare.hidden = prepared.state.preprocessor === NONE;
    set(own.name, "placeholder", `Name: ${named()}`);
  };
  return page.use;
}
