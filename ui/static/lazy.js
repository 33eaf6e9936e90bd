// Code that few visits need at once: it comes when its element first appears.

import { CallError } from "./api.js";

const RETRY_MS = 3000; // where Easel does not answer

/** A function from the module of its name. */
export async function later(name, folder = "browser") {
  try {
    return (await import(`./${folder}/${name}.js`))[name];
  } catch (error) {
    throw new CallError({ sentence: "Easel does not answer.", hint: "Reload the page.", details: String(error) });
  }
}

const FOLDERS = { browser: "browser", guide: "browser", warnings: "helping", writing: "writing", ladders: "helping", forever: "helping", telling: "helping", loras: "loras", series: "series", imaging: "imaging", strength: "imaging", train: "training", dataset: "dataset", pose: "poses", dialogs: "viewing", controls: "control", mapping: "control" };

for (const [name, folder] of Object.entries(FOLDERS)) {
  customElements.define(`easel-${name}`, class extends HTMLElement {
    async connectedCallback() {
      if (this.came) return;
      this.came = true;
      this.came = await filled(this, () => later(name, folder));
    }
  });
}

/** Whether an element was filled; where Easel does not answer, it is filled once Easel does. */
async function filled(place, maker) {
  for (;;) {
    try {
      await (await maker())(place);
      return true;
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      place.textContent = `${error.message} ${error.hint}`;
      if (!error.unreachable) return false;
      await new Promise((again) => setTimeout(again, RETRY_MS));
    }
  }
}
