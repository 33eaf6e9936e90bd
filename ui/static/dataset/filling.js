// Putting pictures in: dropped, chosen, or from a folder of this computer.

import { call } from "../api.js";
import { set } from "../dom.js";
import { captionsIn, read } from "./texts.js";
import { again, at, create, own, say, take, tried } from "./own.js";

const PICTURE = /\.(png|jpe?g|jfif|webp|avif|gif|tiff?|bmp)$/i;
const TEXT = /\.(txt|caption)$/i;
const LIST = /\.jsonl$/i;
const KOHYA = /^(\d{1,3})_(.+)$/;
const LANES = 3; // pictures on their way at once
const PATIENCE = 600_000; // a large zip, or a folder on a slow disk

/** Wire the place where pictures are dropped. */
export function filling(page) {
  const { drop, files } = page;
  page.choose.onclick = () => files.click();
  files.onchange = async () => {
    await fill(page, [...files.files].map((file) => ({ file, folder: "" })));
    files.value = "";
  };
  drop.ondragover = (event) => over(event, true);
  drop.ondragleave = (event) => over(event, false);
  drop.ondrop = async (event) => {
    over(event, false);
    fill(page, await dropped(event.dataTransfer));
  };
  page.point.onclick = () => {
    page.folder.hidden = !page.folder.hidden;
    set(page.point, "aria-expanded", String(!page.folder.hidden));
    if (!page.folder.hidden) page.path.focus();
  };
  page.folder.onsubmit = (event) => {
    event.preventDefault();
    takeFrom(page, "Looking through the folder", () => call("POST", at("/folder"), { path: page.path.value.trim() }, PATIENCE));
  };

  function over(event, inside) {
    event.preventDefault();
    event.stopPropagation(); // anywhere else a picture is read
    set(drop, "data-over", inside);
  }
}

/** Ask for several pictures at once, and tell what came of it. */
export async function takeFrom(page, words, ask) {
  busy(page, words);
  await tried(async () => {
    if (!own.view) await create();
    const { added, left_out } = await ask();
    await again();
    outcome(added, left_out);
  });
  busy(page, "");
}

async function fill(page, given) {
  if (!given.length) return;
  say("");
  busy(page, "Looking at the files");
  const captions = await captionsOf(given);
  const left = [];
  let added = 0;
  await tried(async () => {
    if (!own.view) await create(nameOf(given));
    const pictures = given.filter(({ file }) => PICTURE.test(file.name));
    const concepts = await conceptsOf(pictures);
    let done = 0;
    const lane = async (queue) => {
      for (let one; (one = queue.shift()); ) {
        busy(page, `Taking picture ${++done} of ${pictures.length}`);
        const problem = await put(one, concepts.get(one.folder) ?? "", captions.get(key(one)));
        if (problem) left.push(problem);
        else added++;
      }
    };
    const queue = [...pictures];
    const there = new Map(own.view.pictures.map((one) => [keyOf(one), one]));
    await Promise.all(Array.from({ length: LANES }, () => lane(queue)));
    for (const { file } of given.filter(({ file: { name } }) => /\.zip$/i.test(name))) {
      busy(page, `Unpacking ${file.name}`);
      const taken = await call("POST", at("/zip"), file, PATIENCE);
      added += taken.added;
      left.push(...taken.left_out);
    }
    left.push(...(await late(given, captions, concepts, there)));
    await again();
    outcome(added, [...left, ...others(given)]);
  });
  busy(page, "");
}

/** Hand a picture in with its caption; gives why it was not taken. */
async function put({ file }, concept, caption) {
  try {
    const asked = new URLSearchParams({ name: file.name, concept });
    const { path } = await call("POST", at(`/pictures?${asked}`), file, PATIENCE);
    if (caption) await call("PUT", at("/captions"), { captions: { [path]: caption.slice(0, 4000) } });
  } catch (error) {
    if (error.unreachable || !error.sentence) throw error;
    return error.sentence;
  }
}

