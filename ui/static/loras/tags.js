// The LoRA tags of a prompt: `<lora:name:0.8>`, `<lora:name:0.8:0.5>`, `<lora:name:te=0.5:unet=0.8>`.

const TAG = /<(?:lora|lyco):([^<>]+)>/gi;

/** The tags as they are typed, in order. */
export function tagsOf(prompt) {
  return [...prompt.matchAll(TAG)].map(([typed]) => typed);
}

/** The prompt with a tag behind it. */
export function withTag(prompt, tag) {
  return [prompt.trimEnd(), tag].filter(Boolean).join(" ");
}

/** The prompt without a tag, and without the comma or space that it leaves. */
export function withoutTag(prompt, tag) {
  const start = prompt.indexOf(tag);
  if (start < 0) return prompt;
  const [before, behind] = [prompt.slice(0, start), prompt.slice(start + tag.length)];
  const [left, right] = [before.trimEnd(), behind.trimStart()];
  if (!left) return right.replace(/^,\s*/, "");
  if (!right || right.startsWith(",")) return left.replace(/\s*,$/, "") + right;
  return left + (/\n\s*$/.test(before) ? "\n" : " ") + right;
}

/** The tag with another weight in the denoising network; the text encoder's keeps its share. */
export function weighed(tag, weight) {
  const [name, ...rest] = tag.slice(tag.indexOf(":") + 1, -1).split(":");
  const start = tag.slice(0, tag.indexOf(":") + 1);
  if (rest.some((one) => one.includes("="))) {
    const kept = rest.filter((one) => one.startsWith("te="));
    return `${start}${[name, ...kept, `unet=${weight}`].join(":")}>`;
  }
  return `${start}${[name, weight, ...rest.slice(1)].join(":")}>`;
}

/** Whether the words are in the prompt, as a part between commas. */
export function saysWords(prompt, words) {
  return bare(prompt).includes(bare(words));
}

/** The prompt with words behind it, or without them where they are there. */
export function turnedWords(prompt, words) {
  const parts = prompt.split(",");
  const wanted = words.split(",").map(plain).filter(Boolean);
  if (!saysWords(prompt, words)) return [prompt.trimEnd().replace(/,$/, ""), words].filter(Boolean).join(", ");
  return parts.filter((part) => !wanted.includes(plain(part))).join(",").trim();
}

const plain = (text) => text.replace(TAG, "").trim().toLowerCase();
const bare = (text) => `,${text.split(",").map(plain).filter(Boolean).join(",")},`;
