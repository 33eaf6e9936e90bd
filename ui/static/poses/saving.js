// The pose as files: its map as PNG, which carries the pose, and OpenPose's JSON; or its map, to be drawn over.

import { attempt, call } from "../api.js";
import { written } from "./figure.js";

/** Draw the map of a pose on the server, where requests can refer to it; gives { id, width, height }. */
export const kept = ({ pose }) => call("POST", "/api/poses", written(pose));

/** Wire the buttons of a board; gives its update. */
export function saving(board) {
  const { own, sketch, element } = board;
  const withMap = (action) => () => attempt(async () => {
    board.tell("");
    action(await kept(sketch));
  }, ({ sentence, hint }) => board.tell(`${sentence} ${hint}`));

  own.paint.onclick = withMap((detail) => element.dispatchEvent(new CustomEvent("painted", { detail })));
  own.download.onclick = withMap(({ id }) => download(`/api/inputs/${id}`, "pose.png"));
  own.export.onclick = () => {
    const address = URL.createObjectURL(new Blob([JSON.stringify(written(sketch.pose))], { type: "application/json" }));
    download(address, "pose.json");
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  };
  return () => {};
}

function download(href, name) {
  Object.assign(document.createElement("a"), { href, download: name }).click();
}
