// Rows of a unit's settings: a number with its slider, a list, a switch.

import { say, set } from "../dom.js";

/** What copies the templates of a panel. */
export function rowsOf({ number, choice, turn }) {
  const copy = (template, { label, help }) => {
    const made = template.content.firstElementChild.cloneNode(true);
    const name = made.firstElementChild;
    say(name, label);
    set(made, "title", help);
    return made;
  };

  return {
    /** A number between two ends; `told` hears of it once it is set. Its `show` shows another value. */
    number(facts, told) {
      const made = copy(number, facts);
      const [field, slider] = made.querySelectorAll("input");
      for (const input of [field, slider]) {
        Object.assign(input, { min: facts.minimum, max: facts.maximum, step: facts.step || "any" });
        set(input, "aria-label", input === slider ? facts.label : `number input for ${facts.label}`);
        input.oninput = () => {
          const other = input === field ? slider : field;
          if (Number.isFinite(input.valueAsNumber)) other.value = input.value;
        };
        input.onchange = () => {
          const value = input.valueAsNumber;
          if (Number.isFinite(value)) told(Math.min(Math.max(value, facts.minimum), facts.maximum));
        };
      }
      const { default: usual } = facts;
      if (Number.isFinite(usual)) made.firstElementChild.ondblclick = () => told(usual);
      const show = (value) => {
        for (const input of [field, slider]) if (input.valueAsNumber !== value) input.value = value;
      };
      return { made, show, inputs: [field, slider] };
    },

    /** A list of pairs of label and value. */
    choice(facts, options, told) {
      const made = copy(choice, facts);
      const select = made.querySelector("select");
      set(select, "aria-label", facts.label);
      select.append(...options.map(([label, value]) => new Option(label, value)));
      select.onchange = () => told(select.value);
      return { made, show: (value) => (select.value = value ?? ""), inputs: [select] };
    },

    /** On or off. */
    turn(facts, told) {
      const made = copy(turn, facts);
      const box = made.querySelector("input");
      box.onchange = () => told(box.checked);
      return { made, show: (value) => (box.checked = value), inputs: [box] };
    },
  };
}
