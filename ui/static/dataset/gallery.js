// The dialog in which pictures of the gallery are chosen.

import { call } from "../api.js";
import { say, set } from "../dom.js";
import { thumbnail } from "../picture.js";
import { takeFrom } from "./filling.js";
import { at, tried } from "./own.js";

const AT_ONCE = 60;

/** Wire the dialog. */
export function gallery(page) {
  const { dialog, thumbs } = page;
  const chosen = new Set();
  page.pick.onclick = () => tried(async () => {
    chosen.clear();
    thumbs.replaceChildren();
    told();
    await more();
    dialog.showModal();
  });
  page.close.onclick = () => dialog.close();
  dialog.onclick = ({ target }) => target === dialog && dialog.close();
  page.take.onclick = () => {
    dialog.close();
    takeFrom(page, "Taking pictures of the gallery", () => call("POST", at("/gallery"), { pictures: [...chosen] }));
  };

  async function more(before) {
    const found = await call("GET", `/api/pictures?limit=${AT_ONCE}${before ? `&before=${before}` : ""}`);
    thumbs.append(...found.map(offer));
    if (!thumbs.children.length) thumbs.textContent = "There are no pictures yet.";
    if (found.length < AT_ONCE) return;
    new IntersectionObserver(([entry], observer) => {
      if (!entry.isIntersecting) return;
      observer.disconnect();
      tried(() => more(found.at(-1).created));
    }, { root: thumbs, rootMargin: "400px" }).observe(thumbs.lastElementChild);
  }

  function offer(picture) {
    const made = thumbnail(picture, () => {
      chosen[chosen.has(picture.id) ? "delete" : "add"](picture.id);
      set(made, "aria-pressed", String(chosen.has(picture.id)));
      told();
    });
    set(made, "aria-pressed", "false");
    return made;
  }

  function told() {
    page.take.disabled = !chosen.size;
    say(page.take.firstElementChild, chosen.size ? `Take ${chosen.size}` : "Choose some");
  }
}
