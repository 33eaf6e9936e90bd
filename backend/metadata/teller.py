"""Gathering what a file tells, whatever it is called there, into what Easel calls it."""

import math
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from backend.metadata.catalogue import find_named
from backend.schema.catalogue import Catalogue
from backend.schema.errors import OutOfRangeError
from backend.schema.fields import FieldSpec, Scalar
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest
from backend.schema.readings import ModelUse, NamedModel, Reading

_SPECS: Mapping[str, FieldSpec] = {spec.id: spec for spec in GENERATION_FIELDS}
_ENDINGS = re.compile(r"\.(safetensors|sft|ckpt|pt|pth|bin|gguf)$", re.IGNORECASE)
_EMBEDDING = re.compile(r"embedding:([\w.\-/\\]+)")
_ENCODERS: Mapping[str, re.Pattern[str]] = {
    "model.t5xxl": re.compile(r"t5", re.IGNORECASE),
    "model.clip_g": re.compile(r"clip_?g|bigg", re.IGNORECASE),
    "model.clip_l": re.compile(r"clip_?l|vit-?l", re.IGNORECASE),
}
"""How the names of text encoders' files tell which they are."""
_MOST_LINES = 200
_LONGEST_LINE = 1000


class Teller:
    """Takes values one after the other; what Easel cannot hold becomes a line for a person."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._fields: dict[str, Scalar] = {}
        self._models: dict[tuple[str, str], NamedModel] = {}
        self._unused: list[str] = []
        self._tags: list[str] = []

    def put(self, field_id: str, value: object, label: str = "") -> None:
        """Set a field; `None` and empty texts mean that the file does not tell.

        Args:
            field_id: Its dotted id.
            value: As the file has it, a text or a number.
            label: What the file calls it, for where Easel cannot hold the value.
        """
        if value is None or value == "":
            return
        spec = _SPECS.get(field_id)
        label = label or (spec.setting.label if spec else field_id)
        given = _recorded(spec, value) if spec else None
        if given is None:
            self.unused(label, value)
            return
        try:
            request = GenerationRequest.from_fields({field_id: given})
        except (OutOfRangeError, OverflowError) as error:
            hint = error.hint if isinstance(error, OutOfRangeError) else ""
            self.say(f"{label}: {value} is beyond what Easel can set. {hint}".strip())
            return
        self._fields[field_id] = request.to_fields()[field_id]

    def leave_to_checkpoint(self, field_id: str) -> None:
        """Say that a part is the checkpoint's own."""
        self._fields[field_id] = None

    def words(self, positive: str, negative: str = "") -> None:
        """Set both prompts; an empty negative one is told too."""
        self._fields["prompt.positive"], self._fields["prompt.negative"] = positive, negative

    def sampler(self, name: str, schedule: str = "") -> None:
        """Set the sampler and the schedule by any of their names, also joined by a space."""
        found = find_named(self._catalogue.samplers, name)
        start, _, end = name.rpartition(" ")
        if found is None and find_named(self._catalogue.schedules, end):
            found = find_named(self._catalogue.samplers, start)
            schedule = schedule or end
        if found is None and name:
            self.say(f"Sampler: {name}, which Easel does not have.")
        elif found is not None:
            self._fields["sampling.sampler"] = found.id
        self.schedule(schedule)

    def schedule(self, name: str) -> None:
        """Set the schedule by any of its names."""
        found = find_named(self._catalogue.schedules, name)
        if found is not None:
            self._fields["sampling.schedule"] = found.id
        elif name and name.casefold() != "automatic":
            self.say(f"Schedule: {name}, which Easel does not have.")

    def model(self, use: ModelUse, name: str, digits: str = "", weight: str = "") -> str:
        """Note a model, and give its name without folders and endings; empty for none."""
        plain = model_name(name)
        if plain:
            known = self._models.get((use, plain.casefold()))
            digits, weight = (
                digits or (known.hash if known else ""),
                weight or (known.weight if known else ""),
            )
            noted = NamedModel(use=use, name=plain, hash=digits.strip().lower(), weight=weight)
            self._models[use, plain.casefold()] = noted
        return plain

    def part(self, field_id: str, use: ModelUse, name: str, digits: str = "") -> None:
        """Note a model that a field of the request names."""
        self.put(field_id, self.model(use, name, digits))

    def unit(self, number: int, told: Mapping[str, object], model: str, digits: str = "") -> None:
        """Note a unit of ControlNet; which picture steered it, files of other programs never tell.

        Args:
            number: From 1.
            told: What is told of the request's fields, by their ids; nothing where Easel has no
                such unit.
            model: The control model's name.
            digits: Its hash.
        """
        weight = told.get(f"control{number}.weight")
        words = plain_number(weight) if isinstance(weight, int | float) else ""
        plain = self.model("ControlNet", model, digits, words)
        for field_id, value in told.items():
            self.put(field_id, plain if field_id.endswith(".model") else value)
        if told:
            self.say(
                f"ControlNet {number} was steered by a picture that is not in the file: give it "
                "one, or turn it off."
            )

    def component(self, name: str, *, encoder: bool = False) -> None:
        """Note a text encoder, or else the VAE, by what its name says."""
        found = (field_id for field_id, known in _ENCODERS.items() if known.search(name))
        field_id = next(found, "" if encoder else "model.vae")
        plain = self.model("vae" if field_id == "model.vae" else "text encoder", name)
        if field_id and self.told(field_id) is None:
            self.put(field_id, plain)

    def lora(self, name: str, unet: float, text: float | None = None, digits: str = "") -> None:
        """Note a LoRA, with a tag at the end of the prompt; without `text`, both weigh the same."""
        text = unet if text is None else text
        words = plain_number(unet)
        if text != unet:
            words = f"te={plain_number(text)}:unet={words}"
        plain = self.model("LoRA", name, digits, words.replace(":", ", "))
        if plain and not re.search(r"[<>:]", plain):
            self._tags.append(f"<lora:{plain}:{words}>")
        elif plain:
            self.say(f"LoRA: {plain}, whose name cannot stand in a prompt.")

    def unused(self, label: str, value: object) -> None:
        """Note a setting that Easel has not; an empty one is no setting."""
        if value not in (None, "", [], {}):
            self.say(f"{label}: {value}")

    def say(self, line: str) -> None:
        """Note something for a person."""
        line = " ".join(line.encode(errors="replace").decode().split())
        if line and line not in self._unused and len(self._unused) < _MOST_LINES:
            self._unused.append(line[:_LONGEST_LINE])

    def told(self, field_id: str) -> Scalar:
        """What a field holds so far; None where nothing was told."""
        return self._fields.get(field_id)

    def reading(self, program: str, text: str) -> Reading:
        """All of it."""
        prompts = [
            str(self._fields.get(f"prompt.{each}") or "") for each in ("positive", "negative")
        ]
        for name in _EMBEDDING.findall("\n".join(prompts)):
            self.model("embedding", name)
        if self._tags:
            self._fields["prompt.positive"] = " ".join([prompts[0], *self._tags]).strip()
        return Reading(
            program=program,
            fields=self._fields,
            text=text,
            models=tuple(self._models.values()),
            unused=tuple(self._unused),
        )


def model_name(name: str) -> str:
    """A model's name without folders (of either kind) and without its file's ending."""
    return _ENDINGS.sub("", PurePosixPath(name.replace("\\", "/").strip()).name)


def plain_number(value: float) -> str:
    """A number as a person writes it."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _recorded(spec: FieldSpec, value: object) -> Scalar:
    """A file's value as the field holds it; None where it cannot."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, float) and spec.kind == "integer" and value.is_integer():
        return int(value)
    if isinstance(value, str) and spec.setting.options:
        recorded: Mapping[str, str] = getattr(spec.setting, "recorded", {})
        return next((k for k, name in recorded.items() if name == value), value)
    return value
