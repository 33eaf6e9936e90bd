// A result that is dragged onto something that takes pictures.

import { store } from "../store.js";

const OURS = "text/x-easel-picture";

document.addEventListener("dragstart", ({ target, dataTransfer }) => {
  const { key } = target.closest?.("easel-results .thumb, .strip .thumb")?.dataset ?? {};
  if (key) dataTransfer.setData(OURS, key.split(" ")[0]);
});

/** Take what `mine` says yes to, given what is dragged, and is dropped on an element. */
export function takeDropped(host, mine, take) {
  const over = (event) => {
    const ours = mine(event.dataTransfer);
    host.toggleAttribute("data-over", ours && event.type === "dragover");
    if (!ours) return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  host.addEventListener("dragover", over);
  host.addEventListener("dragleave", over);
  host.addEventListener("drop", (event) => over(event) && take(event.dataTransfer));
}

/** Whether it is one of the results. */
export const isResult = ({ types }) => types.includes(OURS);

/** The result that was dropped. */
export const resultOf = (dataTransfer) => store.state.pictures.find(({ id }) => id === dataTransfer.getData(OURS));

/** Take results that are dropped on an element. */
export function takeDragged(host, take) {
  takeDropped(host, isResult, (dataTransfer) => {
    const picture = resultOf(dataTransfer);
    if (picture) take(picture);
  });
}
