r"""AUTOMATIC1111's infotext: a picture's settings as text that a person can read and paste.

The prompt, then `Negative prompt: …` on a line of its own, then one line of `Key: value` pairs in a
fixed order. A value with a comma, colon or newline is quoted as JSON. The grammar cannot express
every prompt (outer spaces of a line, a line that begins with `Negative prompt:`); such a prompt is
repeated, quoted, among the pairs as `Prompt` or `Negative prompt`, which other readers pass over.
Both weights of a LoRA's tag are named, because A1111 reads two bare ones in another order.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from backend.metadata.bare_json import quoted
from backend.metadata.catalogue import find_named
from backend.metadata.control_units import units_in, written_units
from backend.metadata.lora_tags import named_by_easel
from backend.metadata.second_pass import second_pass_in, second_pass_of
from backend.schema.catalogue import Catalogue
from backend.schema.errors import OutOfRangeError
from backend.schema.fields import FieldSpec, Scalar
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest
from backend.schema.resolved import ResolvedRequest
from backend.schema.sampling_settings import MAXIMUM_SEED
from backend.schema.source_settings import ResolvedSource
from backend.version import VERSION

_NEGATIVE = "Negative prompt:"
_PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
_SIZE = re.compile(r"(\d+)x(\d+)")
_FEWEST_PAIRS = 3
_OWN_VAE = {"None", "Automatic"}
"""What A1111 writes where the checkpoint's own autoencoder was used."""
_ALSO_NAMED = {"NV": "gpu"}
"""What A1111 writes where the processor drew a card's numbers."""
_MODEL_ENDINGS = {".safetensors", ".ckpt", ".gguf"}


def write(request: ResolvedRequest, index: int, catalogue: Catalogue) -> str:
    """The infotext of picture `index`; samplers and schedules by the catalogue's labels."""
    prompt = request.prompt_of(index)
    words = (named_by_easel(prompt.positive), named_by_easel(prompt.negative))
    return compose(*words, dict(_pairs(request, index, catalogue)))


def compose(positive: str, negative: str, pairs: Mapping[str, str]) -> str:
    """The infotext of prompts and settings; empty settings are left out."""
    words = f"{positive}\n{_NEGATIVE} {negative}" if negative else positive
    pairs = dict(pairs)
    if _split_prompts(words) != (positive, negative):
        pairs |= {"Prompt": positive, "Negative prompt": negative}
    settings = ", ".join(f"{key}: {_quoted(value)}" for key, value in pairs.items() if value)
    return f"{words}\n{settings}"


@dataclass(frozen=True)
class Infotext:
    """A text taken apart, its values as they were written."""

    positive: str
    negative: str
    pairs: Mapping[str, str]
    """The settings by their keys, `Size` as `Size-1` and `Size-2`; none where the text has none."""


def parse(text: str) -> Infotext:
    """Take a text apart; one without a line of settings is all prompt."""
    words, _, last = text.rstrip().rpartition("\n")
    found = dict(_parsed_pairs(last))
    if len(found) < _FEWEST_PAIRS:
        words, found = text, {}
    positive, negative = _split_prompts(words)
    if found.keys() & {"Prompt", "Negative prompt"}:  # an empty one is not written
        positive, negative = found.pop("Prompt", ""), found.pop("Negative prompt", "")
    return Infotext(positive, negative, found)


def read(text: str, catalogue: Catalogue) -> GenerationRequest:
    """The request that infotext of Easel, A1111 or its relatives describes.

    What is missing, unknown or out of range is left to be chosen. A picture of a batch gives the
    request of its batch, because equal pixels need an equal batch shape.
    """
    told = parse(text)
    values = fields_in(told, catalogue)
    for unit in units_in(told.pairs, catalogue):
        values |= unit.fields
    return GenerationRequest.from_fields({k: v for k, v in values.items() if _fits(k, v)})


def fields_in(told: Infotext, catalogue: Catalogue) -> dict[str, Scalar]:
    """What a text says of a request's fields, by their ids, whether they can hold it or not.

    What steered the picture is told by `control_units.units_in`.
    """
    found = told.pairs
    values: dict[str, Scalar] = {
        spec.id: _option(spec, found[spec.setting.infotext])
        for spec in GENERATION_FIELDS
        if spec.setting.infotext in found
    }
    values["prompt.positive"] = told.positive
    values["prompt.negative"] = told.negative
    values |= _sampling(found, catalogue) | _seed(found)
    if found.get("VAE") in _OWN_VAE:
        values["model.vae"] = None
    return values | second_pass_in(values, found, catalogue)


