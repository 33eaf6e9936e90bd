// Below the prompt: the negative prompt's switch, ideas, and what keeps a click from working.

import { button, copy, h, icon, part, reconcile, say, set } from "./dom.js";
import { facts, form } from "./form.js";
import { store } from "./store.js";
import { giveUp } from "./work.js";

part("easel-composer-links", form, (host) => {
  const root = document.documentElement;
  const sheet = button("sliders", "Settings", () => root.toggleAttribute("data-sheet"), { kind: "sheet-button" });
  const badge = h("span", { class: "badge" });
  sheet.append(badge);
  const negative = button("plus", "Negative prompt", () => {
    const open = root.dataset.negative !== "open";
    root.dataset.negative = open ? "open" : "";
    if (open) form.open("prompt.negative");
    show();
  }, { kind: "link" });
  const ideas = h("div", { class: "ideas", role: "group", "aria-label": "Ideas for the prompt" },
    h("span", { class: "muted" }, "Try"), ...facts.examples.map(idea));
  host.append(sheet, negative, ideas);
  const show = () => {
    const open = root.dataset.negative === "open";
    set(negative, "aria-expanded", String(open));
    negative.firstElementChild.replaceWith(icon(open ? "minus" : "plus"));
    const used = !open && form.values["prompt.negative"];
    say(negative.querySelector("span"), used ? "Negative prompt in use" : "Negative prompt");
    const changed = form.hidden().length;
    badge.hidden = changed === 0;
    say(badge, String(changed));
  };
  return show;
});

function idea({ label, prompt }) {
  return h("button", { type: "button", class: "chip", title: prompt, onclick: () => form.apply({ "prompt.positive": prompt }) }, label);
}

/** The details of a failure, folded, with one click to copy them. */
export function details(text) {
  const copied = button("copy", "Copy", async () => {
    await copy(text);
    say(copied.querySelector("span"), "Copied");
  });
  return h("details", {}, h("summary", {}, "Details"), h("pre", {}, text), copied);
}

part("easel-notice", store, (host) => {
  host.setAttribute("role", "alert");
  return ({ notice }) => {
    host.hidden = !notice;
    reconcile(host, notice ? [notice] : [], (one) => `${one.sentence}|${one.hint}`, draw);
    mark(notice?.field);
  };
});

function draw(notice) {
  const words = h("div", { class: "words" }, h("strong", {}, notice.sentence), notice.hint ? h("span", {}, notice.hint) : null);
  const close = () => (notice.waiting ? giveUp() : store.change({ notice: null }));
  const actions = h("div", { class: "actions" },
    notice.offer ? button("", "Use an idea", () => {
      form.apply({ "prompt.positive": notice.offer.prompt });
      close();
    }) : null,
    notice.field && !["prompt.positive", "model.checkpoint"].includes(notice.field)
      ? button("reset", `Reset ${form.field(notice.field)?.label ?? ""}`, () => {
        form.reset(notice.field);
        close();
      }) : null,
    button("cancel", notice.waiting ? "Do not send" : "Close", close, { quiet: !notice.waiting }));
  return h("div", { class: "notice" }, icon("warning"), words, notice.details ? details(notice.details) : null, actions);
}

function mark(fieldId) {
  const wanted = fieldId ? form.field(fieldId)?.element : null;
  for (const element of document.querySelectorAll(".field")) {
    const wrong = element.id === wanted;
    element.toggleAttribute("data-wrong", wrong);
    for (const input of element.querySelectorAll("textarea, input")) set(input, "aria-invalid", wrong ? "true" : null);
  }
}
