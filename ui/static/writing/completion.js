// Completion: what a name that is being typed can become, in a list under the caret.

import { attempt, call } from "../api.js";
import { say, set } from "../dom.js";
import { form } from "../form.js";
import { library } from "../library.js";
import { replace } from "./box.js";
import { applyStyle, choose, isOpen, put } from "./menus.js";

const REST_MS = 120;
const SHORTEST = 3; // letters of a word that may be an embedding's name
const AWAY = new Set(["ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown"]);
const TRIGGERS = [
  [/<(?:(lora|lyco|style):)?([^<>:\n]*)$/i, (kind) => ({ lora: "lora", lyco: "lora", style: "style" })[kind?.toLowerCase()] ?? ""],
  [/(?<=\bembedding:)()([\w./-]*)$/i, () => "embedding"],
  [/__()([\w/*.-]*?)$/, () => "wildcard"],
];
const WORD = /(?<=^|[\s,([{|:])()([\w-]+)$/;

/** What is being typed before the caret: its kind, its letters, and where it begins. */
export function asked(before) {
  for (const [pattern, kindOf] of TRIGGERS) {
    const found = pattern.exec(before);
    if (!found) continue;
    const kind = kindOf(found[1]);
    const closes = kind === "wildcard" && before.split("__").length % 2 === 1;
    if (!closes) return { kind, typed: found[2], start: found.index, certain: true };
  }
  const word = WORD.exec(before);
  if (!word || word[2].length < SHORTEST) return null;
  return { kind: "embedding", typed: word[2], start: word.index, certain: false };
}

/** Complete what is typed into some boxes, each `{ box, mirror }`; `list` and `said` are shared. */
export function completion(list, said, boxes) {
  let at = null; // the box, what is asked, and where its list is
  let timer = 0;
  let without = ""; // the checkpoint and library that no embedding is for

  const here = () => JSON.stringify([form.values["model.checkpoint"], library.revision]);
  const selected = () => list.querySelector("[aria-selected=true]");

  function typed(own) {
    clearTimeout(timer);
    const { box } = own;
    const wanted = box.selectionStart === box.selectionEnd ? asked(box.value.slice(0, box.selectionStart)) : null;
    if (!wanted || (!wanted.certain && without === here())) return close();
    at = { ...own, ...wanted };
    timer = setTimeout(show, REST_MS, at);
  }

  async function show(wanted) {
    const { kind, typed: letters, box, certain, start } = wanted;
    const about = new URLSearchParams({ kind, typed: letters, checkpoint: form.values["model.checkpoint"] ?? "" });
    const drawn = await attempt(() => call("GET", `/page/writing/offers?${about}`), () => {});
    if (at !== wanted || document.activeElement !== box) return;
    list.innerHTML = drawn ?? "";
    const options = list.querySelectorAll("[role=option]");
    const exact = options.length === 1 && options[0].dataset.name === letters && !certain;
    if (!options.length || exact) return close();
    set(box, "role", "combobox");
    set(box, "aria-expanded", "true");
    set(box, "aria-controls", list.id);
    if (!isOpen(list)) list.showPopover();
    put(list, wanted.mirror.at(start));
    choose(list, box, certain ? options[0] : null);
    say(said, options.length === 1 ? "1 suggestion" : `${options.length} suggestions`);
  }

  function close() {
    clearTimeout(timer);
    if (at) for (const name of ["role", "aria-expanded", "aria-controls", "aria-activedescendant"]) set(at.box, name, null);
    at = null;
    if (isOpen(list)) list.hidePopover();
  }

  function accept(option) {
    const { box, start } = at;
    const { kind, insert, name } = option.dataset;
    const behind = { lora: ">", style: ">", wildcard: "__" }[kind] ?? "";
    const end = box.selectionEnd + (behind && box.value.startsWith(behind, box.selectionEnd) ? behind.length : 0);
    close();
    replace(box, start, end, insert);
    if (kind === "style") applyStyle(name);
  }

  function pressed(event) {
    if (!isOpen(list) || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || AWAY.has(event.key)) return close();
    const options = [...list.querySelectorAll("[role=option]")];
    const place = options.indexOf(selected());
    const turn = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const takes = event.key === "Tab" || event.key === "Enter";
    if (turn && !event.altKey) choose(list, at.box, options[(place + turn + options.length) % options.length]);
    else if (takes && selected()) accept(selected());
    else if (event.key === "Tab" && !event.shiftKey && options.length === 1) accept(options[0]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async function learn() {
    const now = here();
    const about = new URLSearchParams({ kind: "embedding", checkpoint: form.values["model.checkpoint"] ?? "" });
    const drawn = await attempt(() => call("GET", `/page/writing/offers?${about}`), () => {});
    if (drawn !== undefined) without = drawn.includes("role=\"option\"") ? "" : now;
    known = now;
  }
  let known = "";

  for (const own of boxes) {
    own.box.addEventListener("input", () => typed(own));
    own.box.addEventListener("keydown", pressed);
    own.box.addEventListener("click", () => typed(own));
    own.box.addEventListener("blur", () => setTimeout(() => document.activeElement !== own.box && close()));
    own.box.addEventListener("focus", () => known === here() || learn());
  }
  list.onpointerdown = (event) => event.preventDefault(); // the box keeps the caret
  list.onclick = ({ target }) => {
    const option = target.closest("[role=option]");
    if (option && at) accept(option);
  };
}
