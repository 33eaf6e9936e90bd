"""The settings of a training in groups, as its tab shows them."""

from collections.abc import Sequence

from backend.schema.base import Frozen
from backend.schema.fields import FieldSpec, Kind, Scalar
from backend.schema.training import TRAINING_FIELDS
from backend.schema.training_learning import USUAL_RATES

SIMPLE = ("name", "dataset.trigger", "learning.steps", "samples.every", "samples.prompts")
"""What the Simple view shows below the goals; the rest follows from them."""
ELSEWHERE = ("goal", "checkpoint")
"""What has a control of its own."""
_LINES = "samples.prompts"

_GROUPS = (
    (
        "What comes of it",
        "",
        ("name", "dataset.trigger", "learning.steps", *("samples.every", _LINES)),
    ),
    (
        "Pictures",
        "Where they lie, and how each is looked at.",
        (
            *("dataset.folder", "dataset.place", "dataset.concepts", "dataset.resolution"),
            "dataset.crop",
            *("dataset.flip", "dataset.colour_jitter", "dataset.variations"),
            *("dataset.caption_dropout", "dataset.keep_tokens", "dataset.validation"),
            *("dataset.regular_folder", "loss.prior_weight"),
        ),
    ),
    (
        "What learns",
        "How much of the checkpoint changes.",
        (
            *("network.method", "network.rank", "network.alpha", "network.layers"),
            *("network.dropout", "network.rank_dropout", "network.layer_dropout"),
        ),
    ),
    (
        "How it learns",
        "How large its steps are, and how many pictures make one.",
        (
            *("learning.optimiser", "learning.rate", "learning.schedule", "learning.cycles"),
            *("learning.warm_up", "learning.batch", "learning.accumulation"),
            *("learning.weight_decay", "learning.clip", "learning.average"),
            *("learning.text_rate", "learning.second_text_rate"),
        ),
    ),
    (
        "What counts as an error",
        "Which noise levels are learned, and how much each counts.",
        (
            *("loss.weighting", "loss.gamma", "loss.noise_offset"),
            *("loss.timesteps", "loss.shift", "loss.preservation"),
        ),
    ),
    (
        "On the way",
        "What is saved, and how samples are drawn.",
        ("save_every", "seed", "samples.steps", "samples.seed"),
    ),
    (
        "Memory",
        "Left open, Easel takes the fastest way that fits.",
        ("memory.checkpointing", "memory.precision", "memory.placement"),
    ),
    (
        "The file",
        "What others get, and what it tells them.",
        ("file.precision", "file.strength", "file.tell_tags", "file.export"),
    ),
)
"""Heading, a line below it, fields."""


class Shown(Frozen):
    """A field as it is drawn."""

    id: str
    kind: Kind
    label: str
    help: str
    default: Scalar
    optional: bool
    simple: bool
    lines: bool
    """Whether several lines can be written."""
    minimum: float | None
    maximum: float | None
    step: float | None
    options: dict[str, str]
    """Labels by value."""


class Group(Frozen):
    """Fields below one heading."""

    heading: str
    note: str
    simple: bool
    """Whether the Simple view shows any of them."""
    fields: tuple[Shown, ...]


def groups() -> tuple[Group, ...]:
    """All settings that have no control of their own."""
    specs = {spec.id: spec for spec in TRAINING_FIELDS}
    return tuple(
        Group(
            heading=heading,
            note=note,
            simple=any(each in SIMPLE for each in ids),
            fields=tuple(_shown(specs[each]) for each in ids),
        )
        for heading, note, ids in _GROUPS
    )


def goals() -> dict[str, str]:
    """What can be learned, by its id."""
    goal = next(spec for spec in TRAINING_FIELDS if spec.id == "goal")
    return dict(goal.setting.options)


def rates() -> Sequence[tuple[str, float]]:
    """Optimisers with the learning rate that each wants."""
    return tuple(USUAL_RATES.items())


def _shown(spec: FieldSpec) -> Shown:
    setting = spec.setting
    return Shown(
        id=spec.id,
        kind=spec.kind,
        label=setting.label,
        help=setting.help,
        default=spec.default,
        optional=spec.optional,
        simple=spec.id in SIMPLE,
        lines=spec.id == _LINES,
        minimum=setting.minimum,
        maximum=setting.maximum,
        step=setting.step,
        options=dict(setting.options),
    )
