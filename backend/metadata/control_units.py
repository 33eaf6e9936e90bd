"""Units of ControlNet in A1111's infotext, in the form of today and that of 2023.

Sources: `serialize_unit` and `parse_unit` in sd-webui-controlnet's `scripts/infotext.py`, which
Forge has too, and texts of its versions before 1.1.4.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from backend.metadata.catalogue import find_named
from backend.metadata.teller import model_name
from backend.schema.catalogue import Catalogue
from backend.schema.control_settings import NO_PREPROCESSOR, UNITS
from backend.schema.controls import PreprocessorInfo, ResolvedControl
from backend.schema.fields import Scalar
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.models import ModelKind

_KEY = re.compile(r"ControlNet(?: (\d+))?", re.IGNORECASE)
_PAIR = re.compile(r"([\w /]+):\s*(\([^)]*\)|[^,]*)(?:,|$)")
_HASHED = re.compile(r"(.+) \[([0-9a-fA-F]{6,64})\]")
_BREAKING = re.compile(r"[,:\n]+")
"""What A1111 takes apart its pairs by, so that no value may have it."""
_SINGLE = re.compile(r"ControlNet(?:-(\d+))? ([A-Z][\w ]*)")
"""A key for each setting, as the first versions wrote."""
_TODAY: Mapping[str, str] = {
    "guidance strength": "guidance end",
    "preprocessor": "module",
    "control weight": "weight",
}
"""Names of 2023, and those of today."""
_PAIRS_OF_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "starting/ending": ("guidance start", "guidance end"),
    "preprocessor params": ("processor res", "threshold a", "threshold b"),
}
"""Names of 2023 for several numbers in brackets."""
_NUMBERS: Mapping[str, str] = {
    "weight": "weight",
    "guidance start": "start",
    "guidance end": "end",
    "threshold a": "threshold_a",
    "threshold b": "threshold_b",
}
_CHOICES: Mapping[str, str] = {"resize mode": "fit", "control mode": "mode"}
_IN_CODE: Mapping[str, str] = {
    "resizemode.resize": "stretch",
    "resizemode.inner_fit": "crop",
    "resizemode.outer_fit": "fill",
    "scale to fit (inner fit)": "crop",
    "envelope (outer fit)": "fill",
    "controlmode.balanced": "balanced",
    "controlmode.prompt": "prompt",
    "controlmode.control": "control",
}
"""What older versions and its API write for modes."""
_SILENT = frozenset({"module", "model", "pixel perfect", "processor res", "low vram"})
_LOOKS = re.compile(r"ip-?adapter", re.IGNORECASE)
_BY_ITSELF = "ip-adapter-auto"
"""A1111 has preprocessors for IP-Adapters, one for each image encoder, and this one that chooses;
Forge calls them such as “CLIP-ViT-H (IPAdapter)”. Easel's adapters look at the picture itself."""
_NO_SETTING = frozenset({"save detected map", "hr option", "enabled"})


@dataclass(frozen=True)
class ToldUnit:
    """A unit that a text tells of."""

    number: int
    """From 1."""
    text: str
    """As it is written."""
    fields: Mapping[str, Scalar]
    """What it says of the request's fields, by their ids."""
    model: str = ""
    """As it is written, without its hash."""
    digits: str = ""
    unknown: Mapping[str, str] = field(default_factory=dict[str, str])
    """What Easel has no place for."""


def written_units(
    controls: Iterable[ResolvedControl], catalogue: Catalogue
) -> Iterator[tuple[str, str]]:
    """The units as infotext's pairs; which pictures they had, it cannot say."""
    for control in controls:
        told = ", ".join(f"{key}: {value}" for key, value in _pairs(control, catalogue))
        yield f"ControlNet {control.number - 1}", told


def units_in(pairs: Mapping[str, str], catalogue: Catalogue) -> tuple[ToldUnit, ...]:
    """The units that infotext's pairs tell of; of those beyond what Easel has, nothing is a field.

    Args:
        pairs: All of a text, by their keys.
        catalogue: Knows the preprocessors.
    """
    texts: dict[int, str] = {}
    for key, value in pairs.items():
        if whole := _KEY.fullmatch(key):
            texts[int(whole[1] or 0) + 1] = value
        elif single := _SINGLE.fullmatch(key):
            number = int(single[1] or 0) + 1
            before = f"{texts[number]}, " if number in texts else ""
            texts[number] = f"{before}{single[2]}: {value}"
    return tuple(_told(number, text, catalogue) for number, text in texts.items())


