// Which tab is open: the address says it, so that a refresh keeps it.

import { drawn, root } from "./dom.js";
import { form } from "./form.js";

let work = "text-to-image";

const tabs = (rest) => `#tabs [role=tab]${rest}`;

/** Back to where pictures are made, in the tab for it that was open last or the one that is named. */
export function toTab(tab = work) {
  document.querySelector(tabs(`[data-tab-id=${tab}]:not([aria-selected=true])`))?.click();
}

async function look() {
  const { tabId: tab } = document.querySelector(tabs("[data-tab-id][aria-selected=true]"))?.dataset ?? {};
  if (!tab) return;
  if (tab.endsWith("-to-image")) work = tab;
  if (tab !== root.dataset.tab) {
    root.dataset.tab = tab;
    history.replaceState(null, "", tab === "text-to-image" ? location.pathname : `#${tab}`);
    form.look();
  }
  if (tab !== "image-to-image" || document.querySelector("easel-imaging")) return;
  (await drawn("easel-stage")).prepend(document.createElement("easel-imaging"));
}

drawn(tabs("")).then(() => {
  new MutationObserver(look).observe(document.getElementById("tabs"), { attributeFilter: ["aria-selected"], subtree: true });
  toTab(root.dataset.tab);
});
