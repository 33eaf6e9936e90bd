// The LoRAs that are on: another view of the tags in the prompt. Those that are off wait in this tab.

import { attempt, call } from "../api.js";
import { parts, root, say, set } from "../dom.js";
import { form } from "../form.js";
import { library } from "../library.js";
import { remember, remembered } from "../store.js";
import { adding } from "./adding.js";
import { styled } from "../browser/styled.js";
import { saysWords, tagsOf, turnedWords, weighed, withoutTag, withTag } from "./tags.js";

const OFF_KEY = "easel.loras.off";
const PROMPT = "prompt.positive";
let own;
let drawn = null; // what the list was drawn for
let asking = 0;

/** Fill the place in the settings. */
export async function loras(host) {
  const [panel] = await Promise.all([call("GET", "/page/loras"), styled("../loras/loras")]);
  host.innerHTML = panel;
  own = parts(host);
  own.list.onclick = ({ target }) => {
    const button = target.closest("button[data-do]");
    if (button) DEEDS[button.dataset.do](button.closest("li"), button);
  };
  own.list.oninput = ({ target }) => show(target);
  own.list.onchange = ({ target }) => weigh(target.closest("li"), Number(target.value));
  const open = adding(own, put);
  own.add.onclick = () => tried(open);
  form.subscribe(update);
  update();
}

const prompt = () => form.values[PROMPT] ?? "";
const write = (text) => form.apply({ [PROMPT]: text });
const off = () => JSON.parse(remembered(OFF_KEY) ?? "[]");
const keepOff = (tags) => remember(OFF_KEY, JSON.stringify(tags));

const DEEDS = {
  turn({ dataset: { typed, off: isOff } }) {
    if (isOff === undefined) {
      keepOff([...off(), typed]);
      write(withoutTag(prompt(), typed));
    } else {
      keepOff(off().filter((tag) => tag !== typed));
      write(withTag(prompt(), typed));
    }
  },

  remove({ dataset: { typed, off: isOff } }) {
    if (isOff === undefined) return write(withoutTag(prompt(), typed));
    keepOff(off().filter((tag) => tag !== typed));
    update();
  },

  async find({ dataset: { name } }) {
    document.querySelector("[role=tab][data-tab-id=models]").click();
    root.removeAttribute("data-sheet");
    const { findModel } = await import("../browser/finding.js");
    findModel({ words: name });
  },

  word(row, { dataset: { word } }) {
    write(turnedWords(prompt(), word));
  },
};

/** Put a LoRA on, with the first of its trigger words; one that is on already stays as it is. */
function put({ name, strength, words }) {
  const tag = `<lora:${name}:${strength}>`;
  const there = tagsOf(prompt()).some((one) => one.toLowerCase().startsWith(`<lora:${name.toLowerCase()}:`));
  const tagged = there ? prompt() : withTag(prompt(), tag);
  write(!words || saysWords(tagged, words) ? tagged : turnedWords(tagged, words));
}

function weigh(row, weight) {
  if (!Number.isFinite(weight)) return;
  const tag = weighed(row.dataset.typed, Number(weight.toFixed(2)));
  const text = prompt().replace(row.dataset.typed, tag);
  row.dataset.typed = tag; // what is drawn stays, and with it the keyboard's place
  drawn = key(text);
  write(text);
}

/** Have the slider and the number beside it say the same. */
function show(changed) {
  for (const input of changed.closest("li").querySelectorAll("input")) {
    if (input !== changed) input.value = changed.value;
  }
}

const key = (text) => JSON.stringify([tagsOf(text), off(), form.checkpoint()?.id, library.revision]);

async function update() {
  const wanted = key(prompt());
  if (wanted !== drawn) {
    drawn = wanted;
    const mine = ++asking;
    const body = { prompt: tagsOf(prompt()).join(" "), off: off().join(" "), checkpoint: form.checkpoint()?.id };
    const rows = await tried(() => call("POST", "/page/loras/worn", body));
    if (mine !== asking) return;
    if (rows === undefined) drawn = null;
    else own.list.innerHTML = rows;
  }
  for (const chip of own.list.querySelectorAll("[data-word]")) {
    set(chip, "aria-pressed", String(saysWords(prompt(), chip.dataset.word)));
  }
}

function tried(action) {
  own.said.hidden = true;
  return attempt(action, ({ sentence, message, hint }) => {
    own.said.hidden = false;
    say(own.said, `${sentence ?? message} ${hint ?? ""}`);
  });
}
