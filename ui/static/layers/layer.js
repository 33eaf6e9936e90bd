// What is drawn over the picture, at the picture's own resolution: bytes in tiles, of which only
// those that were touched exist. A tile that a change does not touch is never copied.

export const TILE = 256;
const BLANK = { 1: new Uint8Array(TILE * TILE), 4: new Uint8Array(TILE * TILE * 4) };
const FULL = new Uint8Array(TILE * TILE).fill(255);

/** One byte a pixel for a mask, four (red, green, blue, alpha) for colours. */
export class Layer {
  tiles = new Map();
  seen = () => {}; // told of every part that changed: key of its tile, box

  constructor(channels) {
    this.channels = channels;
    this.reset(0, 0);
  }

  /** Begin anew, for a picture of this size. */
  reset(width, height) {
    Object.assign(this, { width, height, across: Math.ceil(width / TILE) });
    this.tiles.clear();
  }

  get empty() {
    return this.tiles.size === 0;
  }

  get whole() {
    return { left: 0, top: 0, right: this.width, bottom: this.height };
  }

  /** The tiles that a box touches, each with the part of the box that lies in it. */
  *within(box) {
    const { left, top, right, bottom } = clipped(box, this);
    for (let y = top - (top % TILE); y < bottom; y += TILE) {
      for (let x = left - (left % TILE); x < right; x += TILE) {
        const part = { left: Math.max(left, x), top: Math.max(top, y), right: Math.min(right, x + TILE), bottom: Math.min(bottom, y + TILE) };
        yield { key: (y / TILE) * this.across + x / TILE, x, y, part };
      }
    }
  }

  /** Exchange a tile; none where it is empty. */
  put(key, tile) {
    if (tile) this.tiles.set(key, tile);
    else this.tiles.delete(key);
    const [x, y] = [(key % this.across) * TILE, Math.floor(key / this.across) * TILE];
    this.seen(key, clipped({ left: x, top: y, right: x + TILE, bottom: y + TILE }, this));
  }

  /** A box's bytes in one piece. */
  cut(box) {
    const { left, top, right, bottom } = clipped(box, this);
    const line = (right - left) * this.channels;
    const bytes = new Uint8Array(line * (bottom - top));
    for (const { key, x, y, part } of this.within(box)) {
      const tile = this.tiles.get(key);
      if (!tile) continue;
      for (let row = part.top; row < part.bottom; row += 1) {
        const from = ((row - y) * TILE + part.left - x) * this.channels;
        const piece = tile.subarray(from, from + (part.right - part.left) * this.channels);
        bytes.set(piece, (row - top) * line + (part.left - left) * this.channels);
      }
    }
    return bytes;
  }

  /** A box around everything that is drawn, in whole tiles. */
  bounds() {
    const box = { left: this.width, top: this.height, right: 0, bottom: 0 };
    for (const key of this.tiles.keys()) {
      const [x, y] = [(key % this.across) * TILE, Math.floor(key / this.across) * TILE];
      box.left = Math.min(box.left, x);
      box.top = Math.min(box.top, y);
      box.right = Math.max(box.right, x + TILE);
      box.bottom = Math.max(box.bottom, y + TILE);
    }
    return clipped(box, this);
  }
}

/** A change that is under way: it can be given up, and knows what was there before. */
export class Change {
  #open = new Map();

  constructor(layer) {
    this.layer = layer;
  }

  /** Lay ink where a shape is; where shapes of one change overlap, the ink lies once. */
  cover(shape, ink) {
    for (const { key, x, y, part } of this.layer.within(shape.box)) {
      if (shape.misses?.(x, y) || (ink.erases && !this.layer.tiles.has(key))) continue;
      shape.enter?.(x, y);
      const { tile, before, covered } = this.#opened(key);
      for (let row = part.top; row < part.bottom; row += 1) {
        let at = (row - y) * TILE + part.left - x;
        for (let column = part.left; column < part.right; column += 1, at += 1) {
          if (covered[at] === 255) continue;
          const share = shape.at(column, row);
          if (share <= covered[at]) continue;
          covered[at] = share;
          ink.lay(tile, before, at, share);
        }
      }
      this.layer.seen(key, part);
    }
  }

  /** A mask becomes what a shape says. */
  write(shape) {
    for (const { key, x, y, part } of this.layer.within(shape.box)) {
      shape.enter?.(x, y);
      const { tile } = this.#opened(key);
      for (let row = part.top; row < part.bottom; row += 1) {
        let at = (row - y) * TILE + part.left - x;
        for (let column = part.left; column < part.right; column += 1, at += 1) tile[at] = shape.at(column, row);
      }
      this.layer.seen(key, part);
    }
  }

  /** Nothing is left. */
  empty() {
    for (const key of [...this.layer.tiles.keys()]) {
      this.#opened(key);
      this.layer.put(key, undefined);
    }
  }

  /** Give it up. */
  cancel() {
    for (const [key, { old }] of this.#open) this.layer.put(key, old);
  }

  /** End it; returns the tiles that were there before it, or null where nothing is different. */
  end() {
    const before = new Map();
    for (const [key, { old }] of this.#open) {
      const now = settled(this.layer.tiles.get(key), this.layer.channels);
      const same = equal(now, old);
      this.layer.put(key, same ? old : now);
      if (!same) before.set(key, old);
    }
    return before.size ? before : null;
  }

  #opened(key) {
    let one = this.#open.get(key);
    if (!one) {
      const old = this.layer.tiles.get(key);
      const before = old ?? BLANK[this.layer.channels];
      one = { old, before, tile: before.slice(), covered: new Uint8Array(TILE * TILE) };
      this.layer.tiles.set(key, one.tile);
      this.#open.set(key, one);
    }
    return one;
  }
}

/** The box, as far as it lies in the picture, in whole pixels. */
export function clipped({ left, top, right, bottom }, { width, height }) {
  return {
    left: Math.min(Math.max(0, Math.floor(left)), width),
    top: Math.min(Math.max(0, Math.floor(top)), height),
    right: Math.max(0, Math.min(width, Math.ceil(right))),
    bottom: Math.max(0, Math.min(height, Math.ceil(bottom))),
  };
}

/** Tiles that are all alike take no memory of their own. */
function settled(tile, channels) {
  if (equal(tile, BLANK[channels])) return undefined;
  return channels === 1 && equal(tile, FULL) ? FULL : tile;
}

function equal(one, other) {
  if (one === other) return true;
  if (!one || !other) return false;
  const [a, b] = [new Uint32Array(one.buffer), new Uint32Array(other.buffer)];
  return a.every((value, at) => value === b[at]);
}
