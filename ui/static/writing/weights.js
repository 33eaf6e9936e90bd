// Ctrl+Up and Ctrl+Down: how much a part of the prompt counts. Pure: a text goes in, a change comes out.

const STEP = 0.1;
const TAG_STEP = 0.05;
const TAG = /<(?:lora|lyco):[^<>:]+((?::[^<>:]*)*)>/gi;
const TAG_WEIGHT = /^:\s*([+-]?[\d.]+)|:\s*unet=\s*([+-]?[\d.]+)/;
const WEIGHTED = /^(\((?:[^()]|\([^()]*\))*?)(?::\s*([+-]?[\d.]+)\s*)?\)$/s;
const APART = /[\s,()[\]{}<>|:\\]/;

/** What to put where, and what is selected afterwards; null where nothing is to be changed. */
export function weighed(text, start, end, turn) {
  return inTag(text, start, end, turn) ?? inWords(text, start, end, turn);
}

/** The weight in the network of a LoRA's tag under the caret. */
function inTag(text, start, end, turn) {
  for (const found of text.matchAll(TAG)) {
    const last = found.index + found[0].length;
    if (start <= found.index || end >= last) continue;
    const from = last - 1 - found[1].length;
    const given = TAG_WEIGHT.exec(found[1]);
    const number = given?.[1] ?? given?.[2];
    const weight = shown((number === undefined ? 1 : Number(number)) + turn * TAG_STEP);
    const [before, taken] = given ? [given[0].slice(0, -number.length), given[0].length] : [found[1].includes("=") ? ":unet=" : ":", 0];
    const place = from + (given?.index ?? 0);
    return { start: place, end: place + taken, insert: before + weight, select: [start, start] };
  }
  return null;
}

function inWords(text, start, end, turn) {
  const group = around(text, start, end);
  if (group) {
    const [, opened, number] = WEIGHTED.exec(text.slice(...group));
    const words = opened.slice(1);
    return change(group, words, (number === undefined ? 1.1 : Number(number)) + turn * STEP);
  }
  const [from, to] = start === end ? word(text, start) : trimmed(text, start, end);
  return from === to ? null : change([from, to], text.slice(from, to), 1 + turn * STEP);
}

/** Words with a weight; without brackets at 1. */
function change([start, end], words, weight) {
  const number = shown(Math.max(0, weight));
  const plain = number === "1";
  const from = start + (plain ? 0 : 1);
  return { start, end, insert: plain ? words : `(${words}:${number})`, select: [from, from + words.length] };
}

/** The innermost brackets with a weight around the caret, or just around or in the selection. */
function around(text, start, end) {
  const open = [];
  for (let place = 0; place < text.length; place += 1) {
    if (text[place] === "\\") place += 1;
    else if (text[place] === "(") open.push(place);
    else if (text[place] === ")" && open.length) {
      const group = [open.pop(), place + 1];
      const holds = group[0] <= start && end <= group[1] && (start === end ? start > group[0] && end < group[1] : true);
      if (holds && WEIGHTED.test(text.slice(...group)) && fits(text, group, start, end)) return group;
    }
  }
  return null;
}

/** Whether a selection means the whole of what is in the brackets; a caret always does. */
function fits(text, [open, close], start, end) {
  if (start === end) return true;
  const inside = text.slice(open + 1, close - 1).replace(/:\s*[+-]?[\d.]+\s*$/, "");
  return text.slice(start, end).includes(inside);
}

function word(text, place) {
  let [start, end] = [place, place];
  while (start > 0 && !APART.test(text[start - 1])) start -= 1;
  while (end < text.length && !APART.test(text[end])) end += 1;
  return [start, end];
}

function trimmed(text, start, end) {
  const part = text.slice(start, end);
  return [start + part.length - part.trimStart().length, end - (part.length - part.trimEnd().length)];
}

function shown(number) {
  return String(Math.round(number * 100) / 100);
}
