// Telling that a long job has ended to somebody who looks elsewhere; and the tab's title.

import { drawn, parts, root, say } from "../dom.js";
import { form } from "../form.js";
import { onStage } from "../shown.js";
import { goesOn, remember, remembered, store } from "../store.js";
import { share } from "../words.js";
import { looks } from "./looks.js";

const KEY = "easel.telling";
const LONG_MS = 20_000;
const TONES = [[660, 0], [880, 0.16]]; // hertz, and when, in seconds
const NO_NOTIFICATIONS = "This browser shows no notifications for this address; the tab's title tells it all the same.";

/** Make the switches in the queue's menu work, and the link beside the progress. */
export async function telling(place) {
  await looks;
  const { on, sound, note } = parts(place);
  const link = await drawn("easel-stage [data-part=tell]");
  const icon = document.querySelector("link[rel=icon]");
  const plain = icon.href;
  const waited = new Set(); // jobs that were seen in the queue
  const began = new Map(); // when each job that runs began
  let settings = { on: false, sound: false, ...JSON.parse(remembered(KEY, "localStorage") ?? "{}") };
  let badge = "";
  let audio = null;

  on.onchange = () => change({ on: on.checked });
  sound.onchange = () => change({ sound: sound.checked });
  link.onclick = async () => {
    await change({ on: true });
    form.tell(note.textContent || "Easel tells you when it is ready, wherever you look.");
  };
  for (const event of ["visibilitychange", "focus"]) window.addEventListener(event, seen, { capture: true });

  /** A click: the only moment at which a browser lets itself be asked, and lets sounds begin. */
  async function change(changes) {
    settings = { ...settings, ...changes };
    remember(KEY, JSON.stringify(settings), "localStorage");
    show();
    if (settings.on && settings.sound) play(0.0001);
    const able = !settings.on || (await allowed());
    note.hidden = able;
    say(note, able ? "" : NO_NOTIFICATIONS);
  }

  function show() {
    on.checked = settings.on;
    sound.checked = settings.sound;
    sound.disabled = !settings.on;
    follow();
  }

  function follow() {
    const { jobs } = store.state;
    for (const job of jobs.values()) {
      if (job.state === "queued") waited.add(job.id);
      if (job.state === "running" && !began.has(job.id)) began.set(job.id, waited.has(job.id) ? Date.now() : Math.min(Date.now(), job.created * 1000));
      if (began.has(job.id) && !goesOn(job)) ended(job);
    }
    const { job } = onStage(store.state);
    root.toggleAttribute("data-tells", settings.on && [...jobs.values()].some(goesOn)); // the feed goes on in a hidden tab
    link.hidden = settings.on || !(job?.progress?.seconds_left * 1000 > LONG_MS);
    const done = job ? share(job) : null;
    document.title = done === null ? `${badge}Easel` : `(${Math.round(done * 100)} %) Easel`;
  }

  function ended(job) {
    const took = Date.now() - began.get(job.id);
    began.delete(job.id);
    if (settings.on && took > LONG_MS && job.state !== "cancelled" && isAway()) tell(job);
  }

  function tell(job) {
    const words = job.state === "finished" ? `Ready: ${job.title}` : `${job.title}: ${job.failure?.sentence ?? "it did not end well."}`;
    badge = job.state === "finished" ? "✓ Ready · " : "! ";
    mark();
    if (settings.sound) play(0.2);
    try {
      const shown = new Notification("Easel", { body: words, tag: "easel", icon: plain });
      shown.onclick = () => {
        window.focus();
        store.follow(job.id);
        shown.close();
      };
    } catch {
      // Phones' browsers show them to installed programs only: title and sound tell it.
    }
  }

  /** A dot on the tab's icon, until somebody looks. */
  async function mark() {
    const drawing = await (await fetch(plain)).text();
    const dotted = drawing.replace("</svg>", '<circle cx="25" cy="7" r="7" fill="#f0c262"/></svg>');
    if (badge) icon.href = `data:image/svg+xml,${encodeURIComponent(dotted)}`;
  }

  function seen() {
    if (isAway() || !badge) return;
    badge = "";
    icon.href = plain;
    follow();
  }

  function play(loudness) {
    audio ??= new AudioContext();
    audio.resume();
    for (const [pitch, after] of TONES) {
      const from = audio.currentTime + after;
      const tone = new OscillatorNode(audio, { frequency: pitch });
      const volume = new GainNode(audio, { gain: loudness });
      volume.gain.exponentialRampToValueAtTime(0.0001, from + 0.3);
      tone.connect(volume).connect(audio.destination);
      tone.start(from);
      tone.stop(from + 0.3);
    }
  }

  store.subscribe(follow);
  show();
}

function isAway() {
  return document.hidden || !document.hasFocus();
}

async function allowed() {
  if (!("Notification" in window) || !window.isSecureContext) return false;
  if (Notification.permission === "default") await Notification.requestPermission();
  return Notification.permission === "granted";
}