def names_unit(key: str) -> bool:
    """Whether one of infotext's keys is a unit's."""
    return bool(_KEY.fullmatch(key) or _SINGLE.fullmatch(key))


def _pairs(control: ResolvedControl, catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    model = control.model
    digits = f" [{model.sampled}]" if model.sampled else ""
    looks = model.kind is ModelKind.IP_ADAPTER
    yield "Module", _BY_ITSELF if looks else _module(control.preprocessor, catalogue)
    yield "Model", _BREAKING.sub("_", model_name(model.id)) + digits
    yield "Weight", _number(control.weight)
    yield "Resize Mode", _recorded("fit")[control.fit]
    yield "Low Vram", str(control.low_vram)
    numbers = {
        "Processor Res": control.resolution,
        "Threshold A": control.threshold_a,
        "Threshold B": control.threshold_b,
    }
    for key, value in numbers.items():
        if value is not None:
            yield key, _number(value)
    yield "Guidance Start", _number(control.start)
    yield "Guidance End", _number(control.end)
    yield "Pixel Perfect", str(control.resolution is None)
    yield "Control Mode", _recorded("mode")[control.mode]


def _module(preprocessor: str, catalogue: Catalogue) -> str:
    """A1111's name of a preprocessor."""
    known = find_named(catalogue.preprocessors, preprocessor)
    return known.aliases[0] if known and known.aliases else preprocessor


def _parsed(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of one unit, by today's names in small letters."""
    for key, value in _PAIR.findall(text):
        plain = key.strip().lower().replace("_", " ")
        names = _PAIRS_OF_NUMBERS.get(plain)
        if names:
            yield from zip(names, (each.strip() for each in value[1:-1].split(",")), strict=False)
        else:
            yield _TODAY.get(plain, plain), value.strip()


def _told(number: int, text: str, catalogue: Catalogue) -> ToldUnit:
    pairs = dict(_parsed(text))
    hashed = _HASHED.fullmatch(pairs.get("model", ""))
    name = hashed[1] if hashed else pairs.get("model", "")
    model, digits = "" if name.casefold() == "none" else name, hashed[2] if hashed else ""
    if not model or number > UNITS:
        return ToldUnit(number, text, {}, model, digits)
    module = pairs.get("module", "")
    preprocessor = find_named(catalogue.preprocessors, module)
    fields, unknown = dict(_numbers(pairs, preprocessor)), dict[str, str]()
    for key, to in _CHOICES.items():
        chosen = _option(to, pairs.get(key, ""))
        if chosen:
            fields[to] = chosen
        elif pairs.get(key):
            unknown[key.capitalize()] = pairs[key]
    if preprocessor or module.casefold() == NO_PREPROCESSOR or _LOOKS.search(module):
        fields["preprocessor"] = preprocessor.id if preprocessor else NO_PREPROCESSOR
    elif module:
        unknown["Preprocessor"] = module
    fields["model"] = model
    known = {*_NUMBERS, *_CHOICES, *_SILENT, *_NO_SETTING}
    unknown |= {key.capitalize(): value for key, value in pairs.items() if key not in known}
    own = {f"control{number}.{name}": value for name, value in fields.items()}
    return ToldUnit(number, text, own, model, digits, unknown)


def _numbers(
    pairs: Mapping[str, str], preprocessor: PreprocessorInfo | None
) -> Iterator[tuple[str, Scalar]]:
    """The numbers; of those for preprocessors, what this one reads, since A1111 writes all."""
    told = {each.field: each for each in preprocessor.parameters} if preprocessor else {}
    for key, to in _NUMBERS.items():
        value, parameter = _float(pairs.get(key, "")), told.get(to)
        if value is None:
            continue
        if not to.startswith("threshold") or (
            parameter and parameter.minimum <= value <= parameter.maximum
        ):
            yield to, value
    resolution = _float(pairs.get("processor res", ""))
    if resolution and resolution > 0 and pairs.get("pixel perfect") != "True":
        yield "resolution", round(resolution)
    if pairs.get("low vram") == "True":
        yield "low_vram", "on"


def _option(name: str, text: str) -> str:
    named = {label.casefold(): option for option, label in _recorded(name).items()}
    return {**named, **_IN_CODE}.get(text.casefold(), "")


def _recorded(name: str) -> Mapping[str, str]:
    """How infotext names the options of a unit's field."""
    return next(
        each for each in GENERATION_FIELDS if each.id == f"control1.{name}"
    ).setting.recorded


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _number(value: float) -> str:
    return f"{value:g}"
