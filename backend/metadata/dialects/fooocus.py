"""Fooocus: JSON of its own in `parameters`, or A1111's infotext with keys of its own.

`fooocus_scheme` (in other formats than PNG the EXIF's maker note) says which. Its picture follows
from the prompt with all styles in it, so that one is taken.

Source: modules/meta_parser.py of github.com/lllyasviel/Fooocus.
"""

import json
import re
from collections.abc import Iterator, Mapping

from backend.metadata import infotext
from backend.metadata.dialect import dialect
from backend.metadata.dialects.a1111 import hashes_in, program_of, tell
from backend.metadata.file_texts import COMMENT, FileTexts
from backend.metadata.loose import Object, as_object, text, text_in, texts_in
from backend.metadata.teller import Teller, model_name
from backend.schema.catalogue import Catalogue
from backend.schema.readings import Reading

_PROGRAM = "Fooocus"
_FIELDS: Mapping[str, str] = {
    "seed": "seed.value",
    "steps": "sampling.steps",
    "guidance_scale": "sampling.cfg_scale",
    "clip_skip": "model.clip_skip",
}
_UNUSED: Mapping[str, str] = {
    "styles": "Styles (their words are in the prompt)",
    "performance": "Performance",
    "sharpness": "Sharpness",
    "adm_guidance": "ADM guidance",
    "adaptive_cfg": "Adaptive CFG",
    "refiner_swap_method": "Refiner swap method",
    "freeu": "FreeU",
    "inpaint_engine_version": "Inpaint engine",
}
_RESOLUTION = re.compile(r"\(?'?(\d{1,6})'?\s*[,x×*]\s*'?(\d{1,6})'?\)?")
_LORA = re.compile(r"(?:(True|False) : )?(.+) : (-?[\d.]+)")
_OWN_VAE = {"Default (model)", "Default", "None"}


@dialect(_PROGRAM)
def read(texts: FileTexts, catalogue: Catalogue) -> Reading | None:
    """Read either of its schemes."""
    written = texts.text("parameters", COMMENT)
    scheme = texts.text("fooocus_scheme", "MakerNote")
    told = _json(written)
    if told and (scheme == "fooocus" or {"base_model", "guidance_scale"} & told.keys()):
        return _own(told, written, Teller(catalogue))
    plain = infotext.parse(written)
    if scheme == "a1111" or program_of(plain.pairs) == _PROGRAM:
        return _as_a1111(plain, written, catalogue)
    return None


def _json(written: str) -> Object:
    try:
        return as_object(json.loads(written)) if written.startswith("{") else {}
    except (ValueError, RecursionError):
        return {}


def _own(told: Object, written: str, teller: Teller) -> Reading:
    whole = [", ".join(texts_in(told, f"full_{each}")) for each in ("prompt", "negative_prompt")]
    typed = [text_in(told, each) for each in ("prompt", "negative_prompt")]
    teller.words(*(full or plain for full, plain in zip(whole, typed, strict=True)))
    for label, full, plain in zip(("Prompt", "Negative prompt"), whole, typed, strict=True):
        if full and full != plain:
            teller.unused(f"{label} as it was typed", plain)
    for key, field_id in _FIELDS.items():
        teller.put(field_id, told.get(key))
    size = _RESOLUTION.fullmatch(str(told.get("resolution", "")).replace(" ", ""))
    if size:
        teller.put("size.width", size[1])
        teller.put("size.height", size[2])
    teller.sampler(text_in(told, "sampler"), text_in(told, "scheduler"))
    _models(told, teller)
    for key, label in _UNUSED.items():
        teller.unused(label, told.get(key))
    return teller.reading(_PROGRAM, written)


def _models(told: Object, teller: Teller) -> None:
    base = text_in(told, "base_model")
    teller.part("model.checkpoint", "checkpoint", base, text_in(told, "base_model_hash"))
    refiner = text_in(told, "refiner_model")
    if refiner not in {"", "None"}:
        teller.part("refiner.checkpoint", "refiner", refiner, text_in(told, "refiner_model_hash"))
        teller.put("refiner.switch_at", told.get("refiner_switch"))
    vae = text_in(told, "vae")
    if vae in _OWN_VAE:
        teller.leave_to_checkpoint("model.vae")
    else:
        teller.part("model.vae", "vae", vae)
    hashes = dict(_lora_hashes(told.get("loras")))
    for key, value in told.items():
        lora = _LORA.fullmatch(text(value)) if key.startswith("lora_combined_") else None
        if lora and lora[1] != "False" and lora[2] != "None" and _number(lora[3]) is not None:
            digits = hashes.get(model_name(lora[2]), "")
            teller.lora(lora[2], _number(lora[3]) or 0.0, digits=digits)


def _lora_hashes(told: object) -> Iterator[tuple[str, str]]:
    """The list `[name, weight, hash]` that stands beside."""
    for each in told if isinstance(told, list) else []:
        match each:
            case [str() as name, _, str() as digits]:
                yield model_name(name), digits
            case _:
                pass


def _as_a1111(plain: infotext.Infotext, written: str, catalogue: Catalogue) -> Reading:
    pairs = dict(plain.pairs)
    weights = dict(hashes_in(pairs.pop("Lora weights", "")))
    digits = dict(hashes_in(pairs.pop("Lora hashes", "")))
    pairs.setdefault("Schedule type", pairs.pop("Scheduler", ""))
    pairs.setdefault("RNG", "CPU")
    if pairs.get("VAE") in _OWN_VAE:
        pairs["VAE"] = "None"
    raw, typed = pairs.pop("Raw prompt", ""), pairs.pop("Raw negative prompt", "")
    teller = Teller(catalogue)
    tell(infotext.Infotext(plain.positive, plain.negative, pairs), teller, catalogue)
    teller.unused("Prompt as it was typed", raw if raw != plain.positive else "")
    teller.unused("Negative prompt as it was typed", typed if typed != plain.negative else "")
    for name in {**digits, **weights}:
        weight = _number(weights.get(name, "1"))
        teller.lora(name, 1.0 if weight is None else weight, digits=digits.get(name, ""))
    return teller.reading(_PROGRAM, written)


def _number(written: str) -> float | None:
    try:
        return float(written)
    except ValueError:
        return None
