// The Train tab: pictures, settings, watching, using.

import { attempt, call } from "../api.js";
import { styled } from "../browser/styled.js";
import { parts, reconcile, say, set } from "../dom.js";
import { remember, remembered } from "../store.js";
import { notices } from "./notices.js";
import { settings } from "./settings.js";
import { started } from "./started.js";
import { trainings } from "./trainings.js";
import { using } from "./using.js";
import { watching } from "./watching.js";

const VIEW_KEY = "easel.training.view";
const VIEWS = ["pictures", "settings", "watch", "use"];
const STYLES = ["training", "watching", "using"];

/** Fill the tab. */
export async function train(host) {
  const [panel] = await Promise.all([call("GET", "/page/training"), ...STYLES.map((name) => styled(`../training/${name}`))]);
  host.className = "trainer";
  host.innerHTML = panel;
  const own = parts(host);
  if (!own.form) return; // a guest
  const page = { own, show: (view) => show(host, own, view), tried: (action) => tried(own, action) };
  for (const button of host.querySelectorAll("header [data-view]")) button.onclick = () => page.show(button.dataset.view);
  settings(page);
  started(page);
  watching(page);
  using(page);
  notices(own);
  followPictures(host, page);
  follow(page);
  await page.tried(trainings.look);
  const first = trainings.running() ? "watch" : remembered(VIEW_KEY) ?? "pictures";
  page.show(VIEWS.includes(first) ? first : "pictures");
}

function show(host, own, view) {
  remember(VIEW_KEY, view);
  for (const name of VIEWS) {
    own[name].hidden = name !== view;
    set(host.querySelector(`header [data-view=${name}]`), "aria-pressed", String(name === view));
  }
  host.dataset.view = view;
  if (view === "pictures") fit(host);
  own.said.hidden = true;
}

/** What is learned from goes into the settings. */
function followPictures(host, { own, show: go }) {
  const dataset = host.querySelector("easel-dataset");
  const gathered = () => {
    const { folder = "", trigger = "", concepts = "", pictures, problems } = dataset.value ?? {};
    const count = counted(pictures);
    settings.pictures({ "dataset.folder": folder, "dataset.trigger": trigger, "dataset.concepts": concepts }, count);
    const troubles = counted(problems);
    const told = [`${count} ${count === 1 ? "picture" : "pictures"}`];
    if (troubles) told.push(`${troubles} ${troubles === 1 ? "thing" : "things"} to look at`);
    say(own.gathered, folder ? `${told.join(", ")}.` : "About fifteen good pictures are enough to begin with.");
  };
  dataset.addEventListener("dataset", gathered);
  gathered();
  own.next.onclick = () => go("settings");
}

/** Cuts are shown as they will be learned. */
function fit(host) {
  const dataset = host.querySelector("easel-dataset");
  const side = settings.value("dataset.resolution");
  if (side && dataset.value) dataset.resolution = side;
}

const counted = (given) => (Array.isArray(given) ? given.length : Number(given) || 0);

/** The list of all trainings, of which one is looked at. */
function follow({ own }) {
  own.trainings.onchange = () => trainings.choose(own.trainings.value);
  trainings.subscribe(({ list, id }) => {
    own.which.hidden = list.length < 2;
    reconcile(own.trainings, list, (each) => each.id, (each) => new Option("", each.id), (option, each) => say(option, `${each.name} · ${far(each)}`));
    own.trainings.value = id ?? "";
  });
}

/** How far a training is, in short. */
function far(story) {
  const { state, reached, steps } = story;
  if (state === "finished") return `${steps} steps`;
  return state === "queued" ? "waits" : `${trainings.job(story)?.progress?.step ?? reached} of ${steps}`;
}

/** Do something; what goes wrong is said above the view. */
function tried(own, action) {
  own.said.hidden = true;
  return attempt(action, ({ message, hint }) => {
    own.said.hidden = false;
    say(own.said, `${message} ${hint}`);
  });
}
