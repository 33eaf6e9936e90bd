// What opens beside a picture to make a larger version of it.

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
<button type="button" class="button strong" data-part="go"><span>Upscale</span></button>`;

let menu;
let own;

/** Open it beside the button of a picture. */
export async function upscale(picture, button) {
  const asked = tried(() => call("GET", `/api/upscaling/offers?picture=${encodeURIComponent(picture.id)}`));
  if (!menu) await make();
  const offers = await asked;
  if (!offers) return;
  own.list.replaceChildren(...offers.upscalers.map(option));
  own.list.value = offers.usual;
  const factor = Math.max(picture.width, picture.height) < LARGE ? "4" : "2";
  menu.querySelector(`[value="${factor}"]`).checked = true;
  const tell = () => say(own.size, `${sides(picture, 1)} becomes ${sides(picture, chosen())}`);
  menu.onchange = tell;
  own.go.onclick = () => {
    menu.hidePopover();
    toWork();
    send("/page/upscale", { token: token(), picture: picture.id, factor: chosen(), upscaler: own.list.value });
  };
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
