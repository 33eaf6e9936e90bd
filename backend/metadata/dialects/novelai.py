"""NovelAI: JSON in a PNG's `Comment`, also hidden in the alpha channel; or `Description` alone.

Its brackets weigh otherwise than Easel's: `{more}` 1.05 times, `[less]` as much less, `1.3::so::`;
round ones are plain text. They are rewritten, and the person is told.

Source: the reader at github.com/NovelAI/novelai-image-metadata and the service's documentation.
"""

import json
import re
from collections.abc import Mapping

from backend.metadata.dialect import dialect
from backend.metadata.file_texts import COMMENT, FileTexts
from backend.metadata.loose import Object, as_object, number_in, object_in, objects_in, text_in
from backend.metadata.teller import Teller, plain_number
from backend.schema.catalogue import Catalogue
from backend.schema.readings import Reading

_PROGRAM = "NovelAI"
_FIELDS: Mapping[str, str] = {
    "seed": "seed.value",
    "steps": "sampling.steps",
    "scale": "sampling.cfg_scale",
    "width": "size.width",
    "height": "size.height",
    "cfg_rescale": "sampling.cfg_rescale",
}
_UNUSED: Mapping[str, str] = {
    "uncond_scale": "Undesired content strength",
    "sm": "SMEA",
    "sm_dyn": "SMEA DYN",
    "dynamic_thresholding": "Decrisper",
    "skip_cfg_above_sigma": "Variety+",
    "strength": "Strength",
    "noise": "Noise",
}
_SAMPLERS: Mapping[str, str] = {"ddim_v3": "ddim"}
_HASHED = re.compile(r"(.+) ([0-9A-F]{8})")
_SIGNS = re.compile(r"(-?\d+(?:\.\d+)?)::|::|[{}\[\]()]|[^{}\[\]():\d\-]+|.", re.DOTALL)
_STEP, _DEEPEST = 1.05, 50


@dialect(_PROGRAM)
def read(texts: FileTexts, catalogue: Catalogue) -> Reading | None:
    """Read its comment, which the service's name must stand beside."""
    written = texts.text("Comment", COMMENT)
    if _PROGRAM.casefold() not in f"{texts.text('Software')} {texts.text('Title')}".casefold():
        return None
    told = _json(written)
    if not told and not texts.text("Description"):
        return None
    teller = Teller(catalogue)
    positive = text_in(told, "prompt") or texts.text("Description")
    teller.words(_weighted(positive, teller), _weighted(text_in(told, "uc"), teller))
    for key, field_id in _FIELDS.items():
        if key != "cfg_rescale" or number_in(told, key):
            teller.put(field_id, number_in(told, key))
    _sampler(told, teller)
    source = texts.text("Source")
    hashed = _HASHED.fullmatch(source)
    teller.model("checkpoint", hashed[1] if hashed else source, hashed[2] if hashed else "")
    teller.unused("Model, which only the service has", source)
    _characters(told, teller)
    for key, label in _UNUSED.items():
        if told.get(key) not in (None, False, 0):
            teller.unused(label, told[key])
    return teller.reading(_PROGRAM, written or texts.text("Description"))


def _json(written: str) -> Object:
    try:
        return as_object(json.loads(written)) if written else {}
    except (ValueError, RecursionError):
        return {}


def _sampler(told: Object, teller: Teller) -> None:
    name, schedule = text_in(told, "sampler"), text_in(told, "noise_schedule")
    teller.sampler(_SAMPLERS.get(name, name), "" if schedule == "native" else schedule)
    if schedule == "native":
        teller.unused("Noise schedule", schedule)


def _characters(told: Object, teller: Teller) -> None:
    """The characters of version 4, each with a prompt of its own."""
    for side, label in (("v4_prompt", "Character"), ("v4_negative_prompt", "Character, negative")):
        for each in objects_in(object_in(object_in(told, side), "caption"), "char_captions"):
            teller.unused(label, text_in(each, "char_caption"))


def _weighted(prompt: str, teller: Teller) -> str:
    """A prompt with its weights as Easel writes them."""
    pieces: list[tuple[str, float]] = []
    depth, own = 0, 1.0
    for found in _SIGNS.finditer(prompt):
        sign = found[0]
        if found[1]:
            own = min(max(float(found[1]), -10.0), 10.0)
        elif sign == "::":
            own = 1.0
        elif sign in "{}":
            depth += 1 if sign == "{" else -1
        elif sign in "[]":
            depth += -1 if sign == "[" else 1
        else:
            weight = own * _STEP ** min(max(depth, -_DEEPEST), _DEEPEST)
            pieces.append((f"\\{sign}" if sign in "()" else sign, weight))
    text = _joined(pieces)
    if any(weight != 1 for _, weight in pieces):
        teller.say("NovelAI's weights, {more}, [less] and 1.3::so::, were rewritten as (so:1.3).")
    return text


def _joined(pieces: list[tuple[str, float]]) -> str:
    words: list[str] = []
    for place, (text, weight) in enumerate(pieces):
        begins = place == 0 or pieces[place - 1][1] != weight
        ends = place + 1 == len(pieces) or pieces[place + 1][1] != weight
        start = "(" if begins and weight != 1 else ""
        end = f":{plain_number(weight)})" if ends and weight != 1 else ""
        words.append(f"{start}{text}{end}")
    return "".join(words)
