// Beside a result: what may help where it disappoints, as changes that are seen and can be undone.

import { attempt, call, token } from "../api.js";
import { say, set } from "../dom.js";
import { form } from "../form.js";
import { onStage } from "../shown.js";
import { store } from "../store.js";
import { changeForm } from "./changing.js";
import { looks } from "./looks.js";

/** Keep an element beside the picture on the stage. */
export async function ladders(place) {
  await looks;
  const { ask, panel, changes, line, draw } = Object.fromEntries(
    [...place.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
  let open = false;
  let symptom = "";
  let shown = null; // the picture that the panel tells of
  let made = []; // changes of the form, the last one at the end

  place.onclick = ({ target }) => {
    const button = target.closest("[data-do]");
    if (button) DEEDS[button.dataset.do](button);
  };

  const DEEDS = {
    open() {
      open = !open;
      show();
    },

    choose({ dataset: { ladder } }) {
      symptom = ladder === symptom ? "" : ladder;
      choose();
    },

    change(button) {
      if (button.getAttribute("aria-pressed") === "true") return DEEDS.draw();
      const fields = JSON.parse(button.dataset.fields);
      made.push({ label: button.textContent, fields, before: changeForm(fields), drawn: false, picture: shown });
      set(button, "aria-pressed", "true");
      tell();
    },

    undo() {
      const { before, fields } = made.pop();
      changeForm(before);
      const wanted = JSON.stringify(fields);
      const button = [...panel.querySelectorAll("[data-fields]")].find(({ dataset }) => JSON.stringify(JSON.parse(dataset.fields)) === wanted);
      if (button) set(button, "aria-pressed", null);
      tell();
    },

    async draw() {
      const pending = made.filter(({ drawn }) => !drawn);
      if (!pending.length) return;
      const fields = Object.assign(fitting(), ...pending.map((one) => one.fields));
      const body = { token: token(), picture: pending[0].picture, fields };
      draw.disabled = true;
      const job = await attempt(() => call("POST", "/page/helping/again", body), (notice) => store.change({ notice }));
      draw.disabled = false;
      if (!job) return;
      for (const one of pending) one.drawn = true;
      if (!store.state.jobs.has(job.id)) store.take({ type: "job", job });
      store.follow(job.id);
      tell();
    },
  };

  function tell() {
    changes.hidden = !made.length;
    draw.hidden = made.every(({ drawn }) => drawn);
    say(line, made.map(({ label }) => label).join(", "));
  }

  function choose() {
    for (const chip of panel.querySelectorAll("[data-ladder]")) set(chip, "aria-pressed", String(chip.dataset.ladder === symptom));
    for (const list of panel.querySelectorAll("[data-for]")) list.hidden = list.dataset.for !== symptom;
  }

  /** Tell of the picture that is on the stage, where the panel is open. */
  async function show() {
    const { picture, stale, preview } = onStage(store.state);
    const there = Boolean(picture) && !stale && !preview;
    ask.hidden = !there;
    set(ask, "aria-expanded", String(open));
    panel.hidden = !there || !open;
    if (panel.hidden || shown === picture.id) return;
    shown = picture.id;
    const drawn = await attempt(() => call("POST", "/page/helping/ladders", { picture: picture.id, fields: fitting() }),
      ({ sentence, hint }) => say(panel, `${sentence} ${hint}`));
    if (shown !== picture.id || !drawn) return;
    panel.innerHTML = drawn;
    choose();
  }

  store.subscribe(show);
  show();
}

/** What of the form decides how a picture fits, which is not kept with it. */
function fitting() {
  return Object.fromEntries(Object.entries(form.values).filter(([id]) => id.startsWith("memory.")));
}
