// Code that few visits need, in `browser`: it comes when its element first appears.

import { CallError } from "./api.js";

/** A function from the module of its name. */
export async function later(name) {
  try {
    return (await import(`./browser/${name}.js`))[name];
  } catch (error) {
    throw new CallError({ sentence: "Easel does not answer.", hint: "Reload the page.", details: String(error) });
  }
}

for (const name of ["browser", "guide"]) {
  customElements.define(`easel-${name}`, class extends HTMLElement {
    async connectedCallback() {
      if (this.came) return;
      this.came = true;
      try {
        (await later(name))(this);
      } catch ({ message, hint }) {
        this.came = false;
        this.textContent = `${message} ${hint}`;
      }
    }
  });
}
