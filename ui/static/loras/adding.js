// The dialog with the LoRAs that are here, as cards.

import { call } from "../api.js";
import { say } from "../dom.js";
import { form } from "../form.js";

let asking = 0;

/** Wire the dialog; `put` puts on what is chosen. Gives what opens it. */
export function adding({ dialog, search, close, cards, found }, put) {
  search.oninput = () => list();
  close.onclick = () => dialog.close();
  dialog.onclick = ({ target }) => {
    if (target === dialog) return dialog.close();
    const card = target.closest("[data-do=add]");
    if (!card || card.getAttribute("aria-disabled")) return;
    put(card.dataset);
    dialog.close();
  };

  async function list(offset = 0) {
    const mine = ++asking;
    const asked = new URLSearchParams({ checkpoint: form.checkpoint()?.id ?? "", search: search.value, offset });
    let drawn = "";
    try {
      drawn = await call("GET", `/page/loras/cards?${asked}`);
      found.hidden = true;
    } catch ({ sentence, hint }) {
      found.hidden = false;
      return say(found, `${sentence} ${hint}`);
    }
    if (mine !== asking) return;
    if (offset) cards.lastElementChild.outerHTML = drawn;
    else cards.innerHTML = drawn;
    const last = cards.querySelector(".more");
    if (last) new IntersectionObserver(([entry], observer) => {
      if (!entry.isIntersecting) return;
      observer.disconnect();
      list(Number(last.dataset.more));
    }, { root: cards, rootMargin: "400px" }).observe(last);
  }

  return async () => {
    dialog.showModal();
    search.focus();
    search.select();
    await list();
  };
}
