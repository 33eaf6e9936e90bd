// The left of the ControlNet tab: the picture, and what makes its map.

import { attempt } from "../api.js";
import { root, say, set } from "../dom.js";
import { form } from "../form.js";
import { handIn, source } from "../imaging/session.js";
import { png } from "../layers/png.js";
import { ask, brought, takes } from "./bringing.js";
import { fillPreprocessors, fillTypes } from "./choosing.js";
import { wireNeed } from "./need.js";
import { NONE, offers } from "./offers.js";
import { prepared } from "./prepared.js";
import { rowsOf } from "./rows.js";
import { fieldsOf } from "./units.js";

const USUAL = 512;
const KEPT = [["None: it is a map already", NONE]];

/** Wire them; gives their update. */
export function wirePicture({ host, own, complain, choose }) {
  const rows = rowsOf(own);
  const change = (values) => prepared.change(values);
  const begin = (picture, more = {}) => change({ picture, drawn: null, unit: 0, posing: false, ...more });
  const take = async (file) => {
    say(own.problem, "");
    own.problem.hidden = true;
    const kept = await brought(file, complain);
    if (kept) begin(kept.id);
  };
  own.slot.onclick = () => ask(own.file, take);
  own.gallery.onclick = () => choose(({ picture, ...more }) => begin(picture, more));
  own.empty.onclick = () => begin(null);
  own.blank.onclick = () => attempt(async () => begin((await handIn(await blank(), "Scribble")).id, { preprocessor: NONE, type: "scribble" }), complain);
  own.preprocessor.onchange = () => change({ preprocessor: own.preprocessor.value, threshold_a: null, threshold_b: null, type: null, posing: false });
  own.type.onchange = () => change({ type: own.type.value || null });
  takes(host, { file: take, picture: ({ id }) => begin(id) });
  document.addEventListener("paste", (event) => pasted(event, take), { capture: true });
  const resolution = rows.number({ ...fieldsOf.resolution, label: "Resolution" }, (value) => change({ resolution: Math.round(value / 8) * 8 }));
  const perfect = rows.turn({ label: "As large as the picture", help: "Up to 1024 pixels along its shorter side." }, (on) => change({ resolution: on ? null : USUAL }));
  const need = wireNeed({ own });
  let known = null;
  let made = null;
  let parameters = [];

  return () => {
    const { picture, preprocessor: chosen, type, resolution: side } = prepared.state;
    if (known !== offers.known) {
      known = offers.known;
      fillPreprocessors(own.preprocessor, KEPT);
      fillTypes(own.type);
    }
    if (chosen === null && known.preprocessors.length) return change({ preprocessor: offers.beginning().preprocessor });
    own.preprocessor.value = chosen ?? "";
    own.type.value = type ?? "";
    own.type.parentElement.hidden = chosen !== NONE;
    own.picture.hidden = own.empty.hidden = !picture;
    own.slotWords.hidden = Boolean(picture);
    if (picture) set(own.picture, "src", `${source(picture)}/thumbnail`);
    set(own.slot, "aria-label", picture ? "Other picture" : "Choose a picture");
    const maker = chosen === NONE ? null : offers.preprocessor(chosen) ?? null;
    say(own.help, chosen === NONE ? "The picture is a map already; it can be drawn over." : maker?.help ?? "");
    if (made !== maker) {
      made = maker;
      parameters = (maker?.parameters ?? []).map((one) => ({ ...one, row: rows.number(one, (value) => change({ [one.field]: value })) }));
      own.rows.replaceChildren(...parameters.map(({ row }) => row.made), ...(maker ? [perfect.made, resolution.made] : []));
    }
    for (const { field, row, default: usual } of parameters) row.show(prepared.state[field] ?? usual);
    perfect.show(side === null);
    resolution.show(side ?? USUAL);
    resolution.made.hidden = side === null;
    need(prepared.state, { preprocessor: maker });
  };
}

/** A black picture, as large as what is drawn. */
function blank() {
  const { "size.width": width, "size.height": height } = form.values;
  const size = { width: width || USUAL, height: height || USUAL };
  return png({ ...size, channels: 1 }, (_top, lines) => new Uint8Array(size.width * lines));
}

/** A picture that is pasted anywhere on the tab. */
function pasted(event, take) {
  const [file] = event.clipboardData.files;
  if (root.dataset.tab !== "controlnet" || !file) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  take(file);
}