def _pairs(request: ResolvedRequest, index: int, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    sampling = request.sampling
    sampler = find_named(catalogue.samplers, sampling.sampler)
    schedule = find_named(catalogue.schedules, sampling.schedule)
    yield "Steps", str(sampling.steps)
    yield "Sampler", sampler.label if sampler else sampling.sampler
    yield "Schedule type", schedule.label if schedule else sampling.schedule
    yield "CFG scale", _number(sampling.cfg_scale)
    if sampling.guidance is not None:
        yield "Distilled CFG Scale", _number(sampling.guidance)
    yield "Seed", str(request.seed_of(index))
    yield "Size", f"{request.size.width}x{request.size.height}"
    yield "Model hash", request.model.sha256[:10]
    yield "Model", model_name(request.model.checkpoint)
    if (vae := request.model.component("vae")) is not None:
        yield "VAE", PurePosixPath(vae.id).name
    yield from _noise(request, index)
    if request.clip_skip > 1:
        yield "Clip skip", str(request.clip_skip)
    if sampling.cfg_rescale:
        yield "CFG rescale", _number(sampling.cfg_rescale)
    yield from _beginning_and_end(request, catalogue)
    yield from written_units(request.controls, catalogue)
    if request.refiner is not None:
        yield "Refiner", model_name(request.refiner.model.checkpoint)
        yield "Refiner switch at", _number(request.refiner.switch_at)
    if request.loras:
        hashes = {each.name: each.tensors for each in request.loras}
        yield "Lora hashes", ", ".join(f"{name}: {known}" for name, known in hashes.items())
    if request.expanded:
        yield "Wildcard prompt", request.prompt.positive
        yield "Wildcard negative prompt", request.prompt.negative
    elif request.batch.size > 1:
        yield "Batch size", str(request.batch.size)
        yield "Batch pos", str(index % request.batch.size)
    yield "Version", f"Easel {VERSION}"


def _noise(request: ResolvedRequest, index: int) -> Iterator[tuple[str, str]]:
    """Whose noise it begins with; A1111 takes the card's where nothing says it."""
    variation = request.variation_of(index)
    if variation is not None:
        yield "Variation seed", str(variation.seed)
        yield "Variation seed strength", _number(variation.strength)
    if (terminal := request.sampling.terminal_noise) is not None:
        yield "Noise Schedule", _recorded("sampling.terminal_noise", terminal)
    yield "RNG", _recorded("seed.noise", request.noise)


def _beginning_and_end(request: ResolvedRequest, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """What is beyond the edges, what it began with, and how it was enlarged."""
    if request.seamless != "none":
        yield "Tiling", _recorded("size.seamless", request.seamless)
    if request.source is not None:
        if request.hires is None:  # else the key is taken
            yield "Denoising strength", _number(request.source.strength)
        yield from _source(request.source)
    if request.hires is not None:
        yield from second_pass_of(request.hires, request.sampling, catalogue)


def _source(source: ResolvedSource) -> Iterator[tuple[str, str]]:
    """What became of the picture that it began with; which one that was, infotext cannot say."""
    yield "Resize mode", _recorded("source.fit", source.fit)
    mask = source.mask
    if mask is not None:
        yield "Mask blur", str(mask.blur)
        yield "Mask mode", _recorded("mask.paints", mask.paints)
        yield "Masked content", _recorded("mask.fill", mask.fill)
        yield "Inpaint area", _recorded("mask.area", mask.area)
        yield "Masked area padding", str(mask.padding)


def _recorded(field_id: str, value: str) -> str:
    """How infotext names one of a field's options."""
    return next(spec for spec in GENERATION_FIELDS if spec.id == field_id).setting.recorded[value]


def _option(spec: FieldSpec, text: str) -> str:
    """The option that infotext names so, else the text."""
    named = {name: option for option, name in spec.setting.recorded.items()} | _ALSO_NAMED
    return named.get(text, text)


def model_name(checkpoint: str) -> str:
    """How infotext names a checkpoint: its file or folder, without what marks it as a model."""
    path = PurePosixPath(checkpoint)
    return path.stem if path.suffix in _MODEL_ENDINGS else path.name


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else str(value)


def _quoted(value: str) -> str:
    if any(sign in value for sign in ",:\n") or value != value.strip() or value.startswith('"'):
        return json.dumps(value, ensure_ascii=False)
    return value


def _unquoted(value: str) -> str:
    try:
        text: object = json.loads(value) if value.startswith('"') else value
    except ValueError:
        return value
    return text if isinstance(text, str) else value


def _split_prompts(words: str) -> tuple[str, str]:
    """Prompt and negative prompt, as A1111 reads them: line by line, each stripped."""
    lines: tuple[list[str], list[str]] = ([], [])
    part = 0
    for line in (line.strip() for line in words.split("\n")):
        if line.startswith(_NEGATIVE):
            part = 1
            lines[1].append(line.removeprefix(_NEGATIVE).strip())
        else:
            lines[part].append(line)
    return "\n".join(lines[0]), "\n".join(lines[1])


def _parsed_pairs(line: str) -> Iterator[tuple[str, str]]:
    for key, value in _PAIR.findall(quoted(line)):
        size = _SIZE.fullmatch(value)
        if size:
            yield f"{key}-1", size[1]
            yield f"{key}-2", size[2]
        elif value:
            yield key, _unquoted(value)


def _sampling(found: Mapping[str, str], catalogue: Catalogue) -> dict[str, Scalar]:
    """Sampler and schedule by any known name; older texts join them, as in `DPM++ 2M Karras`."""
    name, schedule_name = found.get("Sampler", ""), found.get("Schedule type", "")
    schedule = find_named(catalogue.schedules, schedule_name)
    sampler = find_named(catalogue.samplers, name)
    start, _, end = name.rpartition(" ")
    if sampler is None and find_named(catalogue.schedules, end):
        sampler = find_named(catalogue.samplers, start)
        schedule = schedule or find_named(catalogue.schedules, end)
    return {
        "sampling.sampler": sampler.id if sampler else None,
        "sampling.schedule": schedule.id if schedule else None,
    }


def _seed(found: Mapping[str, str]) -> dict[str, Scalar]:
    """The seed of the first picture of the batch."""
    seed, position = found.get("Seed", ""), found.get("Batch pos", "0")
    if not (seed.isdecimal() and position.isdecimal()) or int(seed) > MAXIMUM_SEED:
        return {"seed.value": None}
    varied = found.get("Variation seed", "")
    if varied.isdecimal():  # then all pictures of a batch have one seed, and each its variation
        first = (int(varied) - int(position)) % (MAXIMUM_SEED + 1)
        return {"seed.value": int(seed), "seed.variation": first}
    return {"seed.value": (int(seed) - int(position)) % (MAXIMUM_SEED + 1)}


def _fits(field_id: str, value: Scalar) -> bool:
    try:
        GenerationRequest.from_fields({field_id: value})
    except OutOfRangeError:
        return False
    return True
