// Starting a training.

import { call } from "../api.js";
import { set } from "../dom.js";
import { store } from "../store.js";
import { settings } from "./settings.js";
import { trainings } from "./trainings.js";

/** Wire the button. */
export function started({ own, show, tried }) {
  own.start.onclick = async () => {
    if (own.start.getAttribute("aria-busy") === "true") return;
    set(own.start, "aria-busy", "true");
    await tried(async () => {
      const job = await call("POST", "/api/trainings", settings.request());
      if (!store.state.jobs.has(job.id)) store.take({ type: "job", job });
      settings.reset("name"); // the next one needs another
      await trainings.look();
      const story = trainings.state.list.find((each) => each.job === job.id);
      if (story) await trainings.choose(story.id);
      show("watch");
    });
    set(own.start, "aria-busy", "false");
  };
}
