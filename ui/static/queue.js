// What waits and runs: in the results pane, and in the top bar's menu.

import { copyOf, fillBar, opensBelow, part, parts, reconcile, say, set } from "./dom.js";
import { active, store } from "./store.js";
import { doing, share } from "./words.js";
import { cancel, setPaused } from "./doings.js";

part("easel-queue", store, ({ list }, host) => (state) => {
  const jobs = active(state);
  host.hidden = jobs.length === 0;
  fill(list, jobs, state.system);
});

part("easel-queue-menu", store, ({ opener, count, menu, empty, list, pause }) => {
  pause.onclick = () => setPaused(!store.state.system?.queue_paused);
  opensBelow(menu, opener);
  return (state) => {
    const jobs = active(state);
    const paused = Boolean(state.system?.queue_paused);
    say(count, String(jobs.length));
    set(opener, "data-paused", paused);
    set(opener, "aria-label", `Queue: ${jobs.length} waiting or running${paused ? ", paused" : ""}`);
    set(pause, "data-paused", paused);
    empty.hidden = jobs.length > 0;
    fill(list, jobs, state.system);
  };
});

function fill(list, jobs, system) {
  reconcile(list, jobs, (job) => job.id, create, (row, job) => {
    const { title, doing: words, bar } = parts(row);
    const done = share(job);
    say(title, job.title || "Untitled");
    say(words, doing(job, system));
    bar.hidden = done === null;
    fillBar(bar, done);
  });
}

function create({ id, title }) {
  const row = copyOf("job");
  const { show, cancel: stop } = parts(row);
  show.onclick = () => store.follow(id);
  stop.onclick = () => cancel(id);
  set(stop, "aria-label", `Cancel “${title}”`);
  return row;
}
