// Image to image: the slot for a picture, the canvas, and the versions below it.

import { attempt } from "../api.js";
import { styled } from "../browser/styled.js";
import { copyOf, parts, reconcile, root, say, set } from "../dom.js";
import { form } from "../form.js";
import { reads } from "../receiving.js";
import { store } from "../store.js";
import { choose } from "./bring.js";
import { wireCanvas } from "./canvas.js";
import { takeDragged } from "../dragging/dragging.js";
import { edit } from "./edit.js";
import { followForm } from "./following.js";
import { wireJudge } from "./judge.js";
import { session } from "./session.js";
import { small, wireVersions } from "./versions.js";

/** Fill the tab. */
export async function imaging(host) {
  await styled("../imaging/imaging");
  host.append(copyOf("imaging"));
  const own = parts(host);
  own.choose.onclick = () => choose();
  own.folder.onclick = () => choose(true);
  own.enlargeAll.onclick = () => reads("upscale", session.state.several, own.enlargeAll);
  own.enlarge.onclick = () => {
    const { picture: id, width, height } = session.version();
    reads("upscale", { id, width, height }, own.enlarge);
  };
  own.back.onclick = () => store.change({ shown: null });
  takeDragged(host, edit);
  followForm();
  const updates = [wireVersions(own), wireJudge(own), () => drawTold(own), () => drawSeveral(own), lookAtResults()];
  const update = () => updates.forEach((one) => one());
  session.subscribe(update);
  store.subscribe(update);
  update();
  await attempt(() => wireCanvas(own.canvas), ({ message, hint }) => session.tell({ refused: [`${message} ${hint}`] }));
}

function drawTold({ slot, work, ways, refused, told }) {
  const { busy, refused: sentences, note } = session.told;
  const { several } = session.state;
  const working = Boolean(session.version());
  slot.hidden = working;
  set(slot, "data-small", several.length > 0);
  work.hidden = !working;
  ways.dataset.words ??= ways.textContent;
  say(ways, busy || ways.dataset.words);
  say(refused, sentences.join(" "));
  refused.hidden = !sentences.length;
  say(told, working ? [busy, ...sentences, note].filter(Boolean).join(" ") : note);
}

/** Several pictures: each is drawn from, with the same settings. */
function drawSeveral({ several, count, pictures }) {
  const line = session.state.several;
  several.hidden = !line.length;
  say(count, `${line.length} ${line.length === 1 ? "picture" : "pictures"}: Generate draws from each, with the same prompt and settings, as one job. Press one to leave it out.`);
  reconcile(pictures, line.map((one, at) => ({ ...one, at })), ({ id, at }) => `${id} ${at}`, ({ id, name, at }) => {
    const made = small(id, `Leave out ${name}`);
    made.title = name;
    made.onclick = () => session.line(session.state.several.filter((_, place) => place !== at));
    return made;
  });
}

/** A result that is pressed: taken while the slot is empty, else shown in place of the canvas. */
function lookAtResults() {
  let ignored = store.state.shown; // chosen before the tab was open
  return () => {
    const { shown, pictures } = store.state;
    if (!form.begins()) ignored = shown;
    const picture = shown === ignored ? null : pictures.find(({ id }) => id === shown);
    const looking = Boolean(picture && !session.state.judging?.jobs.includes(picture.job) && !store.state.viewer);
    if (looking && !session.version() && !session.state.several.length) {
      ignored = shown;
      return edit(picture);
    }
    root.toggleAttribute("data-looking", looking);
  };
}
