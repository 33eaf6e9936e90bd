// What waits and runs: in the results pane, and in the top bar's menu.

import { button, h, icon, part, reconcile, say, set } from "./dom.js";
import { active, store } from "./store.js";
import { doing, share } from "./words.js";
import { cancel, setPaused } from "./work.js";

part("easel-queue", store, (host) => {
  const list = h("ul", { class: "jobs" });
  host.append(h("h2", {}, "Queue"), list);
  return (state) => {
    const jobs = active(state);
    host.hidden = jobs.length === 0;
    fill(list, jobs, state.system);
  };
});

part("easel-queue-menu", store, (host) => {
  const label = h("span");
  const count = h("span", { class: "badge" });
  const opener = h("button", { type: "button", class: "button", popovertarget: "queue-menu" }, icon("queue"), label, count, icon("chevron", 12));
  const empty = h("p", { class: "muted" }, "Nothing waits.");
  const list = h("ul", { class: "jobs" });
  const pause = button("pause", "Pause the queue", () => setPaused(!store.state.system?.queue_paused));
  const menu = h("div", { popover: "auto", id: "queue-menu", class: "menu", "aria-label": "Queue" }, empty, list, pause);
  menu.addEventListener("toggle", () => place(menu, opener));
  host.append(opener, menu);
  return (state) => {
    const jobs = active(state);
    const paused = state.system?.queue_paused ?? false;
    say(label, paused ? "Paused" : "Queue");
    set(opener, "class", paused ? "button paused" : "button");
    say(count, String(jobs.length));
    set(opener, "aria-label", `Queue: ${jobs.length} waiting or running${paused ? ", paused" : ""}`);
    empty.hidden = jobs.length > 0;
    fill(list, jobs, state.system);
    say(pause.querySelector("span"), paused ? "Resume the queue" : "Pause the queue");
    pause.firstElementChild.replaceWith(icon(paused ? "play" : "pause"));
  };
});

function fill(list, jobs, system) {
  reconcile(list, jobs, (job) => job.id, create, (element, job) => {
    say(element.querySelector(".title"), job.title || "Untitled");
    say(element.querySelector(".doing"), doing(job, system));
    const done = share(job);
    const bar = element.querySelector(".bar-thin");
    bar.hidden = done === null;
    bar.firstElementChild.style.inlineSize = `${(done ?? 0) * 100}%`;
  });
}

function create(job) {
  return h("li", {},
    h("button", { type: "button", class: "job", title: "Show on the stage", onclick: () => store.follow(job.id) },
      h("span", { class: "title" }), h("span", { class: "doing muted" })),
    button("cancel", `Cancel “${job.title}”`, () => cancel(job.id), { quiet: true }),
    h("span", { class: "bar-thin" }, h("i")));
}

function place(menu, opener) {
  const box = opener.getBoundingClientRect();
  menu.style.insetBlockStart = `${box.bottom + 8}px`;
  menu.style.insetInlineStart = `${Math.max(8, Math.min(box.left, innerWidth - menu.offsetWidth - 8))}px`;
}
