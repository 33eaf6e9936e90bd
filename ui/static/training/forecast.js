// What a training will take, told before it starts.

import { attempt, call } from "../api.js";
import { say, set } from "../dom.js";
import { duration, fileSize, gigabytes } from "../words.js";

const TYPING_MS = 400;
const NO_PICTURES = "Choose pictures first: the first view gathers them.";
const NO_CHECKPOINT = "No checkpoint here can be taught. The Models tab finds one, such as Stable Diffusion 1.5.";

/** Wire the pane; gives what is called whenever a setting changed. */
export function forecast({ own }, settings) {
  let asking = 0;

  return async function foretell() {
    const mine = ++asking;
    const request = settings.request();
    const lacking = !request.checkpoint ? NO_CHECKPOINT : !request.dataset.folder ? NO_PICTURES : "";
    own.start.disabled = Boolean(lacking);
    tellWrong("");
    if (lacking) return put(lacking);
    await new Promise((done) => setTimeout(done, TYPING_MS));
    if (mine !== asking) return;
    const seen = await attempt(() => call("POST", "/api/trainings/forecast", request), (error) => {
      if (mine !== asking) return;
      put("");
      tellWrong(`${error.message} ${error.hint}`);
    });
    if (seen && mine === asking) show(seen);
  };

  function show(seen) {
    put(seen.sentence);
    fill(own.figures, [
      ["Time", `about ${duration(seen.seconds)}`],
      ["Each step", brief(seen.step_seconds)],
      ["Memory", `${gigabytes(seen.memory)} of ${gigabytes(seen.available)} GB`],
      ["LoRA", fileSize(seen.file)],
      ["Disk", `${fileSize(seen.disk)} of ${fileSize(seen.free_disk)} free`],
    ]);
    set(own.foretold, "data-wrong", !seen.fits);
    own.remedies.replaceChildren(...seen.remedies.map(({ label, fields }) => chip(label, () => settings.apply(fields))));
  }

  function put(words) {
    say(own.foretold, words);
    set(own.foretold, "data-wrong", false);
    own.figures.replaceChildren();
    own.remedies.replaceChildren();
  }

  function tellWrong(words) {
    own.wrong.hidden = !words;
    say(own.wrong, words);
  }
}

/** A time that may be short: 0.043 → "0.04 s". */
export function brief(seconds) {
  return seconds < 10 ? `${seconds.toFixed(seconds < 1 ? 2 : 1)} s` : duration(seconds);
}

/** A list of figures, as pairs of a term and what it is. */
export function fill(list, pairs) {
  list.replaceChildren(...pairs.map(([term, value]) => {
    const row = document.createElement("div");
    row.append(Object.assign(document.createElement("dt"), { textContent: term }), Object.assign(document.createElement("dd"), { textContent: value }));
    return row;
  }));
}

/** A small button. */
export function chip(words, onclick) {
  return Object.assign(document.createElement("button"), { type: "button", className: "chip", textContent: words, onclick });
}
