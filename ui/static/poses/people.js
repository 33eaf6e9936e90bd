// People: their poses, who is there, their hands and faces, and joints that are hidden.

import { opensBelow, reconcile, say } from "../dom.js";
import { JOINTS, somebody } from "./figure.js";
import { fitted, frameOf, laid, mirrored, moved, placedIn, withJoint } from "./shaping.js";

const ASIDE = [0, 0.3, -0.3, 0.15, -0.15]; // of the map's width, from the middle to those who are added
const [ELBOW_TO_WRIST, EYES] = [{ right: [3, 4], left: [6, 7] }, [14, 15]];

/** Wire the menus of a board; gives its update. */
export function people(board) {
  const { own, sketch, presets } = board;
  const usual = (id) => presets.find((one) => one.id === id).pose.people[0];
  const menus = [["presets", "presetsButton"], ["personMenu", "personButton"]];
  for (const [menu, button] of menus) {
    own[button].popoverTargetElement = own[menu];
    opensBelow(own[menu], own[button]);
    own[menu].addEventListener("click", ({ target }) => target.closest("button") && own[menu].hidePopover());
  }
  own.presets.replaceChildren(...presets.map(({ label, pose }) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: label });
    button.onclick = () => take(pose);
    return button;
  }));
  own.add.onclick = () => add();
  own.mirror.onclick = () => sketch.shape(mirrored);
  own.remove.onclick = remove;
  own.hands.onclick = () => sketch.shape((person) => (hasHands(person) ? { ...person, left: [], right: [] } : withHands(person)));
  own.face.onclick = () => sketch.shape((person) => ({ ...person, face: person.face.length ? [] : faceOf(person) }));
  board.removePerson = remove;

  /** The chosen person takes a pose, where it is; alone it fills the map. */
  function take(preset) {
    const { person, pose } = sketch;
    const [model] = fitted(preset, pose.width, pose.height).people;
    if (!person) return add(model);
    const alone = pose.people.length === 1;
    sketch.change(sketch.withPerson({ ...(alone ? model : placedIn(model, frameOf(person))), key: person.key }));
  }

  function add(model) {
    const { pose } = sketch;
    const [standing] = fitted(presets[0].pose, pose.width, pose.height).people;
    const beside = ASIDE[pose.people.length % ASIDE.length] * pose.width;
    const added = somebody(moved(model ?? standing, [beside, 0]));
    sketch.change({ ...pose, people: [...pose.people, added] });
    sketch.choose({ key: added.key });
  }

  function remove() {
    const { person, pose } = sketch;
    if (person) sketch.change({ ...pose, people: pose.people.filter((one) => one !== person) });
  }

  function withHands(person) {
    const like = usual("waving");
    const hand = (side) => {
      const arm = ELBOW_TO_WRIST[side];
      const to = arm.map((joint) => person.body[joint]);
      return to.every(Boolean) ? laid(like[side], arm.map((joint) => like.body[joint]), to) : [];
    };
    return { ...person, left: hand("left"), right: hand("right") };
  }

  function faceOf(person) {
    const like = usual("portrait");
    return laid(like.face, EYES.map((eye) => like.body[eye]), EYES.map((eye) => person.body[eye]));
  }

  function drawMissing(person) {
    const missing = person ? JOINTS.map((name, joint) => ({ name, joint })).filter(({ joint }) => !person.body[joint]) : [];
    own.missing.hidden = !missing.length;
    reconcile(own.missingList, missing, ({ name }) => name, ({ name, joint }) => {
      const chip = Object.assign(document.createElement("button"), { type: "button", className: "chip", textContent: name });
      chip.onclick = () => sketch.shape((one) => withJoint(one, joint, usual(joint > 13 ? "portrait" : "standing")));
      return chip;
    });
  }

  return () => {
    const { person } = sketch;
    const ready = Boolean(person && frameOf(person));
    for (const name of ["mirror", "remove", "hands", "face"]) own[name].disabled = !ready;
    own.fine.disabled = !ready || !(hasHands(person) || person.face.length);
    own.face.disabled ||= !person?.face.length && !EYES.every((eye) => person?.body[eye]);
    own.hands.disabled ||= !hasHands(person) && !Object.values(ELBOW_TO_WRIST).some((arm) => arm.every((joint) => person.body[joint]));
    say(own.hands.firstElementChild, hasHands(person) ? "Remove the hands" : "Add hands");
    say(own.face.firstElementChild, person?.face.length ? "Remove the face" : "Add a face");
    drawMissing(person);
  };
}

const hasHands = (person) => Boolean(person?.left.length || person?.right.length);
