// Below the prompt: the negative prompt's switch, ideas, and what keeps a click from working.

import { facts, fillDetails, part, root, say, set } from "./dom.js";
import { form } from "./form.js";
import { library } from "./library.js";
import { reads } from "./receiving.js";
import { store } from "./store.js";
import { giveUp } from "./doings.js";

part("easel-composer-links", form, ({ sheet, badge, negative, words, ideas, read }) => {
  read.onclick = () => reads("choose");
  sheet.onclick = () => root.toggleAttribute("data-sheet");
  negative.onclick = () => {
    if (root.dataset.negative === "open") form.showNegative(false);
    else form.open("prompt.negative");
  };
  ideas.onclick = ({ target: { title } }) => title && form.apply({ "prompt.positive": title });
  return () => {
    const open = root.dataset.negative === "open";
    set(negative, "aria-expanded", String(open));
    say(words, !open && form.values["prompt.negative"] ? "Negative prompt in use" : "Negative prompt");
    const changed = form.hidden().length;
    badge.hidden = changed === 0;
    say(badge, String(changed));
  };
});

part("easel-hints", form, ({ told, words }, host) => {
  words.onclick = addWords;
  return () => {
    say(told, form.told);
    words.hidden = !lackingWords().length;
    set(words, "title", lackingWords().map(([, said]) => said).join(" — "));
    host.hidden = !form.told && words.hidden;
  };
});

/** The words that the checkpoint's makers recommend and that are not there yet, by field. */
function lackingWords() {
  const start = library.start(form.checkpoint());
  const recommended = [["prompt.positive", start.prompt], ["prompt.negative", start.negative]];
  return recommended.filter(([id, words]) => words && !form.values[id].includes(words));
}

function addWords() {
  const added = lackingWords().map(([id, words]) => [id, [words, form.values[id]].filter(Boolean).join(", ")]);
  form.apply(Object.fromEntries(added));
  if (form.values["prompt.negative"]) form.showNegative(true);
}

document.addEventListener("click", ({ target, isTrusted }) => {
  if (isTrusted && !target.closest?.("#settings, .sheet-button, [role=listbox]")) root.removeAttribute("data-sheet");
});

form.subscribe(() => {
  const { notice } = store.state;
  if (notice?.field && notice.value !== form.values[notice.field]) store.change({ notice: null });
});

part("easel-notice", store, (own, host) => {
  const { sentence, hint, remedy, giveUp: stop, close } = own;
  close.onclick = () => store.change({ notice: null });
  stop.onclick = giveUp;
  return ({ notice }) => {
    host.hidden = !notice;
    mark(notice?.field);
    if (!notice) return;
    say(sentence, notice.sentence);
    say(hint, notice.hint);
    fillDetails(own, notice.details);
    close.hidden = Boolean(notice.waiting);
    stop.hidden = !notice.waiting;
    // What was typed is not thrown away to put it right.
    remedy.hidden = !notice.field || Boolean(form.field(notice.field).number || notice.field === "prompt.positive" && form.values[notice.field].trim());
    if (!remedy.hidden) offer(remedy, notice.field);
  };
});

/** Make the button put right what is wrong with a field. */
function offer(remedy, id) {
  const isPrompt = id === "prompt.positive";
  say(remedy, isPrompt ? "Use an idea" : `Reset ${form.field(id).label}`);
  remedy.onclick = () => (isPrompt ? form.apply({ [id]: facts.example }) : form.reset(id));
}

function mark(id) {
  const wanted = id && form.field(id).element;
  for (const element of document.querySelectorAll(".field")) {
    const wrong = element.id === wanted;
    set(element, "data-wrong", wrong);
    for (const input of element.querySelectorAll("textarea, input")) set(input, "aria-invalid", wrong ? "true" : null);
  }
}
