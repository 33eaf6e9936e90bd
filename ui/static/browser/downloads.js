// The downloads: those under way, and those that ended.

import { attempt, call } from "../api.js";
import { fillBar, parts, reconcile, say, set } from "../dom.js";
import { toWork } from "../doings.js";
import { form } from "../form.js";
import { goesOn, remember, remembered, store } from "../store.js";
import { share } from "../words.js";
import { get, post } from "./asking.js";
import { show } from "./browser.js";
import { needsToken, told } from "./refused.js";
import { styled } from "./styled.js";
import { underWay } from "./under_way.js";

const DROPPED_KEY = "easel.dropped";

/** Set the view up. */
export async function open(section) {
  const [drawn] = await Promise.all([get("/downloads"), styled("find")]);
  section.innerHTML = drawn;
  const own = parts(section);
  let brought = {}; // what finished downloads brought, by their ids
  let finished = -1;
  const dropped = new Set(remembered(DROPPED_KEY)?.split(" ")); // failed ones that nobody wants any more

  const attempted = (action) => told(own.failed, action);

  function draw() {
    const all = [...store.state.jobs.values()].filter(({ kind }) => kind === "download");
    const jobs = all.filter((job) => !dropped.has(job.id) && !isReplaced(job, all)).sort(inOrder);
    own.empty.hidden = jobs.length > 0;
    reconcile(own.rows, jobs, ({ id }) => id, () => own.row.content.firstElementChild.cloneNode(true), fill);
    const ended = jobs.filter(({ state }) => state === "finished").length;
    if (ended !== finished && !section.hidden) learn(ended);
  }

  async function learn(ended) {
    finished = ended;
    brought = await attempt(() => get("/downloads/brought"), () => {}) ?? brought;
    draw();
  }

  function fill(row, job) {
    const { name, doing, why, bar, ...buttons } = parts(row);
    const going = goesOn(job);
    say(name, job.title.replace("Download ", ""));
    for (const what of ["pause", "cancel"]) set(buttons[what], "aria-label", `${buttons[what].title} ${name.textContent}`);
    say(doing, job.failure ? "" : underWay(job));
    doing.hidden = Boolean(job.failure);
    why.hidden = !job.failure;
    say(why, job.failure ? underWay(job) : "");
    const done = job.paused && job.total_bytes ? job.done_bytes / job.total_bytes : share(job);
    bar.hidden = !going || (done === null && job.state === "queued");
    fillBar(bar, done);
    set(bar, "aria-valuenow", done === null ? null : Math.round(done * 100));
    const seen = {
      pause: going && !job.paused,
      resume: job.paused || job.state === "failed",
      cancel: going,
      drop: job.state === "failed",
      token: Boolean(job.failure && needsToken(job.failure)),
      show: Boolean(brought[job.id]),
      use: Boolean(brought[job.id]?.able),
    };
    for (const [what, there] of Object.entries(seen)) buttons[what].hidden = !there;
  }

  const DEEDS = {
    pause: (job) => attempted(() => post("/downloads/pause", { job })),
    resume: (job) => attempted(() => post("/downloads/resume", { job })),
    cancel: (job) => attempted(() => call("POST", `/api/jobs/${job}/cancel`)),
    async drop(job) {
      await attempted(() => call("POST", `/api/jobs/${job}/cancel`));
      remember(DROPPED_KEY, [...dropped.add(job)].join(" "));
      draw();
    },
    show: (job) => show("yours", { id: brought[job].model }),
    tokens: () => show("find", { tokens: true }),
    use(job) {
      form.pick(brought[job].model);
      toWork();
    },
  };

  section.onclick = ({ target }) => {
    const button = target.closest("[data-do]");
    DEEDS[button?.dataset.do]?.(button.closest("li")?.dataset.key);
  };
  if (own.paste) own.paste.onsubmit = async (event) => {
    event.preventDefault();
    own.get.disabled = true;
    own.asking.hidden = false;
    const begun = await attempted(() => post("/downloads/get", { text: own.paste.elements.text.value }));
    own.get.disabled = false;
    own.asking.hidden = true;
    if (begun) own.paste.reset();
  };
  store.subscribe(draw);
  return draw;
}

/** Whether what came to nothing was begun anew since. */
function isReplaced({ title, state, created }, all) {
  return ["failed", "cancelled"].includes(state) && all.some((other) => other.title === title && other.created > created);
}

/** What is under way first, in the order in which it is done; then what ended last. */
function inOrder(one, other) {
  if (goesOn(one) !== goesOn(other)) return goesOn(one) ? -1 : 1;
  return goesOn(one) ? one.created - other.created : other.created - one.created;
}
