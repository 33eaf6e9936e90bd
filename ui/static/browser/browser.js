// The Models tab: what is here, what the hubs have, and what is on its way.

import { parts, say, set } from "../dom.js";
import { active, remember, remembered, store } from "../store.js";
import { followArrivals } from "./arrivals.js";
import { get } from "./asking.js";
import { styled } from "./styled.js";

const VIEW_KEY = "easel.models";
const CODE = {
  yours: () => import("./yours.js"),
  find: () => import("./find.js"),
  downloads: () => import("./downloads.js"),
};
const opened = new Map(); // what each view's code gave, by the view's name
let own;

/** Fill the tab. */
export async function browser(host) {
  const [panel] = await Promise.all([get(""), styled("browser")]);
  host.className = "models";
  host.innerHTML = panel;
  own = parts(host);
  for (const button of host.querySelectorAll("[data-view]")) button.onclick = () => show(button.dataset.view);
  store.subscribe(count);
  count();
  followArrivals();
  await show(remembered(VIEW_KEY) ?? "yours");
}

/** Show one of the views; `wanted` is what its code makes of it. */
export async function show(view, wanted) {
  remember(VIEW_KEY, view);
  for (const name of Object.keys(CODE)) {
    own[name].hidden = name !== view;
    set(own[name].parentElement.querySelector(`[data-view=${name}]`), "aria-pressed", String(name === view));
  }
  if (!opened.has(view)) opened.set(view, CODE[view]().then((code) => code.open(own[view])));
  const again = await opened.get(view).catch((error) => failed(view, error));
  again?.(wanted);
}

/** A view that did not come says so; the next click on it tries again. */
function failed(view, error) {
  opened.delete(view);
  own[view].textContent = `${error.sentence ?? "Easel does not answer."} Press its button above again.`;
  if (!error.sentence) throw error;
}

function count() {
  const under = active(store.state, true).filter(({ kind }) => kind === "download").length;
  own.count.hidden = !under;
  say(own.count, String(under));
}
