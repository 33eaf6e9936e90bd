// The dialog in which one picture is chosen: a map that was saved, or a result.

import { call } from "../api.js";
import { copyOf } from "../dom.js";
import { thumbnail } from "../picture.js";
import { savedAt, takeSaved } from "./kept.js";
import { NONE } from "./offers.js";

const AT_ONCE = 60;

/** Wire the dialog; gives what opens it and hands what is pressed over, as values of a unit. */
export function gallery({ dialog, close, thumbs, savedHeading, savedMaps }, tried) {
  let take = () => {};
  close.onclick = () => dialog.close();
  dialog.onclick = ({ target }) => target === dialog && dialog.close();
  const chosen = (values) => {
    dialog.close();
    take(values);
  };

  async function more(before) {
    const found = await call("GET", `/api/pictures?limit=${AT_ONCE}${before ? `&before=${before}` : ""}`);
    thumbs.append(...found.map((picture) => thumbnail(picture, () => chosen({ picture: picture.id }))));
    if (!thumbs.children.length) thumbs.textContent = "There are no pictures yet.";
    if (found.length < AT_ONCE) return;
    new IntersectionObserver(([entry], observer) => {
      if (!entry.isIntersecting) return;
      observer.disconnect();
      tried(() => more(found.at(-1).created));
    }, { root: thumbs.parentElement, rootMargin: "400px" }).observe(thumbs.lastElementChild);
  }

  function offer(map) {
    const made = copyOf("thumb");
    const [image, corner] = made.children;
    corner.remove();
    image.src = savedAt(map.id);
    image.alt = made.title = map.name;
    made.onclick = () => tried(async () => {
      const { id } = await takeSaved(map);
      chosen({ picture: id, preprocessor: NONE, type: map.makes });
    });
    return made;
  }

  return (taken) => tried(async () => {
    take = taken;
    const saved = await call("GET", "/api/maps/saved");
    savedHeading.hidden = !saved.length;
    savedMaps.replaceChildren(...saved.map(offer));
    thumbs.replaceChildren();
    await more();
    dialog.showModal();
  });
}
