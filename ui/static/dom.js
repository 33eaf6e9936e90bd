// Making and updating elements, without a framework.

const ICONS = {
  apple: "M8 5c-3-2-6 0-6 4 0 3 2 5.500 4 5.500 1 0 1-.500 2-.500s1 .500 2 .500c2 0 4-2.500 4-5.500 0-4-3-6-6-4zM8 5c0-2 1-3 2.500-3.500",
  cancel: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.500l3.500 3.500L13 4.500",
  chevron: "M4 6l4 4 4-4",
  copy: "M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3",
  dice: "M2.500 2.500h11v11h-11zM5.500 5.500h.010M10.500 5.500h.010M8 8h.010M5.500 10.500h.010M10.500 10.500h.010",
  download: "M8 2v8M4.500 7L8 10.500 11.500 7M2.500 13.500h11",
  expand: "M9.500 2.500h4v4M13.500 2.500l-5 5M6.500 13.500h-4v-4M2.500 13.500l5-5",
  help: "M8 14.500a6.500 6.500 0 100-13 6.500 6.500 0 000 13zM6 6.200c.300-2.600 4.200-2.300 4 .100-.100 1.400-2 1.500-2 3M8 11.500h.010",
  left: "M10 3L5 8l5 5",
  minus: "M3 8h10",
  moon: "M13.500 9.500A5.800 5.800 0 016.500 2.500a5.800 5.800 0 107 7z",
  pause: "M5.500 3v10M10.500 3v10",
  picture: "M2 3h12v10H2zM2 11l3.500-3.500L9 11l2-2 3 3M10.500 6h.010",
  play: "M5 3l8 5-8 5z",
  plus: "M8 3v10M3 8h10",
  queue: "M2.500 4h11M2.500 8h11M2.500 12h7",
  reset: "M3 7.500a5 5 0 111 3.800M3 3.500v4h4",
  reuse: "M2.500 6.500h8a3 3 0 010 6H7M5.500 3.500l-3 3 3 3",
  right: "M6 3l5 5-5 5",
  sliders: "M2 4.500h7M12 4.500h2M2 11.500h2M7 11.500h7M9 2.800v3.400M4.200 9.800v3.400",
  sun: "M8 11a3 3 0 100-6 3 3 0 000 6zM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  swap: "M4 2.500l-2.500 3L4 8.500M1.500 5.500h10M12 7.500l2.500 3-2.500 3M14.500 10.500h-10",
  trash: "M2.500 4.500h11M6 4.500v-2h4v2M4 4.500l.700 9h6.600l.700-9M6.700 7v4M9.300 7v4",
  vary: "M2 11.500h2.500c3.500 0 3.500-7 7-7H14M2 4.500h2.500c1 0 1.700.500 2.200 1.300M9 10c.600.900 1.300 1.500 2.500 1.500H14M12 2.500l2 2-2 2M12 9.500l2 2-2 2",
  warning: "M8 2L1.500 13.500h13zM8 6.500v3M8 11.500h.010",
};

/** An icon of the one set. */
export function icon(name, size = 16) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 16 16", width: size, height: size, fill: "none", stroke: "currentColor",
    "stroke-width": 1.5, "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true",
  })) svg.setAttribute(key, value);
  const path = document.createElementNS(svg.namespaceURI, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** An element; `on…` properties are listeners, others attributes; children may be null. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else set(element, key, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button with an icon and words; words that are only for screen readers become its name. */
export function button(name, words, onclick, { quiet = false, kind = "" } = {}) {
  const properties = { type: "button", class: `button ${kind}`, onclick };
  if (quiet) Object.assign(properties, { "aria-label": words, title: words });
  return h("button", properties, name ? icon(name) : null, quiet ? null : h("span", {}, words));
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

/** Put words on the clipboard, also where the page is not served from this machine. */
export async function copy(text) {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  const box = h("textarea", { class: "off-screen", readonly: true });
  box.value = text;
  document.body.append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}

/** A custom element that is drawn once and follows a store. */
export function part(tag, store, build) {
  customElements.define(tag, class extends HTMLElement {
    connectedCallback() {
      this.update ??= build(this) ?? (() => {});
      this.leave = store.subscribe(() => this.update(store.state));
      this.update(store.state);
    }

    disconnectedCallback() {
      this.leave();
    }
  });
}
