// The model picker's button; its dialog's code comes when it is first opened.

import { part, say, set } from "./dom.js";
import { tried } from "./doings.js";
import { form } from "./form.js";
import { later } from "./lazy.js";

part("easel-model", form, (found) => {
  found.opener.onclick = () => tried(async () => (await later("picker"))(found.dialog));
  return () => {
    const checkpoint = form.checkpoint();
    say(found.name, checkpoint?.name ?? "No model yet");
    say(found.family, form.family().label);
    set(found.opener, "aria-label", `Checkpoint: ${found.name.textContent}`);
    set(found.opener, "data-unable", Boolean(!checkpoint || checkpoint.problem));
    found.family.hidden = !checkpoint;
  };
});
