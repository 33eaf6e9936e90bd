// The dialog beside a picture: it is made once, and whatever opens it fills it.

import { styled } from "../browser/styled.js";
import { parts, say } from "../dom.js";

const MARKUP = `
<form method="dialog">
  <header><h2 data-part="title"></h2><button class="button" value="close" aria-label="Close" title="Close">✕</button></header>
  <div class="told"><figure data-part="figure"><img data-part="image" alt="The picture"></figure><div class="lines" data-part="body"></div></div>
  <div class="decide" data-part="foot"><p class="muted" data-part="count" role="status"></p><button class="button strong" type="button" data-part="take"><span>Take over</span></button></div>
</form>`;

let dialog;
let finish;

/** Open it with a picture and words; gives its parts and itself, `closed` is called once. */
export async function opened({ title, source, words, closed }) {
  if (!dialog) {
    dialog = document.createElement("dialog");
    dialog.className = "reading";
    dialog.innerHTML = MARKUP;
    dialog.onclick = ({ target }) => {
      if (target === dialog) dialog.close();
    };
    document.querySelector("easel-dialogs").append(dialog);
    await styled("../reading/reading");
  }
  if (dialog.open) finish(); // it stays open for another picture
  const own = parts(dialog);
  say(own.title, title);
  dialog.setAttribute("aria-label", title);
  own.figure.hidden = !source;
  own.image.onerror = () => { own.figure.hidden = true; }; // the words say that it is no picture
  own.image.src = source;
  own.foot.hidden = true;
  write(own.body, words);
  finish = closed;
  dialog.onclose = () => {
    own.image.removeAttribute("src");
    finish();
  };
  if (!dialog.open) dialog.showModal();
  return { ...own, dialog };
}

/** Replace what the dialog says. */
export function write(body, words, role = "status") {
  const told = document.createElement("p");
  told.className = "muted";
  told.setAttribute("role", role);
  say(told, words);
  body.replaceChildren(told);
}
