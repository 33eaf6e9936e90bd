// What opens beside a picture, or several, to make larger versions.

import { call, token } from "../api.js";
import { styled } from "../browser/styled.js";
import { send, toWork, tried } from "../doings.js";
import { parts, say } from "../dom.js";
import { put } from "../writing/menus.js";

const LARGE = 512; // pixels of a side: twice as large is enough for most such pictures
const MARKUP = `
<h3>Upscale</h3>
<div class="segments wide" role="radiogroup" aria-label="Factor">
  <label><input type="radio" name="factor" value="2" aria-label="2 times">2×</label>
  <label><input type="radio" name="factor" value="4" aria-label="4 times">4×</label>
</div>
<p class="muted" data-part="size" aria-live="polite"></p>
<label class="upscaler"><span>Upscaler</span><select data-part="list"></select></label>
<label class="detail"><input type="checkbox" data-part="detail"><span>Add detail with the checkpoint</span></label>
<p class="muted" data-part="note" hidden>It is drawn again, finer, with its own prompt. That takes longer.</p>
<button type="button" class="button strong" data-part="go"><span>Upscale</span></button>`;

let menu;
let own;

/** Open it beside the button of a picture, or of several. */
export async function upscale(given, button) {
  const pictures = [given].flat();
  const [picture] = pictures;
  const asked = tried(() => call("GET", `/api/upscaling/offers?picture=${encodeURIComponent(picture.id)}`));
  if (!menu) await make();
  const offers = await asked;
  if (!offers) return;
  own.list.replaceChildren(...offers.upscalers.map(option));
  own.list.value = offers.usual;
  const factor = Math.max(picture.width, picture.height) < LARGE ? "4" : "2";
  menu.querySelector(`[value="${factor}"]`).checked = true;
  const tell = () => {
    const becomes = `${sides(picture, 1)} becomes ${sides(picture, chosen())}`;
    say(own.size, pictures.length === 1 ? becomes : `${pictures.length} pictures, each ${chosen()} times as large`);
    own.note.hidden = !own.detail.checked;
  };
  menu.onchange = tell;
  own.go.onclick = () => {
    menu.hidePopover();
    toWork();
    const how = { factor: chosen(), upscaler: own.list.value, detail: own.detail.checked };
    for (const { id } of pictures) send("/page/upscale", { token: token(), picture: id, ...how });
  };
  own.detail.checked = false;
  own.detail.parentElement.hidden = picture.id.startsWith("input-"); // of which no prompt is known
  tell();
  button.after(menu); // within a dialog that is open, only its own children can be used
  menu.showPopover({ source: button });
  put(menu, button.getBoundingClientRect());
  menu.querySelector(":checked").focus();
}

async function make() {
  menu = document.createElement("div");
  menu.className = "menu upscaling";
  menu.popover = "auto";
  menu.setAttribute("role", "dialog");
  menu.setAttribute("aria-label", "Upscale");
  menu.innerHTML = MARKUP;
  own = parts(menu);
  await styled("../upscaling/upscaling");
}

const chosen = () => Number(menu.querySelector("[name=factor]:checked").value);

const sides = ({ width, height }, factor) => `${width * factor} × ${height * factor}`;

function option({ id, label, about }) {
  return new Option(about ? `${label}, ${about}` : label, id);
}
