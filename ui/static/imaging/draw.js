// A click on Generate in Image to image: what was drawn on the canvas is handed in first.

import { token } from "../api.js";
import { draw as ask, send } from "../doings.js";
import { form } from "../form.js";
import { fieldsOf, session } from "./session.js";

const NOTHING = "There is no picture to begin with yet: choose one here. Text to image draws from words alone.";

/** Ask for pictures drawn from the one that is worked on, or from each of several. */
export async function draw() {
  const { several } = session.state;
  if (several.length) {
    const fields = form.asked({ ...form.values, ...fieldsOf() });
    const x = { field: "source.picture", values: several.map(({ id }) => id) };
    send("/page/series", { token: token(), fields, x, sheet: false });
  } else if (session.version()) {
    await session.settle();
    ask({ ...form.values, ...fieldsOf(session.version()) });
  } else session.tell({ refused: [NOTHING] });
}
