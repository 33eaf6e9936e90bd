"""From an axis as a person asks for it to its values: what each is called, and what it changes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePath
from typing import Protocol

from backend.prompts.replacing import with_lora
from backend.prompts.tags import take_tags
from backend.schema.catalogue import Catalogue, CheckpointInfo, SamplerInfo, ScheduleInfo
from backend.schema.control_settings import NO_PREPROCESSOR
from backend.schema.controls import PreprocessorInfo
from backend.schema.errors import OutOfRangeError, RequestError
from backend.schema.fields import FieldSpec, Scalar
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest
from backend.schema.picture_settings import PromptSettings
from backend.schema.sampling_settings import RANDOM_SEED
from backend.schema.series import AUTOMATIC, LINES, LORA, SEARCH, Axis
from backend.series.lines import fields_of
from backend.series.values import in_lines, listed, numbers

ALL = "all"
_SEEDS = ("seed.value", "seed.variation")
_SEARCHES = {SEARCH, "prompt s/r", "search and replace", "prompt: search and replace"}
_LONGEST_LABEL = 80
_NAMED = {"samplers", "schedules", "preprocessors"}

Change = Callable[[GenerationRequest], GenerationRequest]


@dataclass(frozen=True)
class Value:
    """One value of an axis."""

    label: str
    change: Change
    """The request with this value."""


@dataclass(frozen=True)
class Varied:
    """An axis with its values."""

    title: str
    values: tuple[Value, ...]


class Offers(Protocol):
    """What values may be: what there is, and chance."""

    @property
    def catalogue(self) -> Catalogue:
        """Samplers, schedules and families."""
        ...

    def checkpoint(self, name: str) -> CheckpointInfo:
        """The checkpoint that a name means."""
        ...

    def checkpoints(self) -> Sequence[CheckpointInfo]:
        """All that draw."""
        ...

    def pictures(self, name: str) -> Sequence[str]:
        """The pictures that a name means: one, or those in a folder."""
        ...

    def draw_seed(self) -> int:
        """A seed that nobody chose."""
        ...


def changes_words(axis: Axis) -> bool:
    """Whether it changes the words of prompts, after other axes have chosen the prompts."""
    name = axis.field.strip().casefold()
    return name in _SEARCHES or _names_lora(name)


def varied(axis: Axis, prompts: Sequence[PromptSettings], offers: Offers) -> Varied:
    """An axis with its values.

    Args:
        axis: As it was asked for.
        prompts: Those that it may change the words of.
        offers: What there is.

    Raises:
        RequestError: When there is no such axis, or it has no value.
        OutOfRangeError: When a value makes no sense; the request itself says more.
        ModelError: When a checkpoint is not there.
    """
    name = axis.field.strip()
    if name.casefold() in _SEARCHES:
        found = _searched(_typed(axis), prompts)
    elif name.casefold() == LINES:
        found = _lines(axis)
    elif _names_lora(name.casefold()):
        found = _weighed(name, _typed(axis), prompts)
    else:
        found = _chosen(_field(name), _typed(axis), offers)
    if not found.values:
        raise RequestError(f"{found.title} has no values.", "Write some, with commas between them.")
    return found


def _typed(axis: Axis) -> tuple[str, ...]:
    """Its values as texts; a list that is no text is taken as it is."""
    if isinstance(axis.values, str):
        return listed(axis.values)
    return tuple(str(value) for value in axis.values)


def _names_lora(name: str) -> bool:
    return f"{name}:".startswith(LORA)


def _searched(words: Sequence[str], prompts: Sequence[PromptSettings]) -> Varied:
    search = words[0] if words else ""
    if not any(search in text for each in prompts for text in (each.positive, each.negative)):
        raise OutOfRangeError(
            f"“{search}” is not in the prompt.",
            "The first value is searched in the prompt, and the others are put in its place.",
            "prompt.positive",
        )

    def putting(word: str) -> Change:
        def change(request: GenerationRequest) -> GenerationRequest:
            was = request.prompt
            now = PromptSettings(
                positive=was.positive.replace(search, word),
                negative=was.negative.replace(search, word),
            )
            return request.model_copy(update={"prompt": now})

        return change

    return Varied("Prompt", tuple(Value(_short(word), putting(word)) for word in words))


def _weighed(name: str, words: Sequence[str], prompts: Sequence[PromptSettings]) -> Varied:
    named = name[len(LORA) :].strip()
    lora = named or _only_lora(prompts)

    def weighing(weight: float) -> Change:
        def change(request: GenerationRequest) -> GenerationRequest:
            worn = named or _only_lora([request.prompt])  # another axis may have put another there
            words = with_lora(request.prompt.positive, worn, weight)
            prompt = request.prompt.model_copy(update={"positive": words})
            return request.model_copy(update={"prompt": prompt})

        return change

    weights = [weight for word in words for weight in numbers(lora, LORA, word, whole=False)]
    title = named or "LoRA weight"
    return Varied(title, tuple(Value(f"{weight:g}", weighing(weight)) for weight in weights))


def _only_lora(prompts: Sequence[PromptSettings]) -> str:
    worn = {tag.name for each in prompts for tag in take_tags(each.positive)[1]}
    if len(worn) != 1:
        raise RequestError("The axis does not say which LoRA.", "Name it, as in lora:watercolour.")
    return worn.pop()


def _lines(axis: Axis) -> Varied:
    lines = in_lines(axis.values) if isinstance(axis.values, str) else _typed(axis)
    values: list[Value] = []
    for number, line in enumerate(lines, 1):
        told = fields_of(line, number)
        label = str(told.get("prompt.positive", line))
        values.append(Value(_short(label), _setting(told.items())))
    return Varied("Prompt", tuple(values))


def _chosen(spec: FieldSpec, words: Sequence[str], offers: Offers) -> Varied:
    values = [
        Value(label, _setting([(spec.id, value)]))
        for word in words
        for label, value in _meant(spec, word, offers)
    ]
    return Varied(spec.setting.label, tuple(values))


def _setting(told: Iterable[tuple[str, Scalar]]) -> Change:
    changed = dict(told)

    def change(request: GenerationRequest) -> GenerationRequest:
        return GenerationRequest.from_fields(request.to_fields() | changed)

    return change


def _meant(spec: FieldSpec, word: str, offers: Offers) -> list[tuple[str, Scalar]]:
    """The values that a word means, with what they are called."""
    if spec.optional and word.casefold() == AUTOMATIC:
        return [(AUTOMATIC, None)]
    if spec.kind in ("integer", "number"):
        label, whole = spec.setting.label, spec.kind == "integer"
        found = numbers(label, spec.id, word, whole=whole)
        return [_number(spec, value, offers) for value in found]
    if spec.kind == "choice":
        return _choices(spec, word, offers)
    if spec.setting.picture:
        return [(PurePath(each).name, each) for each in offers.pictures(word)]
    return [(_short(word), word)]


def _number(spec: FieldSpec, value: float, offers: Offers) -> tuple[str, Scalar]:
    if spec.id in _SEEDS and value == RANDOM_SEED:
        value = offers.draw_seed()
    return f"{value:.12g}", value


def _choices(spec: FieldSpec, word: str, offers: Offers) -> list[tuple[str, Scalar]]:
    setting, everything = spec.setting, word.casefold() == ALL
    if setting.choices == "checkpoints":
        found = offers.checkpoints() if everything else [offers.checkpoint(word)]
        return [(each.name, each.id if everything else word) for each in found]
    known, names = _names(spec, offers.catalogue)
    if everything and known:
        return [(label, value) for value, label in known.items()]
    value = names.get(word.casefold())
    if value is not None:
        return [(known[value], value)]
    if known:
        hint = f"Choose from: {', '.join(known.values())}."
        raise OutOfRangeError(f"{setting.label} cannot be “{word}”.", hint, spec.id)
    return [(PurePath(word).stem, word)]


def _names(spec: FieldSpec, catalogue: Catalogue) -> tuple[dict[str, str], dict[str, str]]:
    """The labels of a field's values, and the values by all their names in small letters."""
    setting = spec.setting
    known, aliases = dict(setting.options), {name: to for to, name in setting.recorded.items()}
    if setting.choices in _NAMED:
        entries: Sequence[SamplerInfo | ScheduleInfo | PreprocessorInfo] = {
            "samplers": catalogue.samplers,
            "schedules": catalogue.schedules,
            "preprocessors": catalogue.preprocessors,
        }[setting.choices]
        known = {each.id: each.label for each in entries}
        if setting.choices == "preprocessors":
            known[NO_PREPROCESSOR] = "None"
        aliases = {name: each.id for each in entries for name in each.aliases}
    labels = {label: value for value, label in known.items()}
    named = aliases | labels | {value: value for value in known}
    return known, {name.casefold(): value for name, value in named.items()}


def _field(name: str) -> FieldSpec:
    """The field that a name means: its id, flat name, flag or label, or infotext's name for it."""
    wanted = name.casefold().removeprefix("--").replace("-", "_")
    names: dict[str, FieldSpec] = {}
    for spec in reversed(GENERATION_FIELDS):
        setting = spec.setting
        for known in (setting.infotext, setting.label, setting.short_name, spec.id):
            if known:
                names[known.casefold().replace("-", "_")] = spec
    found = names.get(wanted)
    if found is None:
        similar = get_close_matches(wanted, names, n=1)
        meant = f"Did you mean “{similar[0]}”?" if similar else "app.py generate --help lists all."
        raise RequestError(f"There is no setting called “{name}”.", meant)
    if found.id.startswith("batch."):
        raise RequestError(
            "A grid has one picture for each combination.", "Vary the seed instead: seed=1-4."
        )
    return found


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST_LABEL else f"{plain[: _LONGEST_LABEL - 1]}…"
