// What is wrong with pictures and captions, and what to do about it.

import { reconcile, say } from "../dom.js";
import { change, follow, own } from "./own.js";

const LABELS = {
  unreadable: "Cannot be read",
  "too small": "Too small",
  blurred: "Blurred",
  alike: "Nearly the same",
  "no caption": "Without a caption",
  "unknown encoding": "Letters may be wrong",
};

/** Wire the list of what was found. */
export function checks(page) {
  follow(() => {
    const { report, looking, view } = own;
    const found = report?.findings ?? [];
    const calm = looking ? "Looking at the pictures" : "Nothing is wrong with them.";
    say(page.checking, view?.pictures.length && (looking || report) && (looking || !found.length) ? calm : "");
    reconcile(page.findings, found, ({ code, sentence }) => `${code} ${sentence}`, row, (made, finding) => {
      const button = made.querySelector("button");
      if (button) button.onclick = () => change({ only: { label: LABELS[finding.code], paths: new Set(finding.paths) } });
    });
    const sizes = (report?.buckets ?? []).map(({ width, height, paths }) => `${width} × ${height} (${paths.length})`);
    say(page.sizes, sizes.length ? `Learned at ${sizes.slice(0, 6).join(", ")}${sizes.length > 6 ? ` and ${sizes.length - 6} more sizes` : ""}.` : "");
  });
}

/** What was found about each picture, by its path. */
export function troublesOf(report) {
  const all = new Map();
  for (const finding of report?.findings ?? []) {
    for (const path of finding.paths) all.set(path, [...(all.get(path) ?? []), finding]);
  }
  return all;
}

function row({ code, sentence, hint }) {
  const made = document.createElement("li");
  const [told, advice] = ["strong", "span"].map((tag) => made.appendChild(document.createElement(tag)));
  told.textContent = sentence;
  advice.textContent = hint;
  if (LABELS[code]) {
    const button = made.appendChild(document.createElement("button"));
    Object.assign(button, { type: "button", className: "chip", textContent: "Show them" });
  }
  return made;
}
