// Menus of the prompt box: what opens beside a button, styles, and the last prompts.

import { attempt, call } from "../api.js";
import { parts, set } from "../dom.js";
import { tried } from "../doings.js";
import { boxOf, take } from "./box.js";

const GAP = 8;

/** A menu that a button opens below it, or above it where there is more room; `fill` fills it. */
export function opens(menu, button, fill = () => {}) {
  button.popoverTargetElement = menu;
  const beside = () => put(menu, button.getBoundingClientRect());
  button.addEventListener("click", async () => {
    if (isOpen(menu)) return; // this click closes it
    requestAnimationFrame(() => {
      beside();
      if (matchMedia("(hover: hover)").matches) menu.querySelector("input")?.focus(); // else a keyboard covers it
    });
    await fill();
    requestAnimationFrame(beside);
  });
}

/** Put something that is open beside a place on the screen. */
export function put(menu, { left, top, bottom }) {
  const below = innerHeight - bottom - GAP;
  const above = top - GAP;
  const up = below < Math.min(menu.scrollHeight, 320) && above > below;
  const start = Math.max(GAP, Math.min(left, innerWidth - menu.offsetWidth - GAP));
  Object.assign(menu.style, {
    insetInlineStart: `${start}px`,
    maxBlockSize: `${Math.min(360, (up ? above : below) - GAP)}px`,
    insetBlock: up ? `auto ${innerHeight - top + GAP / 2}px` : `${bottom + GAP / 2}px auto`,
  });
}

const typed = () => ({ positive: boxOf("prompt.positive").value, negative: boxOf("prompt.negative").value });

/** Put the words of a style around the prompts, or take them off. */
export function applyStyle(name) {
  return tried(async () => take(await call("POST", "/page/writing/style", { name, prompt: typed() })));
}

/** Wire both menus. */
export function menus(place) {
  const own = parts(place);
  const shown = (list, search, ask) => () => attempt(async () => {
    list.innerHTML = await ask();
    search.oninput(); // what was searched meanwhile counts for what came
  }, ({ sentence, hint }) => { list.textContent = `${sentence} ${hint}`; });
  opens(own.styles, own.style, shown(own.styleList, own.styleSearch, () => call("POST", "/page/writing/styles", typed())));
  opens(own.used, own.history, shown(own.usedList, own.usedSearch, () => call("GET", "/page/writing/used")));
  searches(own.styleSearch, own.styleList);
  searches(own.usedSearch, own.usedList);

  own.styleList.onclick = ({ target }) => {
    const button = target.closest("[data-style]");
    if (!button) return;
    own.styles.hidePopover();
    applyStyle(button.dataset.style);
  };
  own.usedList.onclick = ({ target }) => {
    const button = target.closest("[data-positive]");
    if (!button) return;
    own.used.hidePopover();
    take(button.dataset);
  };
}

/** A field that filters a list, and keys that walk through it. */
function searches(search, list) {
  const buttons = () => [...list.querySelectorAll("li:not([hidden]) button")];
  const filter = () => {
    const wanted = search.value.trim().toLowerCase();
    for (const item of list.children) item.hidden = !item.textContent.toLowerCase().includes(wanted);
  };
  search.oninput = filter;
  search.closest("[popover]").addEventListener("toggle", ({ newState }) => {
    if (newState === "open") return;
    search.value = "";
    filter();
  });
  search.closest("[popover]").onkeydown = (event) => {
    const turn = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = buttons();
    if (turn) {
      event.preventDefault();
      (all[all.indexOf(document.activeElement) + turn] ?? (turn < 0 ? search : document.activeElement)).focus();
    } else if (event.key === "Enter" && event.target === search) {
      event.preventDefault();
      all[0]?.click();
    }
  };
}

/** Whether a menu or list is open. */
export function isOpen(menu) {
  return menu.matches(":popover-open");
}

/** Mark one of a list's options. */
export function choose(list, box, option) {
  for (const each of list.children) set(each, "aria-selected", String(each === option));
  set(box, "aria-activedescendant", option?.id ?? null);
  option?.scrollIntoView({ block: "nearest" });
}
