// All that a hub tells of one model: its versions, its files and how to get them.

import { parts, say, set } from "../dom.js";
import { takeOver } from "../doings.js";
import { form } from "../form.js";
import { askBefore } from "../picture.js";
import { goesOn, store } from "../store.js";
import { get, post, query } from "./asking.js";
import { show as showView } from "./browser.js";
import { fetchPictures } from "./hits.js";
import { needsToken, told } from "./refused.js";
import { underWay } from "./under_way.js";

/** The pane; `waiting` is its template while a hub is asked, `adults` tells whether to show all. */
export function hit(place, waiting, adults) {
  const host = place.parentElement;
  const coming = new Map(); // the downloads that were begun here, by their files' names
  let turn = 0; // grows with each thing that is shown: answers to older questions are dropped
  let path = ""; // what asks for the model that is shown
  let opener = null;

  const model = ({ hub, id, version = "" }) => open(`/find/model${query({ hub, id, version, mature: adults() })}`);
  const link = (text) => open(`/find/link${query({ text, mature: adults() })}`);
  const tokens = () => open("/find/tokens");
  const attempted = (action) => told(parts(place).refused, action);

  async function open(wanted) {
    const mine = ++turn;
    if (place.hidden) opener = document.activeElement;
    place.replaceChildren(waiting.content.cloneNode(true));
    place.hidden = false;
    set(host, "data-about", true);
    place.querySelector("[data-do=back]").focus({ preventScroll: true });
    const drawn = await told(parts(place).refused, () => get(wanted), () => open(wanted));
    if (mine !== turn) return;
    if (wanted !== "/find/tokens") path = wanted;
    if (drawn) draw(drawn);
    else say(place.querySelector("[role=status]"), "");
  }

  function draw(html) {
    coming.clear();
    place.innerHTML = html;
    place.scrollTop = 0;
    place.querySelector("[data-do=back]").focus({ preventScroll: true });
    fetchPictures(place, { first: true });
    for (const button of place.querySelectorAll("[data-pickle]")) askBefore(button, () => attempted(() => download(button)));
    const { version, about } = parts(place);
    if (version) version.onchange = () => model({ ...about.dataset, version: version.value });
  }

  function close() {
    turn += 1;
    place.hidden = true;
    place.replaceChildren();
    set(host, "data-about", false);
    if (opener?.isConnected) opener.focus();
  }

  async function download(button) {
    const { hub, id, version } = parts(place).about.dataset;
    const { file } = button.dataset;
    const wanted = { hub, model: id, version, file, even_pickles: "pickle" in button.dataset };
    const { way } = parts(button.closest("li"));
    way.hidden = false;
    say(way, "Asking the hub");
    button.disabled = true;
    try {
      coming.set(file, (await post("/downloads/start", wanted)).id);
      follow();
    } catch (error) {
      way.hidden = true;
      throw error;
    } finally {
      button.disabled = false;
    }
  }

  /** Say beside each file how its download gets on. */
  function follow() {
    for (const [name, id] of coming) {
      const row = place.querySelector(`[data-name="${CSS.escape(name)}"]`);
      const job = store.state.jobs.get(id);
      if (!row || !job) continue;
      const { way, token } = parts(row);
      way.hidden = false;
      say(way, underWay(job));
      set(way, "data-failed", Boolean(job.failure));
      token.hidden = !(job.failure && needsToken(job.failure));
      const button = row.querySelector("[data-file]");
      button.hidden = goesOn(job) || job.state === "finished";
    }
  }

  const DEEDS = {
    back: close,
    tokens,
    download: (button) => attempted(() => download(button)),
    show: ({ dataset: { id } }) => showView("yours", { id }),
    forget: ({ dataset: { hub } }) => attempted(async () => draw(await post("/find/token/forget", { hub }))),

    word({ dataset: { text } }) {
      const prompt = form.values["prompt.positive"];
      form.apply({ "prompt.positive": [prompt, text].filter(Boolean).join(", ") });
      say(parts(place).said, `“${text}” is in the prompt now.`);
    },

    take({ dataset: { fields, model: here } }) {
      if (here) form.pick(here);
      takeOver(JSON.parse(fields));
    },
  };

  place.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    const deed = button && DEEDS[button.dataset.do];
    if (!deed) return;
    event.stopPropagation();
    deed(button);
  });
  place.addEventListener("submit", (event) => {
    event.preventDefault();
    const { dataset: { hub }, elements: { token } } = event.target;
    attempted(async () => {
      draw(await post("/find/token", { hub, token: token.value }));
      if (path) await open(path);
    });
  });
  place.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    close();
  });
  store.subscribe(follow);

  return { model, link, tokens };
}
