// The panes beside the stage are dragged wider or narrower, or folded away, and stay so.

import { part, root, set } from "./dom.js";
import { form } from "./form.js";
import { remember, remembered } from "./store.js";

const USUAL = { settings: 320, results: 256 };
const LEAST = 160;
const MOST = 640;
const STEP = 16;

part("easel-splitter", form, (_, host) => {
  const pane = host.getAttribute("pane");
  const direction = pane === "settings" ? 1 : -1;
  let width = Number(remembered(`easel.${pane}`, "localStorage") ?? USUAL[pane]);

  const resize = (wanted) => {
    width = wanted < LEAST / 2 ? 0 : Math.min(Math.max(wanted, LEAST), MOST);
    root.style.setProperty(`--${pane}-width`, `${width}px`);
    root.toggleAttribute(`data-${pane}-folded`, !width);
    set(host, "aria-valuenow", width);
    remember(`easel.${pane}`, width, "localStorage");
  };
  const fold = () => resize(width ? 0 : USUAL[pane]);

  let from = 0;
  host.onpointerdown = ({ pointerId, clientX }) => {
    from = width - direction * clientX;
    host.setPointerCapture(pointerId);
  };
  host.onpointermove = ({ pointerId, clientX }) => {
    if (host.hasPointerCapture(pointerId)) resize(from + direction * clientX);
  };
  host.ondblclick = fold;
  host.onkeydown = ({ key }) => {
    if (key === "Enter") fold();
    const turn = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (turn) resize(width + turn * direction * STEP);
  };
  resize(width);
});
