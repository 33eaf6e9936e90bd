// How the page looks, and how much of it is shown.

import { part, root, set } from "./dom.js";
import { form } from "./form.js";
import { remember } from "./store.js";

part("easel-view-switch", form, ({ done, theme }, host) => {
  const choices = [...host.querySelectorAll("[data-view]")];
  for (const choice of choices) choice.onclick = () => form.show(choice.dataset.view);
  done.onclick = () => root.removeAttribute("data-sheet");
  theme.onclick = () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    remember("easel.theme", root.dataset.theme, "localStorage");
  };
  return () => {
    for (const choice of choices) set(choice, "aria-pressed", String(choice.dataset.view === form.view));
  };
});
