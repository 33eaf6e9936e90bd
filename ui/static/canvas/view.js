// Where the picture lies on the screen, and how large.

const LARGEST = 32; // screen pixels for one of the picture
const ROOM = 36; // around the picture, for the handles of its edges

/** The sheet (the picture with its layers) within the surface. */
export class View {
  scale = 1;
  x = 0;
  y = 0;
  fitted = true;
  size = { width: 1, height: 1 };
  extend = { left: 0, right: 0, top: 0, bottom: 0 };

  constructor(surface, sheet, { moved, resized }) {
    Object.assign(this, { surface, sheet, moved });
    new ResizeObserver(() => {
      this.#resize();
      resized();
    }).observe(surface);
  }

  /** Where an event happened, in pixels of the picture. */
  place({ clientX, clientY }) {
    const { left, top, width, height } = this.sheet.getBoundingClientRect();
    return { x: ((clientX - left) / width) * this.size.width, y: ((clientY - top) / height) * this.size.height };
  }

  /** The whole picture, with what is added around it. */
  fit() {
    const { width, height } = this.size;
    const { left, right, top, bottom } = this.extend;
    const { clientWidth: wide, clientHeight: high } = this.surface;
    const room = Math.min(ROOM, wide / 8, high / 8);
    const all = { width: width + left + right, height: height + top + bottom };
    this.scale = Math.max(Math.min((wide - 2 * room) / all.width, (high - 2 * room) / all.height, LARGEST), 0.001);
    this.x = (wide - all.width * this.scale) / 2 + left * this.scale;
    this.y = (high - all.height * this.scale) / 2 + top * this.scale;
    this.fitted = true;
    this.draw();
  }

  /** Larger or smaller by a factor; the place under the pointer stays where it is. */
  zoom(factor, clientX, clientY) {
    const frame = this.surface.getBoundingClientRect();
    const x = clientX === undefined ? frame.width / 2 : clientX - frame.left;
    const y = clientY === undefined ? frame.height / 2 : clientY - frame.top;
    const smallest = Math.min(frame.width / this.size.width, frame.height / this.size.height, 1) / 4;
    const scale = Math.min(Math.max(this.scale * factor, smallest), LARGEST);
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.#keep();
  }

  /** Move it by so many pixels of the screen. */
  move(x, y) {
    this.x += x;
    this.y += y;
    this.fitted = false;
    this.#keep();
  }

  draw() {
    const { style } = this.sheet;
    style.transform = `translate(${this.x}px, ${this.y}px)`;
    style.inlineSize = `${this.size.width * this.scale}px`;
    style.blockSize = `${this.size.height * this.scale}px`;
    style.setProperty("--scale", this.scale);
    this.moved();
  }

  /** Some of it always stays in view. */
  #keep() {
    const { clientWidth: wide, clientHeight: high } = this.surface;
    const kept = 48;
    this.x = Math.min(Math.max(this.x, kept - this.size.width * this.scale), wide - kept);
    this.y = Math.min(Math.max(this.y, kept - this.size.height * this.scale), high - kept);
    this.draw();
  }

  #resize() {
    const { clientWidth: wide, clientHeight: high } = this.surface;
    if (!wide || !high) return; // hidden, as in a tab that is not open
    if (this.fitted) this.fit();
    else {
      this.x += (wide - this.wide) / 2;
      this.y += (high - this.high) / 2;
      this.#keep();
    }
    Object.assign(this, { wide, high });
  }
}
