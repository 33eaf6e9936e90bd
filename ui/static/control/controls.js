// The units of ControlNet in the settings.

import { attempt, call } from "../api.js";
import { styled } from "../browser/styled.js";
import { parts, reconcile, say, set } from "../dom.js";
import { form } from "../form.js";
import { store } from "../store.js";
import { cardOf } from "./card.js";
import { showUnit } from "./control.js";
import { gallery } from "./gallery.js";
import { offers } from "./offers.js";
import { units } from "./units.js";

/** Fill the place in the settings. */
export async function controls(host) {
  const [panel] = await Promise.all([call("GET", "/page/control"), styled("../control/control")]);
  host.innerHTML = panel;
  const own = parts(host);
  const tell = ({ message, hint }) => {
    own.said.hidden = false;
    say(own.said, `${message} ${hint}`);
  };
  const tried = (action) => {
    own.said.hidden = true;
    return attempt(action, tell);
  };
  const panelOf = { own, choose: gallery(own, tried) };
  const cards = new Map(); // also those that were taken away
  const card = (number) => cards.get(number) ?? cards.set(number, cardOf(number, panelOf)).get(number);
  own.add.onclick = () => showUnit(units.add({ ...offers.beginning() }));
  own.more.onclick = () => units.allowMore();
  const chip = wireChip(own);

  const draw = () => {
    const { numbers, count, most, canBeMore } = units;
    own.intro.hidden = count > 0;
    own.full.hidden = count < most || !canBeMore;
    own.add.disabled = count >= most;
    set(own.add, "title", count >= most ? `${most} can steer at once` : null);
    reconcile(own.units, numbers, (number) => number, card, (one) => one.update());
    chip();
  };
  const look = () => attempt(() => offers.look(), tell);
  form.subscribe(() => {
    look();
    draw();
  });
  let { connection } = store.state;
  store.subscribe(() => {
    for (const one of own.units.children) one.tell();
    if (connection === store.state.connection) return;
    ({ connection } = store.state);
    if (connection === "live") look(); // it may have failed meanwhile
  });
  offers.subscribe(draw);
  draw();
  await tried(() => offers.look());
}

/** Below the prompt: that pictures steer, and how many. */
function wireChip({ chip: template }) {
  const chip = template.content.firstElementChild.cloneNode(true);
  chip.onclick = (event) => {
    event.stopPropagation(); // else the sheet of a phone closes again
    const active = units.numbers.filter(units.active);
    showUnit(active.find((number) => offers.misfits(units.of(number))) ?? active[0]);
  };
  const links = document.querySelector("easel-composer-links");
  return () => {
    const active = units.numbers.filter(units.active);
    if (!chip.isConnected) links?.querySelector(".sheet-button").after(chip);
    const misfits = active.filter((number) => offers.misfits(units.of(number)));
    chip.hidden = !active.length;
    set(chip, "data-misfits", misfits.length > 0);
    const count = active.length > 1 ? ` × ${active.length}` : "";
    say(chip, misfits.length ? `ControlNet ${misfits.join(", ")}: no model for ${offers.known.family}` : `ControlNet${count}`);
  };
}
