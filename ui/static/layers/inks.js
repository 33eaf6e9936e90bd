// What tools lay on the tiles of a layer.

/** A mask's level, from 0 (keep) to 255 (paint anew); it takes the place of what was there. */
export function level(value) {
  return {
    erases: value === 0,
    lay(tile, before, at, share) {
      tile[at] = Math.round(before[at] + ((value - before[at]) * share) / 255);
    },
  };
}

/** A colour, `#rrggbb`. */
export function colour(hex) {
  const wanted = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return {
    lay(tile, before, at, share) {
      const place = at * 4;
      const under = (before[place + 3] / 255) * (1 - share / 255);
      const whole = share / 255 + under;
      for (let one = 0; one < 3; one += 1) {
        tile[place + one] = Math.round(((wanted[one] * share) / 255 + before[place + one] * under) / whole);
      }
      tile[place + 3] = Math.round(whole * 255);
    },
  };
}

/** Takes colours away. */
export const thinner = {
  erases: true,
  lay(tile, before, at, share) {
    const place = at * 4;
    const left = Math.round((before[place + 3] * (255 - share)) / 255);
    tile.set(left ? [...before.subarray(place, place + 3), left] : [0, 0, 0, 0], place);
  },
};

/** Turns colours into their opposites. */
export const opposite = {
  lay(tile, before, at) {
    const place = at * 4;
    for (let one = place; one < place + 3; one += 1) tile[one] = 255 - before[one];
  },
};
