// Models that finished downloads brought: the form's lists learn of them.

import { attempt, call } from "../api.js";
import { form } from "../form.js";
import { library } from "../library.js";
import { active, store } from "../store.js";

/** Listen for as long as the page lives. */
export function followArrivals() {
  let coming = [];
  store.subscribe(() => {
    const now = active(store.state, true).filter(({ kind }) => kind === "download").map(({ id }) => id);
    const arrived = coming.some((id) => store.state.jobs.get(id)?.state === "finished");
    coming = now;
    if (arrived) attempt(learn, () => {}); // without an answer the lists learn of it with the next
  });
}

async function learn() {
  const found = await call("GET", `/page/models/facts?known=${library.revision}`);
  if (!found) return;
  library.replace(found);
  form.refresh();
}
