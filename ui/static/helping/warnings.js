// Above Generate: settings that are known to be wrong, each with a button that sets it right.

import { attempt, call } from "../api.js";
import { form } from "../form.js";
import { library } from "../library.js";
import { changeForm } from "./changing.js";
import { looks } from "./looks.js";

const REST_MS = 200; // without a change, before the server is asked
const WITHOUT_MEANING = ["prompt.positive", "seed.value", "batch.count"];

/** Keep an element filled. */
export async function warnings(place) {
  await looks;
  place.innerHTML = '<ul role="status"></ul>';
  const list = place.firstElementChild;
  let asked = "";
  let shown = "";
  let timer = 0;

  place.onclick = ({ target }) => {
    const { fields } = target.closest("[data-fields]")?.dataset ?? {};
    if (fields) changeForm(JSON.parse(fields));
  };

  function look() {
    const wanted = JSON.stringify([matters(), library.revision]);
    if (wanted === asked) return;
    asked = wanted;
    clearTimeout(timer);
    timer = setTimeout(() => attempt(async () => {
      const drawn = await call("POST", "/page/helping/warnings", { fields: form.asked() });
      if (wanted !== asked || drawn === shown) return;
      shown = drawn;
      place.hidden = !drawn;
      list.innerHTML = drawn;
    }, () => { asked = ""; }), REST_MS);
  }

  form.subscribe(look);
  look();
}

/** What of the form decides about warnings: of the prompt, the LoRAs that it names. */
function matters() {
  const values = form.asked();
  const loras = values["prompt.positive"]?.match(/<\w+:[^<>]*>/g);
  for (const id of WITHOUT_MEANING) delete values[id];
  return [values, loras];
}
