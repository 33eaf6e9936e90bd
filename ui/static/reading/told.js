// How a picture was made, and what of it the form takes over.

import { attempt } from "../api.js";
import { takeOver } from "../doings.js";
import { parts, say } from "../dom.js";
import { form } from "../form.js";
import { store } from "../store.js";
import { opened, write } from "./dialog.js";

const TITLE = "How this picture was made";

/** Show a picture and what comes of asking for it; `done` is called when nobody looks any more. */
export async function tell({ source, ask, done }) {
  let looked = true;
  const closed = () => {
    looked = false;
    done();
  };
  const own = await opened({ title: TITLE, source, words: "Reading the picture", closed });
  const drawn = await attempt(ask, ({ sentence, hint }) => looked && write(own.body, `${sentence} ${hint}`, "alert"));
  if (!drawn || !looked) return;
  own.body.innerHTML = drawn;
  wire(own);
}

function wire({ dialog, body, foot, take, count }) {
  const boxes = [...body.querySelectorAll("[name]")].filter((box) => !box.disabled && form.field(box.name));
  const { every } = parts(body);
  const chosen = () => boxes.filter((box) => box.checked);
  const update = () => {
    const taken = chosen().length;
    say(count, taken === boxes.length ? "" : `${taken} of ${boxes.length} chosen`);
    take.disabled = !taken;
    if (every) Object.assign(every, { checked: taken === boxes.length, indeterminate: taken > 0 && taken < boxes.length });
  };
  body.onchange = ({ target }) => {
    if (target === every) for (const box of boxes) box.checked = every.checked;
    update();
  };
  body.onclick = ({ target }) => {
    const { dataset } = target.closest("[data-do=find]") ?? {};
    if (dataset) find(dialog, dataset);
  };
  take.onclick = () => {
    const fields = Object.fromEntries(chosen().map((box) => [box.name, JSON.parse(box.dataset.value)]));
    dialog.close();
    takeOver(fields);
  };
  foot.hidden = !boxes.length;
  update();
}

/** Look for a model on the hubs. */
async function find(dialog, { name, hash }) {
  dialog.close();
  store.change({ viewer: null });
  document.querySelector("[role=tab][data-tab-id=models]").click();
  const { findModel } = await import("../browser/finding.js");
  findModel({ words: name, link: hash && `hash:${hash}` });
}
