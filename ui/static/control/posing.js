// A pose in place of a map: people whose joints are pulled. The editor is another's (`poses`).

import { call } from "../api.js";
import { set } from "../dom.js";
import { about } from "../imaging/session.js";
import { later } from "../lazy.js";
import { NONE } from "./offers.js";
import { prepared } from "./prepared.js";

/** Wire the ways into the pose editor and out of it; gives the update. */
export function posing(page) {
  const { own, tried } = page;
  let editor = null; // comes when it is first needed
  let below; // the picture that was laid below the pose

  const ready = async () => {
    if (!editor) {
      editor = document.createElement("easel-pose");
      editor.addEventListener("painted", ({ detail: { id } }) => prepared.change({ picture: id, preprocessor: NONE, type: "pose", drawn: null, before: null, posing: false }));
      own.changing.prepend(editor);
    }
    return (await later("pose", "poses"))(editor);
  };

  own.pose.onclick = () => tried(async () => {
    const { posing: on, picture, preprocessor } = prepared.state;
    if (!on && picture && picture !== below && preprocessor !== NONE) {
      below = picture;
      await (await ready()).open({ picture: await about(picture) });
    }
    prepared.change({ posing: !on });
  });
  own.joints.onclick = () => tried(async () => {
    await page.settle();
    const { picture } = prepared.state;
    const pose = await call("GET", `/api/poses/${encodeURIComponent(page.made)}`);
    below = picture === page.made ? null : picture;
    await (await ready()).open({ pose, picture: below && (await about(below)) });
    prepared.change({ posing: true });
  });

  /** The reference of the map that the pose is drawn as. */
  page.posed = async () => (await (await ready()).map()).id;

  return () => {
    const { posing: on } = prepared.state;
    set(own.pose, "aria-pressed", String(on));
    own.joints.hidden = on || page.type() !== "pose" || !page.made;
    if (on) tried(ready);
    if (editor) editor.hidden = !on;
  };
}
