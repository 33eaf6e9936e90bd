// A grid of thousands of tiles, of which the page holds those near the ones that are seen.

const CHUNK = 24; // tiles that are asked for and drawn together, in whole rows
const KEPT = 40; // chunks that are remembered after they went out of sight
const ASKED = 3; // chunks that are asked for at the same time

/** Tiles in `pane`, which scrolls.
 *
 * `ask(offset, count)` gives `{ total, cards }`, the HTML of some tiles; the sizes of tiles are the
 * pane's `--tile-width`, `--tile-height` and `--tile-gap`. */
export function grid(pane, ask) {
  const sheet = document.createElement("div");
  sheet.className = "sheet";
  pane.append(sheet);
  const drawn = new Map(); // chunk → its element
  const known = new Map(); // chunk → HTML, least recently seen first
  const waiting = new Set();
  let total = 0;
  let columns = 1;
  let rows = CHUNK;
  let height = 0;
  let turn = 0; // grows with each new list: answers to older questions are dropped
  let frame = 0;
  let focused = ""; // the place of a tile that gets the focus when it is drawn

  const size = (name) => parseFloat(getComputedStyle(pane).getPropertyValue(`--tile-${name}`));

  function measure() {
    const gap = size("gap");
    const before = columns;
    columns = Math.max(1, Math.floor((sheet.clientWidth + gap) / (size("width") + gap)));
    rows = Math.max(1, Math.floor(CHUNK / columns));
    height = rows * (size("height") + gap);
    sheet.style.setProperty("--columns", columns);
    return before !== columns;
  }

  function stretch() {
    sheet.style.blockSize = `${Math.ceil(total / columns) * (height / rows)}px`;
  }

  /** The chunks that are seen, and one before and after them. */
  function seen() {
    const top = Math.max(0, pane.scrollTop - sheet.offsetTop);
    const last = Math.ceil(total / (rows * columns)) - 1;
    const from = Math.max(0, Math.floor(top / height) - 1);
    const to = Math.min(last, Math.floor((top + pane.clientHeight) / height) + 1);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);
  }

  function draw() {
    frame = 0;
    const wanted = seen();
    for (const [chunk, element] of drawn) {
      if (wanted.includes(chunk)) continue;
      if (known.has(chunk)) known.set(chunk, element.innerHTML); // a star may have been pressed
      element.remove();
      drawn.delete(chunk);
    }
    for (const chunk of wanted) if (!drawn.has(chunk)) place(chunk);
    fetchMissing(wanted);
  }

  function place(chunk) {
    const element = document.createElement("div");
    element.className = "chunk";
    element.style.transform = `translateY(${chunk * height}px)`;
    const after = [...drawn.keys()].filter((other) => other > chunk).sort((a, b) => a - b)[0];
    sheet.insertBefore(element, drawn.get(after) ?? null);
    drawn.set(chunk, element);
    const html = known.get(chunk);
    if (html === undefined) element.style.blockSize = `${height}px`;
    else fill(element, chunk, html);
  }

  function fill(element, chunk, html) {
    known.delete(chunk);
    known.set(chunk, html);
    element.innerHTML = html;
    element.style.blockSize = "";
    if (focused) focus(focused);
  }

  /** Give a tile the focus, now or when it is drawn. */
  function focus(at) {
    const tile = sheet.querySelector(`[data-place="${at}"]`);
    focused = tile ? "" : at;
    tile?.focus({ preventScroll: true });
  }

  function fetchMissing(wanted) {
    for (const chunk of wanted) {
      if (waiting.size >= ASKED) return;
      if (known.has(chunk) || waiting.has(chunk)) continue;
      fetchOne(chunk);
    }
  }

  async function fetchOne(chunk) {
    const mine = turn;
    waiting.add(chunk);
    const count = rows * columns;
    const found = await ask(chunk * count, count);
    if (mine !== turn) return;
    waiting.delete(chunk);
    if (!found) return; // it was said what went wrong; scrolling asks again
    if (found.total !== total) return renew(found, chunk);
    known.set(chunk, found.cards);
    for (const [oldest] of known) {
      if (known.size <= KEPT) break;
      if (!drawn.has(oldest)) known.delete(oldest);
    }
    if (drawn.has(chunk)) fill(drawn.get(chunk), chunk, found.cards);
    schedule();
  }

  /** Draw all anew; `cards` are those of `chunk`, or say why there are none. */
  function renew({ total: now, cards = "" }, chunk) {
    turn += 1;
    if (sheet.contains(document.activeElement)) focused = document.activeElement.dataset.place;
    total = now;
    for (const each of [drawn, known, waiting]) each.clear();
    sheet.innerHTML = total ? "" : cards;
    if (total && cards) known.set(chunk, cards);
    stretch();
    draw();
  }

  function schedule() {
    frame ||= requestAnimationFrame(draw);
  }

  pane.addEventListener("scroll", schedule, { passive: true });
  new ResizeObserver(() => {
    if (!pane.clientWidth) return;
    const first = Math.floor(pane.scrollTop / (height / rows)) * columns;
    if (!measure()) return schedule();
    if (!total) return;
    renew({ total });
    pane.scrollTop = Math.floor(first / columns) * (height / rows);
  }).observe(pane);

  pane.addEventListener("keydown", (event) => {
    const from = Number(event.target.dataset.place);
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    const to = from + step;
    if (!from || !step || to < 1 || to > total) return;
    event.preventDefault();
    sheet.querySelector(`[data-place="${to}"]`)?.focus();
  });

  /** Show a list anew; from its beginning unless it is the same list as before. */
  async function show({ again = false } = {}) {
    turn += 1;
    const mine = turn;
    measure();
    const found = await ask(0, rows * columns);
    if (mine !== turn || !found) return;
    if (!again) pane.scrollTop = 0;
    renew(found, 0);
  }

  return { show, focus };
}
