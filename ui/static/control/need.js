// What a preprocessor lacks, and its download, which begins only when somebody asks for it.

import { attempt, call } from "../api.js";
import { say, set } from "../dom.js";
import { goesOn, store } from "../store.js";
import { doing, fileSize } from "../words.js";
import { offers } from "./offers.js";

const asked = new Map(); // preprocessors to the ids of the jobs that bring their files
let ended = 0;

// Files that came, whoever asked for them, make a preprocessor work.
store.subscribe(() => {
  const now = [...store.state.jobs.values()].filter((job) => job.kind === "download" && !goesOn(job)).length;
  if (now === ended) return;
  ended = now;
  if (offers.known.preprocessors.length) attempt(() => offers.look(true), () => {}); // asked again with the next change
});

const at = (id) => `/api/preprocessors/${encodeURIComponent(id)}`;

/** Wire the line that says what is needed; gives its update. */
export function wireNeed({ own }) {
  let preprocessor = null;
  let refused = "";

  own.get.onclick = () => attempt(async () => {
    refused = "";
    const { id } = preprocessor;
    const jobs = await call("POST", `${at(id)}/fetch`);
    for (const job of jobs) if (!store.state.jobs.has(job.id)) store.take({ type: "job", job });
    asked.set(id, jobs.map((job) => job.id));
    draw();
  }, refuse);

  own.have.onclick = () => {
    own.local.hidden = !own.local.hidden;
    set(own.have, "aria-expanded", String(!own.local.hidden));
    if (!own.local.hidden) own.local.elements.path.focus();
  };
  own.local.onsubmit = (event) => {
    event.preventDefault();
    attempt(async () => {
      refused = "";
      const { id, files } = preprocessor;
      const file = files.length === 1 ? files[0] : ""; // one of several is known by its name
      await call("POST", `${at(id)}/file`, { path: own.local.elements.path.value.trim(), file });
      own.local.reset();
      await offers.look(true);
    }, refuse);
  };

  function refuse({ message, hint }) {
    refused = `${message} ${hint}`;
    draw();
  }

  function draw() {
    const lacks = Boolean(preprocessor && !preprocessor.here);
    own.need.hidden = !lacks;
    if (!lacks) {
      own.local.hidden = true;
      return;
    }
    const { bytes, source, licence } = preprocessor;
    const jobs = (asked.get(preprocessor.id) ?? []).map((id) => store.state.jobs.get(id)).filter(Boolean);
    const open = jobs.find(goesOn);
    const failed = jobs.find(({ failure }) => failure)?.failure;
    const words = open ? doing(open, null) : refused || (failed ? `${failed.sentence} ${failed.hint}` : "");
    say(own.needs, words || `Needs ${fileSize(Math.max(bytes, 1e6))} from ${source} on Hugging Face${licence && ` (licence: ${licence})`}.`);
    own.get.hidden = own.have.hidden = Boolean(open);
  }

  store.subscribe(draw);
  return (_values, comes) => {
    if (comes.preprocessor?.id !== preprocessor?.id) refused = "";
    ({ preprocessor } = comes);
    draw();
  };
}
