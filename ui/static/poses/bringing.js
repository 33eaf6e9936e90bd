// Poses and pictures that are opened: OpenPose's JSON, a map that carries its pose, or a picture to lay the pose over.

import { CallError, attempt, call } from "../api.js";
import { set } from "../dom.js";
import { recalled, remember } from "../store.js";

const PICTURE_KEY = "easel.pose.picture"; // kept for this tab of the browser, as the pose is

/** Wire what opens files; gives its update. */
export function bringing(board) {
  const { own, sketch } = board;
  own.bring.onclick = () => own.file.click();
  own.file.onchange = async () => {
    const [file] = own.file.files;
    own.file.value = "";
    if (file) await bring(file);
  };
  own.strength.oninput = () => own.sheet.style.setProperty("--picture", own.strength.valueAsNumber / 100);
  own.drop.onclick = () => board.picturing(null);
  /** Show a picture { id } below the map, or none. */
  board.picturing = (picture) => {
    remember(PICTURE_KEY, JSON.stringify(picture));
    set(own.picture, "src", picture && `/api/inputs/${picture.id}`);
    for (const part of [own.picture, own.pictureOption, own.drop]) part.hidden = !picture;
    own.sheet.toggleAttribute("data-picture", Boolean(picture));
  };

  board.picturing(recalled(PICTURE_KEY));

  function bring(file) {
    board.tell("");
    return attempt(() => (/json$/.test(file.type || file.name) ? openJson(file) : openPicture(file)), ({ sentence, hint }) => board.tell(`${sentence} ${hint}`));
  }

  /** Other programs' forms of the JSON are understood by the server, which gives its own back. */
  async function openJson(file) {
    const { width, height } = sketch.pose;
    const told = jsonOf(await file.text());
    const sized = [told].flat()[0]?.canvas_width !== undefined;
    const { id } = await call("POST", `/api/poses${sized ? "" : `?${new URLSearchParams({ width, height })}`}`, told);
    board.open({ pose: await call("GET", `/api/poses/${id}`) });
  }

  async function openPicture(file) {
    const picture = await call("POST", `/api/inputs?${new URLSearchParams({ name: file.name })}`, file);
    try {
      board.open({ pose: await call("GET", `/api/poses/${picture.id}`), picture: null });
    } catch (error) {
      if (!(error instanceof CallError) || error.code !== "not_found") throw error;
      board.open({ picture });
    }
  }

  return () => {};
}

function jsonOf(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new CallError({ sentence: "That file is no JSON.", hint: "Easel opens poses in OpenPose's JSON, and pictures." });
  }
}
