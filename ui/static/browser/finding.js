// Looking for a model on the hubs from anywhere in the page.

import { show } from "./browser.js";

/** Show the Find view with these words searched, and with what a link or hash points at. */
export function findModel(wanted) {
  const tab = document.querySelector("easel-browser");
  const drawn = () => tab?.querySelector("[data-view=find]");
  if (drawn()) return void show("find", wanted);
  const watch = new MutationObserver(() => {
    if (!drawn()) return;
    watch.disconnect();
    show("find", wanted);
  });
  watch.observe(document.body, { childList: true, subtree: true });
}
