// Writing PNG files: exactly the bytes that are given, of any size, without a canvas.

const COLOUR_TYPES = { 1: 0, 3: 2, 4: 6 };
const SUB = 1; // the filter that stores differences to the pixel before
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const CRCS = Uint32Array.from({ length: 256 }, (_, value) => {
  let crc = value;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** A PNG of 8 bits a channel (1 grey, 3 RGB, 4 RGBA); `rows(top, count)` gives its bytes, some lines at a time. */
export async function png({ width, height, channels }, rows, lines = 256) {
  const packed = new CompressionStream("deflate");
  const parts = new Response(packed.readable).arrayBuffer();
  const writer = packed.writable.getWriter();
  for (let top = 0; top < height; top += lines) {
    const count = Math.min(lines, height - top);
    await writer.write(filtered(rows(top, count), width * channels, channels));
  }
  await writer.close();
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([8, COLOUR_TYPES[channels]], 8);
  const chunks = [chunk("IHDR", header), chunk("IDAT", new Uint8Array(await parts)), chunk("IEND", new Uint8Array())];
  return new Blob([new Uint8Array(SIGNATURE), ...chunks], { type: "image/png" });
}

function filtered(bytes, line, channels) {
  const count = bytes.length / line;
  const result = new Uint8Array((line + 1) * count);
  for (let row = 0; row < count; row += 1) {
    const to = row * (line + 1);
    const from = row * line;
    result[to] = SUB;
    for (let at = 0; at < line; at += 1) {
      result[to + 1 + at] = bytes[from + at] - (at < channels ? 0 : bytes[from + at - channels]);
    }
  }
  return result;
}

function chunk(name, body) {
  const whole = new Uint8Array(body.length + 12);
  const view = new DataView(whole.buffer);
  view.setUint32(0, body.length);
  whole.set(new TextEncoder().encode(name), 4);
  whole.set(body, 8);
  let crc = 0xffffffff;
  for (let at = 4; at < body.length + 8; at += 1) crc = CRCS[(crc ^ whole[at]) & 255] ^ (crc >>> 8);
  view.setUint32(body.length + 8, crc ^ 0xffffffff);
  return whole;
}
