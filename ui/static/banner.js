// What concerns the whole program: the connection, the engine, the queue.

import { h, icon, part, reconcile, say, set } from "./dom.js";
import { store } from "./store.js";
import { setPaused } from "./work.js";

part("easel-banner", store, (host) => {
  host.setAttribute("role", "status");
  return (state) => {
    const found = banners(state);
    host.hidden = found.length === 0;
    reconcile(host, found, (one) => one.key, create, update);
  };
});

function banners({ connection, system, attached }) {
  const found = [];
  if (connection === "lost") {
    found.push({
      key: "lost", kind: "warn",
      text: attached
        ? "Easel does not answer. The page tries again by itself; jobs and pictures are kept."
        : "Easel does not answer yet. The page tries again by itself.",
    });
  }
  if (system?.queue_paused) {
    const reason = system.queue_reason || "Nothing new is begun.";
    found.push({ key: "paused", kind: "warn", text: `The queue is paused. ${reason}`, action: "Resume" });
  }
  if (system?.sentence) {
    found.push({ key: "engine", kind: system.engine === "restarting" ? "warn" : "info", text: system.sentence });
  }
  return found;
}

function create(one) {
  const action = one.action
    ? h("button", { type: "button", class: "button", onclick: () => setPaused(false) }, one.action)
    : null;
  return h("div", {}, icon("warning"), h("p"), action);
}

function update(element, one) {
  set(element, "class", `banner ${one.kind}`);
  say(element.querySelector("p"), one.text);
}
