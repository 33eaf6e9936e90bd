// Small pictures in large, without stairs and without blur: a cubic B-spline gives smooth contours,
// an unsharp mask makes them crisp, and the values of the neighbourhood keep it from overshooting.

const LARGEST_RESULT = 1280;
const CRISPNESS = 4;
const MAPS = 4; // the picture, the picture blurred, the least and the most around each pixel

/** Draw the loaded image into the canvas, `scale` times as large. */
export function enlarge(image, canvas, scale) {
  const { naturalWidth: width, naturalHeight: height } = image;
  const used = Math.min(scale, LARGEST_RESULT / Math.max(width, height));
  const wide = Math.round(width * used);
  const high = Math.round(height * used);
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const maps = mapsOf(context.getImageData(0, 0, width, height).data, width, height);
  const rows = stretched(maps, { count: width, apart: 3 * MAPS, lines: height, lineApart: width * 3 * MAPS }, wide);
  const whole = stretched(rows, { count: height, apart: wide * 3 * MAPS, lines: wide, lineApart: 3 * MAPS }, high);
  const result = context.createImageData(wide, high);
  mix(whole, result.data);
  canvas.width = wide;
  canvas.height = high;
  context.putImageData(result, 0, 0);
}

/** Twelve numbers a pixel: each of the maps for red, green and blue. */
function mapsOf(pixels, width, height) {
  const maps = new Float32Array(width * height * 3 * MAPS);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let colour = 0; colour < 3; colour += 1) {
        let [sum, least, most] = [0, 255, 0];
        for (let dy = -1; dy <= 1; dy += 1) {
          for (let dx = -1; dx <= 1; dx += 1) {
            const at = (clamp(y + dy, height) * width + clamp(x + dx, width)) * 4 + colour;
            const value = pixels[at];
            sum += value * (2 - Math.abs(dx)) * (2 - Math.abs(dy));
            if (value < least) least = value;
            if (value > most) most = value;
          }
        }
        const place = (y * width + x) * 3 * MAPS + colour * MAPS;
        maps.set([pixels[(y * width + x) * 4 + colour], sum / 16, least, most], place);
      }
    }
  }
  return maps;
}

/** Stretch every line to `wanted` places with a cubic B-spline. */
function stretched(source, { count, apart, lines, lineApart }, wanted) {
  const across = apart < lineApart; // whether lines are rows
  const target = new Float32Array(lines * wanted * 3 * MAPS);
  for (let place = 0; place < wanted; place += 1) {
    const exact = ((place + 0.5) * count) / wanted - 0.5;
    const whole = Math.floor(exact);
    const t = exact - whole;
    const weights = [(1 - t) ** 3, 3 * t ** 3 - 6 * t ** 2 + 4, 3 * (1 - t) ** 3 - 6 * (1 - t) ** 2 + 4, t ** 3];
    const from = [-1, 0, 1, 2].map((step) => clamp(whole + step, count) * apart);
    for (let line = 0; line < lines; line += 1) {
      const start = line * lineApart;
      const to = (across ? line * wanted + place : place * lines + line) * 3 * MAPS;
      for (let one = 0; one < 3 * MAPS; one += 1) {
        let sum = 0;
        for (let tap = 0; tap < 4; tap += 1) sum += weights[tap] * source[start + from[tap] + one];
        target[to + one] = sum / 6;
      }
    }
  }
  return target;
}

function mix(maps, pixels) {
  for (let at = 0, place = 0; at < pixels.length; at += 4) {
    for (let colour = 0; colour < 3; colour += 1, place += MAPS) {
      const crisp = maps[place] + CRISPNESS * (maps[place] - maps[place + 1]);
      pixels[at + colour] = Math.min(Math.max(crisp, maps[place + 2]), maps[place + 3]);
    }
    pixels[at + 3] = 255;
  }
}

function clamp(place, count) {
  return place < 0 ? 0 : place >= count ? count - 1 : place;
}
