// What the hubs have: a search, and what it finds.

import { parts, say, set } from "../dom.js";
import { remember, remembered } from "../store.js";
import { get, query } from "./asking.js";
import { tiles } from "./hits.js";
import { hit } from "./hit.js";
import { told } from "./refused.js";
import { styled } from "./styled.js";

const WANTED_KEY = "easel.find";
const MATURE_KEY = "easel.find.mature";
const LONGEST_WORDS = 200;
const LINK = /^(https?:\/\/|(urn:)?air:|civitai:|huggingface:|(www\.)?(civitai\.com|huggingface\.co|hf\.co)\/|\d+\s*@\s*\d+$|[\w.-]+\/[\w.-]+$|hash:[\da-f]{8,64}$)/i;

/** Set the view up; gives what shows it again, with `{ link }` of a model to tell of, or `{ words }` to search. */
export async function open(section) {
  const [drawn] = await Promise.all([get("/find"), styled("find")]);
  section.innerHTML = drawn;
  const own = parts(section);
  const { text, hub, mature } = own.wanted.elements;
  const label = () => hub.selectedOptions[0].label;
  const adults = () => Boolean(mature?.checked);
  const pane = hit(own.details, own.waiting, adults);
  const list = tiles(own.hits, own.tiles, () => next && !barren && !asking && more());
  let turn = 0; // grows with each search: answers to older ones are dropped
  let asking = false;
  let searched = false;
  let barren = false; // whether the hub had nothing fitting for a while, so that going on is asked for
  let next = "";

  const values = () => ({ ...Object.fromEntries(new FormData(own.wanted)), text: text.value.trim().slice(0, LONGEST_WORDS) });

  /** What the chosen hub does not understand is off, and says why. */
  function fits() {
    for (const option of own.wanted.querySelectorAll("[data-only]")) {
      option.disabled = option.dataset.only !== hub.value;
      if (option.disabled && option.selected) option.parentElement.value = "";
    }
    const { period } = own.wanted.elements;
    period.disabled = hub.value === "huggingface";
    own.period.lastElementChild.hidden = !period.disabled;
    set(period, "aria-describedby", period.disabled && "why-no-period");
  }

  function keep() {
    remember(WANTED_KEY, JSON.stringify(values()));
    if (mature) remember(MATURE_KEY, mature.checked ? "on" : null, "localStorage");
  }

  /** Look for what the form says, in place of what was found before. */
  function search() {
    searched = true;
    turn += 1;
    ask("", () => list.clear());
  }

  const more = () => ask(next, () => {});

  async function ask(page, before) {
    const mine = turn;
    asking = true;
    say(own.told, page ? `Asking ${label()} for more` : `Searching ${label()}`);
    const found = await told(own.failed, () => get(`/find/hits${query({ ...values(), page })}`), () => ask(page, before));
    if (mine !== turn) return;
    asking = false;
    if (found) {
      before();
      next = found.next_page;
      barren = !found.count;
      list.add(found.cards);
    }
    own.more.hidden = !(next && barren);
    say(own.told, counted());
  }

  function counted() {
    if (!own.failed.hidden && !list.count) return "";
    if (!list.count) return next ? "Nothing is like this so far." : "Nothing is like this. Try other words, or fewer filters.";
    const hits = list.count === 1 ? "1 model" : `${list.count} models`;
    return next ? `${hits} so far` : `${hits} at ${label()}`;
  }

  own.wanted.onsubmit = (event) => {
    event.preventDefault();
    keep();
    if (LINK.test(text.value.trim())) pane.link(text.value.trim());
    else search();
  };
  text.oninput = ({ inputType }) => inputType === "insertFromPaste" && LINK.test(text.value.trim()) && own.wanted.requestSubmit();
  text.onkeydown = (event) => {
    if (event.key === "Escape" && text.value) event.stopPropagation(); // it empties the box
  };
  own.wanted.onchange = ({ target }) => {
    fits();
    keep();
    if (searched && target !== text) search();
  };
  own.fold.onclick = () => set(own.fold, "aria-expanded", String(own.fold.getAttribute("aria-expanded") !== "true"));
  section.onclick = ({ target }) => {
    const button = target.closest("[data-do]");
    if (button?.dataset.do === "open") {
      set(own.tiles.querySelector("[aria-current]") ?? button, "aria-current", null);
      set(button, "aria-current", "true");
      pane.model(button.dataset);
    }
    if (button?.dataset.do === "tokens") pane.tokens();
    if (button?.dataset.do === "more") more();
  };

  const kept = JSON.parse(remembered(WANTED_KEY) ?? "{}");
  for (const [name, value] of Object.entries(kept)) {
    const control = own.wanted.elements[name];
    if (control?.type === "checkbox") control.checked = true;
    else if (control) control.value = value;
  }
  if (mature) mature.checked = remembered(MATURE_KEY, "localStorage") === "on";
  fits();

  return ({ link, tokens, words } = {}) => {
    if (words) {
      text.value = words;
      keep();
      search();
    }
    if (link) pane.link(link);
    if (tokens) pane.tokens();
  };
}
