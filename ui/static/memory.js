// Memory: the device line with its panel, and the plan above Generate; the server draws both.

import { attempt, call } from "./api.js";
import { opensBelow, part, say, set } from "./dom.js";
import { form } from "./form.js";
import { library } from "./library.js";
import { store } from "./store.js";
import { gigabytes } from "./words.js";

const REST_MS = 200; // without a change, before a plan is asked for
const ROUGHLY = 2 ** 29; // bytes in use that make no difference
const WEIGHTLESS = ["prompt.positive", "prompt.negative", "seed.value"];
const plans = [];
let planned = "";
let timer = 0;

const ask = (path, body) => call(body ? "POST" : "GET", `/page/memory${path}`, body);

part("easel-device", store, ({ opener, name, meter, memory, panel }, host) => {
  const fill = (place, action) => attempt(async () => {
    place.innerHTML = await action();
  }, ({ sentence, hint }) => say(place, `${sentence} ${hint}`));
  opensBelow(panel, opener, () => fill(panel, () => ask("")));
  panel.onclick = ({ target }) => {
    if (!target.closest("[data-do]")) return;
    const held = panel.firstElementChild;
    say(held.lastElementChild, "Letting go of the models");
    fill(held, () => ask("/free", {}));
  };
  panel.onchange = ({ target: { form: own } }) => {
    fill(own.lastElementChild, () => ask("/usual", Object.fromEntries(new FormData(own)))).then(() => plan(planned = ""));
  };
  return ({ system, connection }) => {
    const lost = connection === "lost";
    const { name: device, memory_used: used, memory_total: total } = system?.device ?? {};
    const engine = name.dataset[lost ? "lost" : system?.engine ?? "none"];
    set(host, "data-engine", lost ? "lost" : system?.engine);
    set(opener, "title", engine);
    say(name, (!lost && device) || engine);
    meter.hidden = memory.hidden = !total;
    if (!total) return;
    say(memory, `${gigabytes(used)} of ${gigabytes(total)} GB`);
    meter.firstElementChild.style.inlineSize = `${(used / total) * 100}%`;
    set(meter, "data-full", used / total > 0.9);
  };
});

part("easel-plan", form, (own) => {
  plans.push(own);
  planned = ""; // of this one
  return plan;
});
store.subscribe(plan);

/** Tell how the form's picture fits, when anything that decides about that has changed. */
function plan() {
  const fields = form.asked();
  for (const id of WEIGHTLESS) delete fields[id];
  const { engine, device } = store.state.system ?? {};
  const wanted = JSON.stringify([fields, library.revision, engine, Math.round(device?.memory_used / ROUGHLY)]);
  if (wanted === planned) return;
  planned = wanted;
  clearTimeout(timer);
  timer = setTimeout(() => attempt(async () => {
    const { line, why } = await ask("/plan", { fields });
    if (wanted !== planned) return;
    for (const own of plans) {
      own.fold.hidden = !line;
      own.line.innerHTML = line;
      own.why.innerHTML = why;
    }
  }, () => { planned = ""; }), REST_MS);
}
