"""AUTOMATIC1111's infotext, which Forge and many others write too.

Source: the order and the grammar of the keys as A1111 1.10 writes them; see `infotext`.
"""

import json
import re
from collections.abc import Iterator, Mapping

from backend.metadata import infotext
from backend.metadata.control_units import names_unit, units_in
from backend.metadata.dialect import dialect
from backend.metadata.file_texts import COMMENT, FileTexts
from backend.metadata.loose import as_object, number_in, objects, text_in
from backend.metadata.lora_tags import named_by_a1111
from backend.metadata.teller import Teller, model_name
from backend.prompts.tags import take_tags
from backend.schema.catalogue import Catalogue
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.readings import ModelUse, Reading

PLACES = ("parameters", COMMENT, "Description", "comment")
"""The names of texts that may be infotext."""
_HASHED = re.compile(r"(.+) \[([0-9a-fA-F]{6,64})\]")
_MODULE = re.compile(r"Module \d+")
"""Forge's text encoders and VAE in files of their own."""
_RELATIVES = (
    (re.compile(r"f\d|neo", re.IGNORECASE), "Forge"),
    (re.compile(r"Easel ", re.IGNORECASE), "Easel"),
    (re.compile(r"Fooocus ", re.IGNORECASE), "Fooocus"),
    (re.compile(r"ComfyUI", re.IGNORECASE), "ComfyUI"),
)
"""What the key `Version` begins with, where it was not A1111 itself."""
_DRAW_ON_CARDS = {"AUTOMATIC1111", "Forge", "SD.Next"}
_RESOURCES = "Civitai resources"
_MODEL_KEYS = {
    *("Model hash", "VAE hash", "Refiner hash", "Lora hashes", "TI hashes", "TI", "Hashes"),
    *(_RESOURCES, "Civitai metadata", "Created Date"),
}
"""What is read for its models alone, or says nothing of how the picture was made."""
_NO_SETTING = {
    *("Version", "App", "Batch pos", "Wildcard prompt", "Wildcard negative prompt", "User"),
    *("Hires resize-1", "Hires resize-2"),
}
_KINDS: Mapping[str, ModelUse] = {
    "model": "checkpoint",
    "vae": "vae",
    "refiner": "refiner",
    "lora": "LoRA",
    "embed": "embedding",
    "embedding": "embedding",
}


@dialect("AUTOMATIC1111", rank=90)
def read(texts: FileTexts, catalogue: Catalogue) -> Reading | None:
    """Read infotext from any of its places."""
    found = (read_infotext(texts.text(place), catalogue) for place in PLACES)
    return next((reading for reading in found if reading), None)


def read_infotext(text: str, catalogue: Catalogue) -> Reading | None:
    """What infotext tells; None where a text is none, because it has no line of settings."""
    told = infotext.parse(text)
    if not told.pairs:
        return None
    teller = Teller(catalogue)
    program = program_of(told.pairs)
    tell(told, teller, catalogue, ours=program == "Easel")
    return teller.reading(program, text)


def program_of(pairs: Mapping[str, str]) -> str:
    """Which program wrote the settings, as far as they tell."""
    version = pairs.get("Version", "")
    relative = next((name for start, name in _RELATIVES if start.match(version)), "AUTOMATIC1111")
    if _RESOURCES in pairs and not version:
        return "CivitAI"
    return pairs.get("App") or relative


def tell(
    told: infotext.Infotext, teller: Teller, catalogue: Catalogue, *, ours: bool = False
) -> None:
    """Tell all of a text.

    Args:
        told: The text, taken apart.
        teller: Hears it.
        catalogue: The samplers and schedules there are.
        ours: Whether Easel wrote it, whose LoRA tags have another order and whose noise is another.
    """
    keys = {spec.id: spec.setting.infotext for spec in GENERATION_FIELDS}
    pairs = dict(told.pairs)
    for key in ("Refiner", "VAE"):
        hashed = _HASHED.fullmatch(pairs.get(key, ""))
        if hashed:
            pairs |= {key: hashed[1], f"{key} hash": hashed[2]}
    if program_of(pairs) in _DRAW_ON_CARDS and "Seed" in pairs:
        pairs.setdefault("RNG", "GPU")  # what it is where A1111 does not say it
    if pairs.get("RNG") == "NV":  # the card's numbers, drawn by the processor
        pairs["RNG"] = "GPU"
    plain = infotext.Infotext(told.positive, told.negative, pairs)
    values = infotext.fields_in(plain, catalogue)
    for field_id, value in values.items():
        if field_id not in {"sampling.sampler", "sampling.schedule"}:
            teller.put(field_id, value, keys[field_id])
    teller.sampler(pairs.get("Sampler", ""), pairs.get("Schedule type", ""))
    if "VAE" in pairs and values.get("model.vae") is None:
        teller.leave_to_checkpoint("model.vae")
    words = (told.positive, told.negative)
    teller.words(*(words if ours else map(named_by_a1111, words)))
    _tell_models(pairs, teller)
    _tell_units(pairs, teller, catalogue)
    known = {*keys.values(), *_MODEL_KEYS, *_NO_SETTING}
    for key, value in pairs.items():
        if (
            key not in known
            and not _MODULE.fullmatch(key)
            and not names_unit(key)
            and not (key == "RNG" and "RNG" not in told.pairs)
        ):
            teller.unused(key, value)


