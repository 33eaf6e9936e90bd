// What the server says of the prompts: counts at their edges, marks in them, effects and checks.

import { attempt, call } from "../api.js";
import { parts, say, set } from "../dom.js";
import { form } from "../form.js";
import { library } from "../library.js";
import { remember, remembered } from "../store.js";
import { opens } from "./menus.js";

const REST_MS = 150; // without a key, before the server is asked
const LONG_REST_MS = 700; // more, before a name that may be half typed is said to be none
const AWAY_KEY = "easel.coach";
const MATTERS = ["prompt.positive", "prompt.negative", "model.checkpoint", "model.t5xxl", "sampling.steps", "sampling.cfg_scale"];

/** Keep telling of both boxes, each `{ id, box, mirror }`. */
export function reading(place, boxes) {
  const own = parts(place);
  const effects = document.querySelector("easel-effects");
  const counters = new Map(boxes.map(({ id, box }) => [id, counter(own, box)]));
  let asked = "";
  let timer = 0;
  let later = 0;

  function changed() {
    const fields = Object.fromEntries(MATTERS.map((id) => [id, form.values[id]]));
    for (const { id, box } of boxes) fields[id] = box.value;
    const wanted = JSON.stringify([fields, library.revision]);
    if (wanted === asked) return;
    asked = wanted;
    clearTimeout(timer);
    clearTimeout(later);
    timer = setTimeout(() => attempt(async () => {
      const told = await call("POST", "/page/writing/read", { fields });
      if (wanted !== asked) return;
      show(told);
      later = setTimeout(showEffects, told.effects ? LONG_REST_MS : 0, told.effects);
    }, () => { asked = ""; }), REST_MS);
  }

  function showEffects(drawn) {
    effects.innerHTML = drawn;
    effects.hidden = !drawn;
  }

  function show(told) {
    for (const { id, mirror } of boxes) {
      const count = told[id.slice("prompt.".length)];
      counters.get(id)(count);
      mirror.mark(count.cuts, count.lost_from);
    }
    say(own.score, told.score);
    set(own.coach, "aria-label", `Checks of the prompt: ${told.score} good`);
    set(own.coach, "data-faults", told.checks.includes("class=\"fault\""));
    own.checkList.innerHTML = told.checks;
    showCoach();
  }

  function showCoach() {
    const away = remembered(AWAY_KEY, "localStorage") !== null;
    own.coach.hidden = away || !own.score.textContent;
    own.back.hidden = !away;
  }

  function keepAway(away) {
    remember(AWAY_KEY, away ? "away" : null, "localStorage");
    showCoach();
  }

  opens(own.checks, own.coach);
  own.away.onclick = () => {
    keepAway(true);
    own.checks.hidePopover();
  };
  own.back.onclick = () => {
    keepAway(false);
    own.tokens.hidePopover();
  };

  for (const { box, mirror } of boxes) {
    box.addEventListener("input", () => {
      mirror.clear();
      changed();
    });
  }
  form.subscribe(changed);
  changed();
}

/** The count at a box's edge; a click tells of its pieces. */
function counter(own, box) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "writing-count", hidden: true });
  box.parentElement.append(button);
  let panel = "";
  opens(own.tokens, button, () => { own.count.innerHTML = panel; });
  return (count) => {
    panel = count.panel;
    button.hidden = !count.label;
    say(button, count.label);
    set(button, "title", count.title);
    set(button, "aria-label", `Tokens: ${count.title}`);
    set(button, "data-lost", count.lost_from !== null);
  };
}
