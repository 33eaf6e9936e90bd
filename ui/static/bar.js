// The top bar: name, device and its memory, how the page looks.

import { button, h, icon, part, say, set } from "./dom.js";
import { form } from "./form.js";
import { remember, store } from "./store.js";
import { gigabytes } from "./words.js";

const ENGINE = {
  starting: "The engine is starting", busy: "Working", restarting: "The engine is restarting", stopped: "The engine is off",
};

part("easel-brand", store, (host) => {
  host.append(mark(), h("h1", {}, "Easel"));
});

part("easel-device", store, (host) => {
  const name = h("span", { class: "device-name" }, "Connecting");
  const meter = h("span", { class: "meter", role: "meter", "aria-label": "Memory in use", "aria-valuemin": 0 }, h("i"));
  const memory = h("span", { class: "device-memory" });
  host.append(h("span", { class: "dot" }), name, meter, memory);
  return ({ system, connection }) => {
    const device = system?.device;
    set(host, "data-engine", connection === "live" ? system?.engine : "lost");
    say(name, connection === "lost" ? "Not connected" : device?.name ?? ENGINE[system?.engine] ?? "Ready");
    set(host, "title", ENGINE[system?.engine] ?? null);
    meter.hidden = memory.hidden = !device?.memory_total;
    if (!device?.memory_total) return;
    const used = device.memory_used / device.memory_total;
    meter.firstElementChild.style.inlineSize = `${Math.round(used * 100)}%`;
    set(meter, "class", used > 0.9 ? "meter full" : "meter");
    set(meter, "aria-valuemax", device.memory_total);
    set(meter, "aria-valuenow", device.memory_used);
    say(memory, `${gigabytes(device.memory_used)} of ${gigabytes(device.memory_total)} GB`);
    set(meter, "aria-valuetext", memory.textContent);
  };
});

part("easel-view-switch", form, (host) => {
  const choices = [["simple", "Simple"], ["all", "All settings"]].map(([value, words]) =>
    h("button", { type: "button", "data-view": value, onclick: () => form.show(value) }, words));
  const segments = h("div", { class: "segments", role: "group", "aria-label": "Settings" }, ...choices);
  host.append(segments);
  if (host.hasAttribute("sheet")) {
    host.append(button("check", "Done", () => document.documentElement.removeAttribute("data-sheet"), { kind: "strong" }));
  } else {
    host.append(themeButton(), button("help", "Shortcuts", () => document.dispatchEvent(new CustomEvent("easel:help")), { quiet: true }));
  }
  return () => {
    for (const choice of choices) set(choice, "aria-pressed", String(choice.dataset.view === form.view));
  };
});

function themeButton() {
  const root = document.documentElement;
  const made = button("sun", "Light theme", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    remember("easel.theme", root.dataset.theme, "localStorage");
    show();
  }, { quiet: true });
  const show = () => {
    const words = root.dataset.theme === "dark" ? "Light theme" : "Dark theme";
    made.replaceChildren(icon(root.dataset.theme === "dark" ? "sun" : "moon"));
    set(made, "aria-label", words);
    set(made, "title", words);
  };
  show();
  return made;
}

function mark() {
  const made = h("span", { class: "mark", "aria-hidden": "true" });
  return made;
}