def _tell_models(pairs: Mapping[str, str], teller: Teller) -> None:
    teller.model("checkpoint", pairs.get("Model", ""), pairs.get("Model hash", ""))
    teller.model("refiner", pairs.get("Refiner", ""), pairs.get("Refiner hash", ""))
    if teller.told("model.vae"):
        teller.model("vae", pairs.get("VAE", ""), pairs.get("VAE hash", ""))
    for name, digits in hashes_in(pairs.get("Lora hashes", "")):
        teller.model("LoRA", name, digits)
    for name, digits in hashes_in(pairs.get("TI hashes", "")):
        teller.model("embedding", name, digits)
    for tag in take_tags(str(teller.told("prompt.positive") or ""))[1]:
        same = tag.unet == tag.text_encoder
        weight = f"{tag.unet:g}" if same else f"te={tag.text_encoder:g}, unet={tag.unet:g}"
        teller.model("LoRA", tag.name, weight=weight)
    for key, name in pairs.items():
        if _MODULE.fullmatch(key):
            teller.component(name)
    _tell_resources(pairs.get(_RESOURCES, ""), teller)
    for use, name, digits in _listed(pairs):
        teller.model(use, name, digits)


def _tell_units(pairs: Mapping[str, str], teller: Teller, catalogue: Catalogue) -> None:
    """What steered it, and that no text holds the pictures which did."""
    for unit in units_in(pairs, catalogue):
        teller.unit(unit.number, unit.fields, unit.model, unit.digits)
        if not unit.fields:
            teller.unused(f"ControlNet {unit.number}", unit.text)
        for label, value in unit.unknown.items():
            teller.unused(f"ControlNet {unit.number}: {label}", value)


def hashes_in(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of `name: hash, name: hash`."""
    for pair in text.split(","):
        name, _, digits = pair.rpartition(":")
        if name.strip():
            yield name.strip(), digits.strip()


def _tell_resources(listed: str, teller: Teller) -> None:
    """The models that CivitAI lists; the prompts of its own generator name no LoRAs."""
    try:
        resources = objects(json.loads(listed)) if listed else ()
    except (ValueError, RecursionError):
        return
    tagged = take_tags(str(teller.told("prompt.positive") or ""))[1]
    for each in resources:
        name, kind = text_in(each, "modelName"), text_in(each, "type").casefold()
        weight = number_in(each, "weight")
        if kind in {"lora", "lycoris", "locon", "dora"} and name and not tagged:
            teller.lora(name, 1.0 if weight is None else weight)
        elif kind == "checkpoint" and teller.told("model.checkpoint") is None:
            teller.part("model.checkpoint", "checkpoint", name)
        elif kind in {"embed", "embedding", "textualinversion"}:
            teller.model("embedding", name)


def _listed(pairs: Mapping[str, str]) -> Iterator[tuple[ModelUse, str, str]]:
    """The models of `Hashes: {"model": "…", "lora:name": "…"}`, which Forge and CivitAI write."""
    try:
        listed = as_object(json.loads(pairs.get("Hashes", "")))
    except (ValueError, RecursionError):
        return
    for key, digits in listed.items():
        kind, _, name = key.partition(":")
        use = _KINDS.get(kind.casefold())
        known = {"checkpoint": "Model", "vae": "VAE", "refiner": "Refiner"}.get(use or "", "")
        if use and isinstance(digits, str):
            yield use, model_name(name) or pairs.get(known, ""), digits
