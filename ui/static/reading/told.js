// The dialog: a picture, how it was made, and what of it the form takes over.

import { attempt } from "../api.js";
import { styled } from "../browser/styled.js";
import { takeOver } from "../doings.js";
import { parts, say } from "../dom.js";
import { form } from "../form.js";
import { store } from "../store.js";

const MARKUP = `
<form method="dialog">
  <header><h2>How this picture was made</h2><button class="button" value="close" aria-label="Close" title="Close">✕</button></header>
  <div class="told"><figure data-part="figure"><img data-part="image" alt="The picture"></figure><div class="lines" data-part="body"></div></div>
  <div class="decide" data-part="foot"><p class="muted" data-part="count" role="status"></p><button class="button strong" type="button" data-part="take"><span>Take over</span></button></div>
</form>`;

let dialog;
let turn = 0;

/** Show a picture and what comes of asking for it; `done` is called when nobody looks any more. */
export async function tell({ source, asked, done }) {
  const mine = ++turn;
  const own = await shown();
  const { image, figure, body, foot } = own;
  figure.hidden = !source;
  image.src = source;
  foot.hidden = true;
  body.innerHTML = '<p class="muted" role="status">Reading the picture</p>';
  dialog.onclose = () => {
    turn += 1;
    image.src = "";
    done();
  };
  if (!dialog.open) dialog.showModal();
  const drawn = await attempt(() => asked, ({ sentence, hint }) => mine === turn && fail(body, sentence, hint));
  if (!drawn || mine !== turn) return;
  body.innerHTML = drawn;
  wire(own);
}

async function shown() {
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.className = "reading";
    dialog.setAttribute("aria-label", "How this picture was made");
    dialog.innerHTML = MARKUP;
    document.querySelector("easel-dialogs").append(dialog);
    dialog.onclick = ({ target }) => {
      if (target === dialog) dialog.close();
    };
    await styled("../reading/reading");
  }
  return parts(dialog);
}

function fail(body, ...sentences) {
  const told = document.createElement("p");
  told.setAttribute("role", "alert");
  say(told, sentences.join(" "));
  body.replaceChildren(told);
}

function wire({ body, foot, take, count }) {
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
    if (dataset) find(dataset);
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
async function find({ name, hash }) {
  dialog.close();
  store.change({ viewer: null });
  document.querySelector("[role=tab][data-tab-id=models]").click();
  const { findModel } = await import("../browser/finding.js");
  findModel({ words: name, link: hash && `hash:${hash}` });
}
