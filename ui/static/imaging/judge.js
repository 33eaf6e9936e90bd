// A result lies over the picture that it was drawn from, until somebody decides about it.

import { vary } from "../doings.js";
import { root, say } from "../dom.js";
import { address } from "../picture.js";
import { show } from "../shown.js";
import { goesOn, store } from "../store.js";
import { session } from "./session.js";

/** Make the buttons below the canvas work, and the canvas show what comes. */
export function wireJudge(own) {
  const { canvas, judge, which, before, after, accept, discard, again, said } = own;
  let made = [];
  let picture = null;
  let told = "";

  const turn = (by) => show(made[made.indexOf(picture) + by].id);
  before.onclick = () => turn(-1);
  after.onclick = () => turn(1);
  discard.onclick = () => leave();
  again.onclick = () => vary(picture);
  accept.onclick = () => {
    const { id, width, height, prompt } = picture;
    leave();
    session.begin({ id, width, height, name: prompt });
    canvas.querySelector("[data-part=surface]")?.focus(); // the button is gone
  };

  return () => {
    const { edit, jobs, pictures, previews, shown } = store.state;
    const { judging } = session.state;
    if (edit && !judging?.jobs.includes(edit)) return session.judge(edit);
    const here = judging && session.version()?.key === judging.key;
    made = here ? judging.jobs.flatMap((id) => jobs.get(id)?.pictures ?? pictures.filter(({ job }) => job === id).reverse()) : [];
    const job = here ? jobs.get(edit) : null;
    const preview = job && goesOn(job) ? previews.get(edit) : null;
    picture = preview ? null : made.find(({ id }) => id === shown) ?? made.at(-1) ?? null;
    canvas.busy?.(preview ? `data:image/jpeg;base64,${preview.jpeg}` : null);
    canvas.candidate?.(picture && address(picture));
    root.toggleAttribute("data-judging", Boolean(picture));
    judge.hidden = !picture;
    before.hidden = after.hidden = which.hidden = made.length < 2;
    before.disabled = picture === made[0];
    after.disabled = picture === made.at(-1);
    say(which, `${made.indexOf(picture) + 1} of ${made.length}`);
    if (picture && told !== picture.id) say(said, "The result lies over the picture: accept it, discard it or try again.");
    told = picture?.id ?? "";
  };
}

function leave() {
  store.judge(null);
  store.change({ shown: null });
  session.judge(null);
}