/** Make the concepts that folders stand for; gives theirs by folder. */
async function conceptsOf(pictures) {
  const made = new Map([["", ""]]);
  for (const folder of new Set(pictures.map((one) => one.folder).filter(Boolean))) {
    const [, repeats = "1", name = folder] = folder.match(KOHYA) ?? [];
    const there = () => own.view.concepts.find((one) => one.folder && one.name.toLowerCase() === name.slice(0, 60).toLowerCase());
    if (!there()) take(await call("POST", at("/concepts"), { name: name.slice(0, 60), repeats: Math.min(100, Math.max(1, Number(repeats))) }));
    made.set(folder, there()?.folder ?? "");
  }
  return made;
}

/** Captions whose pictures were there before: a text file alone replaces one, with its picture it fills one. */
async function late(given, captions, concepts, there) {
  const carried = new Set(given.filter(({ file }) => PICTURE.test(file.name)).map(key));
  const alone = new Set(given.filter(({ file }) => TEXT.test(file.name)).map(key).filter((one) => !carried.has(one)));
  const found = {};
  const left = [];
  for (const [name, text] of captions) {
    const [folder, stem] = [name.slice(0, name.lastIndexOf("/")), name.slice(name.lastIndexOf("/") + 1)];
    const picture = there.get(`${concepts.get(folder) ?? folder}/${stem}`);
    if (picture && (alone.has(name) || !picture.caption)) found[picture.path] = text.slice(0, 4000);
    else if (!picture && alone.has(name)) left.push(`${stem}.txt has no picture of its name.`);
  }
  if (Object.keys(found).length) await call("PUT", at("/captions"), { captions: found });
  return left;
}

const keyOf = ({ path, concept }) => `${concept}/${path.split("/").at(-1).replace(/\.\w+$/, "")}`;

const key = ({ file, folder }) => `${folder}/${file.name.replace(/\.\w+$/, "")}`;

async function captionsOf(given) {
  const captions = new Map();
  for (const one of given.filter(({ file }) => LIST.test(file.name))) {
    for (const [name, text] of captionsIn(await read(one.file))) captions.set(key({ file: { name }, folder: one.folder }), text);
  }
  for (const one of given.filter(({ file }) => TEXT.test(file.name))) captions.set(key(one), await read(one.file));
  return captions;
}

const nameOf = ([{ file, root }]) => root || (/\.zip$/i.test(file.name) ? file.name.replace(/\.zip$/i, "") : "Pictures");

function others(given) {
  const known = [PICTURE, TEXT, LIST, /\.zip$/i, /^(\.|Thumbs\.db$|desktop\.ini$)/i];
  return given.filter(({ file: { name } }) => !known.some((one) => one.test(name))).map(({ file }) => `${file.name} is no picture.`);
}

function outcome(added, left) {
  const told = added === 1 ? "1 picture is in." : `${added} pictures are in.`;
  const shown = left.slice(0, 5).join(" ");
  const more = left.length > 5 ? ` And ${left.length - 5} more were left out.` : "";
  say(left.length ? `${told} ${shown}${more}` : told, null, left.length > 0);
}

function busy({ filling: line }, words) {
  line.hidden = !words;
  line.textContent = words;
}

/** The files that were dropped, those in folders too: each with the folder that makes it a concept. */
async function dropped({ items, files }) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...files].map((file) => ({ file, folder: "" }));
  return (await Promise.all(entries.map((entry) => walked(entry, entry.isDirectory ? entry.name : "", 0)))).flat();
}

async function walked(entry, root, depth) {
  const folder = depth > 1 || (depth === 1 && KOHYA.test(root)) ? entry.fullPath.split("/").at(-2) : "";
  if (entry.isFile) return [{ file: await new Promise((done, failed) => entry.file(done, failed)), folder, root }];
  const reader = entry.createReader();
  const found = [];
  for (let some; (some = await new Promise((done, failed) => reader.readEntries(done, failed))).length; ) found.push(...some);
  return (await Promise.all(found.map((one) => walked(one, root, depth + 1)))).flat();
}
