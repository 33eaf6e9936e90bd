// A picture of ours, made again from its own metadata and compared pixel by pixel.

import { attempt, call } from "../api.js";
import { address } from "../picture.js";
import { goesOn, store } from "../store.js";
import { opened, write } from "./dialog.js";

const TITLE = "Reproduce this picture";

/** Make a picture again, and say what came of it. */
export async function reproduce(picture) {
  let leave = () => {};
  const own = await opened({
    title: TITLE,
    source: address(picture),
    words: "Making it again, with the settings that are in its file",
    closed: () => leave(),
  });
  const fail = ({ sentence, hint }) => write(own.body, `${sentence} ${hint}`, "alert");
  const asked = `/api/readings/pictures/${encodeURIComponent(picture.id)}`;
  const remaking = await attempt(() => call("POST", `${asked}/again`), fail);
  if (!remaking) return;
  const job = await ended(remaking.job, (stop) => { leave = stop; });
  if (!job) return;
  if (job.state !== "finished") {
    fail({ sentence: "It was not made again.", hint: job.failure ? `${job.failure.sentence} ${job.failure.hint}` : "" });
    return;
  }
  const compared = await attempt(() => call("GET", `${asked}/compared/${remaking.picture}`), fail);
  if (compared) show(own, compared, remaking.picture);
}

/** The job once it has ended; undefined where nobody waits for it any more. */
function ended(id, stoppable) {
  return new Promise((done) => {
    const look = () => {
      const job = store.state.jobs.get(id);
      if (!job || goesOn(job)) return;
      leave();
      done(job);
    };
    const leave = store.subscribe(look);
    stoppable(() => {
      leave();
      done();
    });
    look();
  });
}

function show({ body, figure, image }, { identical, sentence, reasons }, id) {
  write(body, sentence);
  body.firstChild.className = identical ? "same" : "";
  figure.hidden = true;
  const pair = made("div", "");
  pair.className = "pair";
  pair.append(framed(image.src, "As it was"), framed(address({ id }), "Made again"));
  body.append(pair);
  if (!reasons.length) return;
  const list = made("ul", "");
  list.className = "unused";
  list.append(...reasons.map((reason) => made("li", reason)));
  body.append(made("h3", "Why"), list);
}

function framed(source, words) {
  const frame = made("figure", "");
  const picture = made("img", "");
  Object.assign(picture, { src: source, alt: words });
  frame.append(picture, made("figcaption", words));
  return frame;
}

function made(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
