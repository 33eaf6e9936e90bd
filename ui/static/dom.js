// Finding, copying and updating elements. Their markup comes from the server (`ui/templates`).

export const root = document.documentElement;

/** What the server tells about the form. */
export const facts = JSON.parse(document.getElementById("easel-facts").textContent);

/** The parts of an element by their names (`data-part`). */
export function parts(root) {
  return Object.fromEntries([...root.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
}

/** An element, once Gradio has drawn it. */
export async function drawn(selector) {
  let found;
  while (!(found = document.querySelector(selector))) await new Promise(requestAnimationFrame);
  return found;
}

/** A copy of a template. */
export function copyOf(name) {
  return document.getElementById(`easel-${name}`).content.firstElementChild.cloneNode(true);
}

/** Set an attribute only when it changes, so that nothing is announced or animated again. */
export function set(element, key, value) {
  if (value === false || value === null || value === undefined) element.removeAttribute(key);
  else if (element.getAttribute(key) !== String(value === true ? "" : value)) {
    element.setAttribute(key, value === true ? "" : value);
  }
}

/** Set the text only when it changes. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Fill a bar with what is done, from 0 to 1; null where that is not known. */
export function fillBar(bar, done) {
  set(bar, "data-waiting", done === null);
  bar.firstElementChild.style.inlineSize = done === null ? "" : `${done * 100}%`;
}

/** A menu that comes up below its button, or above where there is no room; `filled` is called when it does. */
export function opensBelow(menu, opener, filled = () => {}) {
  menu.addEventListener("toggle", ({ newState }) => {
    const { left, top, bottom } = opener.getBoundingClientRect();
    const below = bottom + 8;
    const fits = below + menu.offsetHeight <= innerHeight;
    const start = Math.max(8, Math.min(left, innerWidth - menu.offsetWidth - 8));
    Object.assign(menu.style, { insetBlockStart: `${fits ? below : Math.max(8, top - 8 - menu.offsetHeight)}px`, insetInlineStart: `${start}px` });
    if (newState === "open") filled();
  });
}

/** Make the container's children match the items, keeping what is there already. */
export function reconcile(container, items, key, create, update = () => {}) {
  const there = new Map([...container.children].map((child) => [child.dataset.key, child]));
  let place = container.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let child = there.get(name);
    there.delete(name);
    if (!child) {
      child = create(item);
      child.dataset.key = name;
    }
    update(child, item);
    if (child === place) place = place.nextElementSibling;
    else container.insertBefore(child, place);
  }
  for (const child of there.values()) child.remove();
}

/** Put words on the clipboard, also where the page is not served from this machine, and say so. */
export async function copy(text, from) {
  if (navigator.clipboard && window.isSecureContext) await navigator.clipboard.writeText(text);
  else {
    const box = document.createElement("textarea");
    box.value = text;
    from.after(box);
    box.select();
    document.execCommand("copy");
    box.remove();
  }
  set(from, "data-copied", true);
  setTimeout(() => set(from, "data-copied", null), 1500);
}

/** A custom element that is set up once and follows a store. */
export function part(tag, store, setUp) {
  customElements.define(tag, class extends HTMLElement {
    connectedCallback() {
      this.update ??= setUp(parts(this), this) ?? (() => {});
      this.leave = store.subscribe(() => this.update(store.state));
      this.update(store.state);
    }

    disconnectedCallback() {
      this.leave();
    }
  });
}

/** Fill the folded details of a failure. */
export function fillDetails({ details, text, copy: button }, words) {
  details.hidden = !words;
  say(text, words);
  button.onclick = () => copy(words, button);
}
