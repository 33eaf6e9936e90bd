// Tools that mark areas of the mask, and what is done with the whole mask: they come after the canvas itself.

import { attempt } from "../api.js";
import { opensBelow } from "../dom.js";
import { loaded } from "../layers/files.js";
import { Change } from "../layers/layer.js";
import { picture } from "../layers/shapes.js";
import { areas } from "./areas.js";
import { flood } from "./flood.js";
import { select } from "./select.js";
import { SHAPINGS } from "./shaping.js";

/** Give a board these tools, and make its menu work. */
export function marking(board) {
  const { own, mask, paint, tools } = board;
  Object.assign(tools, areas(board), { flood: flood(board), select: select(board) });
  own.menuButton.popoverTargetElement = own.menu;
  opensBelow(own.menu, own.menuButton);
  const amount = () => Math.min(Math.max(Math.round(own.amount.valueAsNumber) || 8, 1), 256);
  for (const [name, shape] of Object.entries(SHAPINGS)) {
    own[name].onclick = () => {
      if (mask.empty && name !== "invert") return board.tell("There is no mask yet: paint one first.");
      become(board, shape(mask, amount()));
    };
  }
  own.clear.onclick = () => empty(board, mask);
  own.clearColours.onclick = () => empty(board, paint);
  own.upload.onclick = () => own.file.click();
  own.file.onchange = async () => {
    const [file] = own.file.files;
    own.file.value = "";
    if (file) await attempt(() => upload(board, file), ({ sentence, hint }) => board.tell(`${sentence} ${hint}`));
  };
}

/** The mask becomes what a shape says. */
function become(board, shape) {
  const change = new Change(board.mask);
  change.write(shape);
  return board.keep(change);
}

function empty(board, layer) {
  const change = new Change(layer);
  change.empty();
  board.keep(change);
}

async function upload(board, file) {
  board.own.menu.hidePopover();
  const url = URL.createObjectURL(file);
  try {
    become(board, picture(await loaded(url), board.mask));
  } finally {
    URL.revokeObjectURL(url);
  }
  if (board.mask.empty) board.tell("That picture is black everywhere: in a mask, white is what changes.");
}
