// The stage: the large picture or its growing preview, what happens in words, and what to do next.

import { details } from "./composer.js";
import { button, h, icon, part, reconcile, say, set } from "./dom.js";
import { actionsFor, address, factsOf, frame } from "./picture.js";
import { onStage, show } from "./shown.js";
import { store } from "./store.js";
import { doing, share } from "./words.js";
import { cancel } from "./work.js";

part("easel-stage", store, (host) => {
  let now = onStage(store.state);
  const large = frame();
  const opener = h("button", { type: "button", class: "opener", "aria-label": "Open the picture in full", onclick: () => open(now.picture) }, large.element);
  const empty = emptyStage();
  const failure = h("div", { class: "failure", role: "alert" });
  const room = h("div", { class: "room" }, opener, empty, failure);
  const strip = h("div", { class: "strip", role: "group", "aria-label": "Pictures of this job" });
  const notes = h("div", { class: "notes" });
  const foot = footer(() => now);
  host.append(room, strip, notes, foot.element);

  large.image.addEventListener("load", () => now.preview && draw());
  const draw = () => {
    const { picture, preview } = now;
    const { naturalWidth: width, naturalHeight: height } = large.image;
    if (preview) large.put(`data:image/jpeg;base64,${preview.jpeg}`, { width, height }, "The picture while it grows");
    else if (picture) large.put(address(picture), { ...picture, crisp: true }, picture.prompt);
    large.place({ width: room.clientWidth, height: room.clientHeight });
  };
  new ResizeObserver(draw).observe(room);

  return (state) => {
    now = onStage(state);
    const { picture, preview, failed } = now;
    opener.hidden = !(picture || preview);
    opener.disabled = !picture;
    set(host, "data-stale", now.stale);
    set(host, "data-preview", Boolean(preview));
    empty.element.hidden = Boolean(picture || preview || failed);
    empty.update(state);
    reconcile(failure, failed ? [failed] : [], (job) => job.id, failureCard);
    failure.hidden = !failed;
    drawStrip(strip, state, picture);
    reconcile(notes, notesFor(now), (note) => note.text, noteRow);
    foot.update(state);
    draw();
  };
});

function open(picture) {
  if (picture) store.change({ viewer: picture.id });
}

function emptyStage() {
  const words = h("p");
  const hint = h("p", { class: "muted" });
  const element = h("div", { class: "empty" }, icon("picture", 40), words, hint);
  const update = ({ attached, connection, system }) => {
    const waiting = !attached && connection !== "lost";
    say(words, waiting ? "Connecting" : "Your picture appears here");
    say(hint, waiting || system?.engine === "restarting" ? "" : "The prompt already holds an idea. Press Generate.");
  };
  return Object.assign(element, { element, update });
}

function failureCard(job) {
  const { sentence, hint = "", details: text = "" } = job.failure ?? { sentence: "The job was set aside." };
  return h("div", { class: "card" }, icon("warning", 24), h("h2", {}, sentence), hint ? h("p", {}, hint) : null,
    h("div", { class: "actions" },
      button("reset", "Try again", () => document.getElementById("generate").click(), { kind: "strong" }),
      button("cancel", "Close", () => store.follow(null))),
    text ? details(text) : null);
}

function drawStrip(strip, state, picture) {
  const made = picture ? state.pictures.filter((known) => known.job === picture.job) : [];
  made.sort((a, b) => a.index - b.index);
  strip.hidden = made.length < 2;
  reconcile(strip, strip.hidden ? [] : made, (known) => known.id, (known) =>
    h("button", { type: "button", "aria-label": `Picture ${known.index + 1}`, onclick: () => show(known.id) },
      h("img", { src: address(known, "/thumbnail"), alt: "", loading: "lazy" })),
  (element, known) => set(element, "aria-current", known.id === picture.id ? "true" : null));
}

function notesFor({ picture, job, failed }) {
  const notes = (job ?? failed)?.warnings?.map((text) => ({ text })) ?? [];
  if (picture && !picture.saved) {
    notes.push({ text: "This picture is not on the disk: it is kept in memory only. Download it, or make room and resume the queue.", save: picture });
  }
  return notes;
}

function noteRow(note) {
  return h("div", { class: "banner warn" }, icon("warning"), h("p", {}, note.text),
    note.save ? h("a", { class: "button", href: address(note.save, "?download=true"), download: "" }, icon("download"), h("span", {}, "Download")) : null);
}

function footer(now) {
  const first = h("p", { class: "first" });
  const second = h("p", { class: "second muted" });
  const bar = h("div", { class: "bar-thin", role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0, "aria-valuemax": 100 }, h("i"));
  const live = h("p", { class: "off-screen", "aria-live": "polite" });
  const stop = button("cancel", "Cancel", () => cancel(now().job.id), { kind: "stop" });
  const actions = actionsFor(() => now().picture);
  const element = h("div", { class: "foot" }, bar, h("div", { class: "lines" }, first, second), stop, actions.bar, live);
  const update = (state) => {
    const { job, picture, stale } = now();
    const done = job ? share(job) : null;
    bar.hidden = !job;
    set(bar, "data-waiting", job !== null && done === null);
    set(bar, "aria-valuenow", done === null ? null : Math.round(done * 100));
    bar.firstElementChild.style.inlineSize = done === null ? "" : `${done * 100}%`;
    stop.hidden = !job;
    actions.bar.hidden = !picture || stale;
    actions.update(picture);
    say(first, job ? doing(job, state.system) : picture?.prompt ?? "");
    say(second, job ? job.title : picture ? factsOf(picture) : "");
    set(element, "data-idle", !job && !picture);
    say(live, announced(job, done, state));
  };
  return { element, update };
}

/** What a screen reader hears: each stage, and every quarter of the way. */
function announced(job, done, state) {
  if (!job) return state.followed && state.jobs.get(state.followed)?.state === "finished" ? "The picture is ready" : "";
  if (done === null || done === 0 || done === 1) return doing(job, state.system);
  return `${Math.floor(done * 4) * 25} percent`;
}
