// Selecting what somebody clicks on, or drags a box around: the server finds its outline.

import { attempt, call } from "../api.js";
import { set } from "../dom.js";
import { loaded } from "../layers/files.js";
import { picture } from "../layers/shapes.js";
import { boxPath } from "./areas.js";

const CLICK = 4; // screen pixels that a click may move

/** The tool on a board. */
export function select(board) {
  let points = [];
  const draw = () => board.draft(isBox() ? boxPath(points) : "");
  const end = () => {
    points = [];
    draw();
  };

  function isBox() {
    const [one, other] = [points[0], points.at(-1)];
    return points.length > 1 && Math.hypot(one.x - other.x, one.y - other.y) * board.view.scale > CLICK;
  }

  async function ask(body, takes) {
    const { reference } = board;
    board.tell("Looking for its outline …");
    set(board.element, "aria-busy", true);
    await attempt(async () => {
      const image = await loaded(await call("POST", "/page/select", { picture: reference, ...body }));
      if (reference !== board.reference) return; // another picture by now
      board.tell("");
      board.lay(picture(image, board.mask), takes);
    }, ({ sentence, hint }) => board.tell(`${sentence} ${hint}`));
    set(board.element, "aria-busy", null);
  }

  return {
    down(point) {
      points = [point];
    },
    move(more) {
      points = [points[0], more.at(-1)];
      draw();
    },
    up(_, event) {
      const [one, other] = points;
      if (isBox()) ask({ box: [one.x, one.y, other.x, other.y].map(Math.round) }, board.takes(event));
      else if (board.holds(one)) ask({ point: [one.x, one.y].map(Math.floor) }, board.takes(event));
      else board.tell("Click on the picture itself.");
      end();
    },
    cancel: end,
    lift() {},
  };
}
