// The panes beside the stage are dragged wider or narrower, or folded away, and stay so.

import { part, set } from "./dom.js";
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
    document.documentElement.style.setProperty(`--${pane}-width`, `${width}px`);
    document.documentElement.toggleAttribute(`data-${pane}-folded`, !width);
    set(host, "aria-valuenow", width);
    remember(`easel.${pane}`, width, "localStorage");
  };
  const fold = () => resize(width ? 0 : USUAL[pane]);

  host.onpointerdown = (event) => {
    const from = width - direction * event.clientX;
    host.setPointerCapture(event.pointerId);
    host.onpointermove = ({ clientX }) => resize(from + direction * clientX);
  };
  host.onlostpointercapture = () => {
    host.onpointermove = null;
  };
  host.ondblclick = fold;
  host.onkeydown = ({ key }) => {
    if (key === "Enter") fold();
    const turn = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (turn) resize(width + turn * direction * STEP);
  };
  resize(width);
});
