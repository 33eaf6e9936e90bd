// The stage: the large picture or its growing preview, what happens in words, and what to do next.

import { drawNotes } from "./banner.js";
import { copyOf, fillBar, fillDetails, part, parts, reconcile, say, set } from "./dom.js";
import { address, describe, showIn, thumbnail, wireActions } from "./picture.js";
import { onStage, show } from "./shown.js";
import { store } from "./store.js";
import { doing, share } from "./words.js";
import { again, cancel, skip } from "./doings.js";

part("easel-stage", store, (own, host) => {
  let now = onStage(store.state);
  const updateActions = wireActions(own, () => now.picture);
  own.opener.onclick = () => store.change({ viewer: now.picture.id });
  own.skip.onclick = () => skip(now.job.id);
  own.stop.onclick = () => cancel(now.job.id);
  const draw = () => drawLarge(own, now);
  new ResizeObserver(draw).observe(own.room);

  return (state) => {
    now = onStage(state);
    const { picture, preview, failed, stale } = now;
    own.opener.hidden = !(picture || preview);
    own.opener.disabled = !picture;
    set(host, "data-stale", stale);
    set(host, "data-preview", preview !== null);
    own.empty.hidden = Boolean(picture || preview || failed);
    drawEmpty(own, now.job, state);
    own.failure.hidden = !failed || Boolean(picture);
    reconcile(own.failure, failed ? [failed] : [], (job) => job.id, failureCard);
    drawStrip(own.strip, state, picture);
    drawNotes(own.notes, notesFor(now, state));
    own.actions.hidden = !picture || stale;
    updateActions();
    drawFoot(own, now, state);
    draw();
  };
});

function drawLarge({ frame, room }, { picture, preview }) {
  if (preview) {
    showIn(frame, room, { source: `data:image/jpeg;base64,${preview.jpeg}`, words: "The picture while it grows" });
  } else if (picture) {
    showIn(frame, room, { source: address(picture), size: picture, words: picture.prompt, crisp: true });
  }
}

function drawEmpty({ emptyWords, emptyHint }, job, { attached, connection }) {
  const waiting = !attached && connection !== "lost";
  say(emptyWords, waiting ? "Connecting" : "Your picture appears here");
  say(emptyHint, waiting || job ? "" : "The prompt already holds an idea. Press Generate.");
}

function failureCard(job) {
  const { failure } = job;
  const card = copyOf("failure");
  const own = parts(card);
  say(own.sentence, failure?.sentence ?? "The job was set aside.");
  say(own.hint, failure?.hint ?? "");
  own.actions.prepend(...remediesFor(job));
  own.again.onclick = () => again(job);
  own.close.onclick = () => store.follow(null);
  fillDetails(own, failure?.details);
  return card;
}

function remediesFor(job) {
  const doable = (job.failure?.remedies ?? []).filter(({ fields }) => Object.keys(fields).length);
  return doable.map(({ label, fields }) => {
    const button = copyOf("remedy");
    say(button, label);
    button.onclick = () => again(job, fields);
    return button;
  });
}

function drawStrip(strip, { pictures }, picture) {
  const made = picture ? pictures.filter((known) => known.job === picture.job) : [];
  made.sort((a, b) => a.index - b.index);
  strip.hidden = made.length < 2;
  reconcile(strip, strip.hidden ? [] : made, (known) => known.id, (known) => {
    const thumb = thumbnail(known, () => show(known.id));
    set(thumb, "aria-label", `Picture ${known.index + 1}`);
    return thumb;
  }, (thumb, known) => set(thumb, "aria-current", known.id === picture.id ? "true" : null));
}

function notesFor({ picture, job, failed }, { jobs }) {
  const told = (job ?? failed ?? jobs.get(picture?.job))?.warnings ?? [];
  const notes = told.length ? [{ text: told.join(" "), calm: true }] : [];
  if (failed && picture) {
    const text = `${failed.failure?.sentence} ${failed.failure?.hint}`;
    notes.push({ id: failed.id, text, offers: () => remediesFor(failed) });
  }
  if (picture && !picture.saved) {
    notes.push({ picture, text: "This picture is not on the disk: it is kept in memory only. Download it, or make room and resume the queue." });
  }
  return notes;
}

function drawFoot({ bar, first, second, skip: skips, stop, live }, { job, picture }, state) {
  const done = job ? share(job) : null;
  const percent = Math.round(done * 100);
  bar.hidden = stop.hidden = !job;
  skips.hidden = !(job?.progress?.batches > 1);
  fillBar(bar, done);
  set(bar, "aria-valuenow", done === null ? null : percent);
  say(live, announced(job, done, state));
  if (!job && !picture) {
    say(first, "");
    say(second, "Ctrl + Enter generates · ? lists the shortcuts");
  } else if (!job) describe(first, second, picture);
  else {
    say(first, doing(job, state.system));
    say(second, job.title);
  }
}

/** What a screen reader hears: each stage, and every quarter of the way. */
function announced(job, done, { followed, jobs, system }) {
  if (!job) return jobs.get(followed)?.state === "finished" ? "The picture is ready" : "";
  if (done === null || done === 0 || done === 1) return doing(job, system);
  const quarter = `${Math.floor(done * 4) * 25} percent`;
  return job.total_bytes ? `${job.stage}, ${quarter}` : quarter;
}
