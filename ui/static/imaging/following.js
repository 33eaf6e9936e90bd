// The form and what is worked on agree, whoever changed which.

import { attempt } from "../api.js";
import { root } from "../dom.js";
import { form } from "../form.js";
import { about, NOWHERE, session, SIDES, sidesDiffer } from "./session.js";

/** Follow the form for as long as the page lives. */
export function followForm() {
  let asked = "";
  form.idle = idle;
  const follow = async () => {
    const { "source.picture": wanted, "mask.picture": mask } = form.values;
    const version = session.version();
    const extend = Object.fromEntries(SIDES.map((side) => [side, form.values[`outpaint.${side}`] ?? 0]));
    if (wanted && (wanted !== (version?.flat ?? version?.picture) || (mask ?? null) !== version.mask)) {
      if (asked === `${wanted} ${mask}`) return;
      asked = `${wanted} ${mask}`;
      await take(wanted, mask, extend);
      asked = "";
    } else if (version && sidesDiffer(extend, version.extend)) session.note(version.key, { extend });
  };
  form.subscribe(follow);
  session.subscribe(describe);
  describe();
  follow();
}

/** Begin with a picture that settings from elsewhere name. */
async function take(picture, mask, extend) {
  const known = await attempt(() => about(picture), ({ message, hint }) => session.tell({ refused: [`${message} ${hint}`] }));
  if (known) {
    const { "size.width": width, "size.height": height } = form.values;
    const [own, high] = extended(known, extend);
    form.asPicture = width === own && height === high;
    session.begin(known, { mask: mask || null, extend });
  } else form.apply({ "source.picture": null, "mask.picture": null });
}

/** Say to the form what the picture is. */
function describe() {
  const version = session.version();
  root.toggleAttribute("data-masked", Boolean(version && (version.mask || sidesDiffer(version.extend, NOWHERE))));
  form.pictureSize = version ? extended(version, version.extend).join(" × ") : "";
  form.look();
}

/** The size of a picture with what is added around it. */
const extended = ({ width, height }, { left, right, top, bottom }) => [width + left + right, height + top + bottom];

/** Why a field has no effect on what is worked on. */
function idle(id) {
  if (form.asPicture && ["size.width", "size.height", "source.fit"].includes(id)) return "The size is the picture's";
  if (id.startsWith("batch.") && session.state.several.length) return "Each picture is drawn from once";
  if (id.startsWith("mask.") && !root.matches("[data-masked]")) return "Nothing is masked";
  return id === "mask.padding" && form.values["mask.area"] === "whole" ? "The whole picture is looked at" : "";
}
