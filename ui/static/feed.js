// Follows the feed of server-sent events, and comes back to it whatever happens.

import { root } from "./dom.js";
import { store } from "./store.js";

const SILENCE_MS = 40_000; // the server says something at least every 15 s
const HIDDEN_MS = 30_000; // a hidden tab lets its connection go: browsers have six for each server
const LONGEST_WAIT_MS = 4_000;

let current = null;
let wait = 300;
let timer = 0;
let back;

/** Begin to follow, for as long as the page lives; `live` is called when the feed comes back. */
export function follow(live) {
  back = live;
  connect();
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) letGo();
    else if (!current) connect();
  });
  for (const event of ["online", "pageshow"]) window.addEventListener(event, hurry);
}

/** Whether nothing here has to go on while the tab is hidden. */
function idle() {
  return document.hidden && !root.matches("[data-forever], [data-tells]");
}

function letGo() {
  timer = setTimeout(() => (idle() ? current?.abort() : letGo()), HIDDEN_MS);
}

/** Try anew: the connection is not to be trusted. */
export function reconnect() {
  wait = 300;
  if (current) current.abort();
  else hurry();
}

function hurry() {
  if (current || idle()) return;
  clearTimeout(timer);
  connect();
}

async function connect() {
  const attempt = new AbortController();
  current = attempt;
  let silence = 0;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => attempt.abort(), SILENCE_MS);
  };
  heard();
  try {
    const response = await fetch("/api/feed", { signal: attempt.signal, cache: "no-store" });
    if (response.status === 401) return location.reload();
    if (!response.ok) throw new Error(`feed: ${response.status}`);
    await read(response.body.getReader(), heard);
  } catch {
    // Whatever it was, the answer is the same: say so and try again.
  } finally {
    clearTimeout(silence);
    current = null;
  }
  if (idle()) return;
  store.change({ connection: "lost" });
  timer = setTimeout(connect, wait);
  wait = Math.min(wait * 1.6, LONGEST_WAIT_MS);
}

async function read(reader, heard) {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    heard();
    const events = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      if (!event.startsWith("data: ")) continue;
      store.take(JSON.parse(event.slice(6)));
      wait = 300;
      if (store.state.connection === "live") continue;
      store.change({ connection: "live" });
      back();
    }
  }
}
