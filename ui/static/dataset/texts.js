// Caption files, in the encodings in which programs write them.

/** The text of a file. */
export async function read(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Names of pictures with their captions, from a list of JSON lines. */
export function captionsIn(text) {
  return text.split("\n").map(pair).filter(Boolean);
}

function pair(line) {
  try {
    const row = JSON.parse(line);
    const name = row.file_name ?? row.file ?? row.image;
    const words = row.text ?? row.caption ?? row.prompt;
    return typeof name === "string" && typeof words === "string" ? [name, words] : null;
  } catch {
    return null;
  }
}

/** The parts of a caption between commas. */
export const tagsOf = (caption) => caption.split(",").map((tag) => tag.trim()).filter(Boolean);
