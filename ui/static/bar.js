// The top bar: the device and its memory, and how the page looks.

import { part, say, set } from "./dom.js";
import { form } from "./form.js";
import { remember, store } from "./store.js";
import { gigabytes } from "./words.js";

const ENGINE = {
  starting: "The engine is starting", ready: "Ready", busy: "Working",
  restarting: "The engine is restarting", stopped: "The engine is off",
};
const root = document.documentElement;

part("easel-device", store, ({ name, meter, memory }, host) => ({ system, connection }) => {
  const lost = connection === "lost";
  const { name: device = "", memory_used: used = 0, memory_total: total = 0 } = system?.device ?? {};
  const engine = ENGINE[system?.engine] ?? "Connecting";
  set(host, "data-engine", lost ? "lost" : system?.engine);
  set(host, "title", engine);
  say(name, lost ? "Not connected" : device || engine);
  meter.hidden = memory.hidden = !total;
  if (!total) return;
  say(memory, `${gigabytes(used)} of ${gigabytes(total)} GB`);
  meter.firstElementChild.style.inlineSize = `${(used / total) * 100}%`;
  set(meter, "data-full", used / total > 0.9);
  set(meter, "aria-valuemax", total);
  set(meter, "aria-valuenow", used);
  set(meter, "aria-valuetext", memory.textContent);
});

part("easel-view-switch", form, ({ done, theme, help }, host) => {
  const choices = [...host.querySelectorAll("[data-view]")];
  for (const choice of choices) choice.onclick = () => form.show(choice.dataset.view);
  done.onclick = () => root.removeAttribute("data-sheet");
  theme.onclick = () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    remember("easel.theme", root.dataset.theme, "localStorage");
  };
  help.onclick = () => document.dispatchEvent(new CustomEvent("easel:help"));
  return () => {
    for (const choice of choices) set(choice, "aria-pressed", String(choice.dataset.view === form.view));
  };
});
