// The ControlNet tab: the map of a picture is made, corrected, kept, and sent to where pictures are drawn.

import { attempt, call } from "../api.js";
import { styled } from "../browser/styled.js";
import { parts, say, set } from "../dom.js";
import { form } from "../form.js";
import { handIn, source } from "../imaging/session.js";
import { store } from "../store.js";
import { doing } from "../words.js";
import { boardOf } from "./board.js";
import { gallery } from "./gallery.js";
import { MapMaker } from "./maps.js";
import { NONE, offers } from "./offers.js";
import { wirePicture } from "./picture.js";
import { posing } from "./posing.js";
import { prepared } from "./prepared.js";
import { kept } from "./kept.js";
import { using } from "./using.js";

const REST_MS = 500; // without a stroke, before what was drawn is handed in

/** Fill the tab. */
export async function mapping(host) {
  const [panel] = await Promise.all([call("GET", "/page/control/tab"), ...["control/control", "control/mapping", "canvas/canvas", "canvas/tools"].map((name) => styled(`../${name}`))]);
  host.innerHTML = panel;
  host.className = "mapping";
  const own = parts(host);
  const complain = ({ message, hint }) => refuse(own, `${message} ${hint}`);
  const tried = (action) => {
    refuse(own, "");
    return attempt(action, complain);
  };
  const page = { host, own, tried, complain, made: null, settle: async () => {} };
  page.choose = gallery(own, tried);
  const editor = editing(page);
  const updates = [wirePicture(page), making(page, editor), using(page), posing(page), kept(page)];
  const update = () => updates.forEach((one) => one());
  prepared.subscribe(update);
  form.subscribe(() => attempt(() => offers.look(), complain));
  offers.subscribe(update);
  await tried(() => offers.look());
  update();
}

/** The board, whose map is handed in a moment after each change. */
function editing(page) {
  let timer = 0;
  let changed = false;
  const editor = boardOf(page.own, () => {
    changed = true;
    clearTimeout(timer);
    timer = setTimeout(() => page.tried(page.settle), REST_MS);
  });
  let work = Promise.resolve();
  const handOver = async () => {
    clearTimeout(timer);
    if (!changed) return;
    changed = false;
    try {
      const { id } = await handIn(await editor.png(), "Map");
      page.drawn = id; // it is on the board already
      prepared.change({ drawn: id });
    } catch (error) {
      changed = true; // it is tried again with the next stroke, and before the map is used
      throw error;
    }
  };
  page.settle = () => (work = work.catch(() => {}).then(handOver));
  return editor;
}

/** The map follows what is asked for; gives the update. */
function making(page, editor) {
  const { own } = page;
  let made = null; // what came of the question that is open
  const maker = new MapMaker(({ map, job, error }) => {
    made = map ?? null;
    const words = error ? `${error.sentence} ${error.hint}` : job ? doing(job, store.state.system) : map ? "" : "Making the map";
    say(own.told, words);
    set(own.told, "data-wrong", Boolean(error));
    own.again.hidden = !error;
    lay();
  });

  own.again.onclick = () => maker.again();

  /** Bring the board to what it should show. */
  function lay() {
    const { picture, drawn, preprocessor, posing: poses } = prepared.state;
    const map = drawn ?? (preprocessor === NONE ? picture : made?.id ?? null);
    page.made = map;
    own.editor.hidden = poses || !map;
    own.nothing.hidden = poses || Boolean(map);
    page.use?.();
    if (drawn && drawn === page.drawn) return;
    page.drawn = drawn;
    const address = map && source(map);
    if (editor.shown !== address) page.tried(() => editor.show(address, picture && source(picture)));
  }

  return () => {
    const { picture, preprocessor: chosen, resolution, threshold_a: first, threshold_b: second } = prepared.state;
    const preprocessor = chosen === NONE ? null : offers.preprocessor(chosen);
    const wish = picture && preprocessor?.here ? { picture, preprocessor: preprocessor.id, resolution, threshold_a: first, threshold_b: second } : null;
    if (wish) maker.make(wish);
    else {
      maker.stop();
      made = null;
      own.again.hidden = true;
      say(own.told, "");
    }
    lay();
  };
}

function refuse({ problem }, words) {
  say(problem, words);
  problem.hidden = !words;
}
