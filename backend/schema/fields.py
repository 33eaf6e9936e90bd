"""What a request's field tells about itself, for widgets, flags, API, metadata and presets."""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Union, get_args, get_origin

from annotated_types import BaseMetadata, Ge, GroupedMetadata, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

Kind = Literal["text", "integer", "number", "choice"]
Scalar = str | int | float | None


@dataclass(frozen=True, kw_only=True)
class Setting(GroupedMetadata):
    """The annotation of one field: `steps: Annotated[int, Setting(label="Steps", ...)]`.

    The range is enforced by pydantic as well, so that it is stated once.
    """

    label: str
    help: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    multiple_of: int | None = None
    """What any value becomes a multiple of when a picture is made: the nearest one."""
    choices: Literal[
        "",
        "samplers",
        "schedules",
        "checkpoints",
        "refiners",
        "vaes",
        "text_encoders",
        "upscalers",
        "preprocessors",
        "controls",
    ] = ""
    """The catalogue list that offers the values; empty for a field with free values."""
    unset: str = ""
    """What a list of samplers or the like calls an empty value, where that may be chosen."""
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    """The values that there are, with their labels, for a field whose list never changes."""
    recorded: Mapping[str, str] = field(default_factory=dict[str, str])
    """How infotext records a value of `options`, where it has another name there."""
    special: bool = False
    """Whether only some families use it; a family's `uses` lists those that it does."""
    picture: bool = False
    """Whether a text refers to a picture, which is chosen by looking at it, not typed."""
    simple: bool = False
    """Whether the field belongs to the few that the Simple view shows."""
    short_name: str = ""
    """The flat name used by CLI flags and API arguments, e.g. `cfg_scale`; unique in a request."""
    infotext: str = ""
    """The key under which A1111's infotext records the field; empty where it has none."""

    def __iter__(self) -> Iterator[BaseMetadata]:
        """Hand pydantic the constraints that the setting states."""
        if self.minimum is not None:
            yield Ge(self.minimum)
        if self.maximum is not None:
            yield Le(self.maximum)


@dataclass(frozen=True)
class FieldSpec:
    """One field of a request, found by its stable dotted id such as `sampling.steps`."""

    id: str
    kind: Kind
    optional: bool
    default: Scalar
    setting: Setting
    number: int = 0
    """Of its group, where a request has several such groups, from 1."""

    @property
    def flag(self) -> str:
        """The CLI flag, e.g. `--cfg-scale`."""
        return "--" + self.setting.short_name.replace("_", "-")


@dataclass(frozen=True)
class Numbered:
    """The annotation of a group of which a request has several, such as units of ControlNet."""

    label: str
    short_name: str
    number: int

    def setting(self, setting: Setting) -> Setting:
        """A field of the group, told apart from the same field of the others."""
        return replace(
            setting,
            label=f"{self.label} {self.number}: {setting.label}",
            short_name=f"{self.short_name}{self.number}_{setting.short_name}",
            help=setting.help if self.number == 1 else "As for the first.",
        )


def field_specs(model: type[BaseModel], prefix: str = "") -> tuple[FieldSpec, ...]:
    """Every `Setting` field of a nested model, in the order of its definition."""
    found: list[FieldSpec] = []
    for name, info in model.model_fields.items():
        inner = info.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            own = field_specs(inner, f"{prefix}{name}.")
            numbered = next((item for item in info.metadata if isinstance(item, Numbered)), None)
            found.extend(_told_apart(own, numbered) if numbered else own)
        settings = (item for item in info.metadata if isinstance(item, Setting))
        found.extend(_spec(prefix + name, info, setting) for setting in settings)
    return tuple(found)


def _told_apart(specs: tuple[FieldSpec, ...], numbered: Numbered) -> Iterator[FieldSpec]:
    return (
        replace(spec, setting=numbered.setting(spec.setting), number=numbered.number)
        for spec in specs
    )


def _spec(field_id: str, info: FieldInfo, setting: Setting) -> FieldSpec:
    annotation: object = info.annotation
    optional = get_origin(annotation) in (Union, types.UnionType)
    inner = next(a for a in get_args(annotation) if a is not type(None)) if optional else annotation
    if setting.choices or setting.options:
        kind: Kind = "choice"
    else:
        kind = {str: "text", int: "integer", float: "number"}[inner]  # pyright: ignore[reportAssignmentType, reportArgumentType]
    return FieldSpec(field_id, kind, optional, info.default, setting)


def nested(flat: Mapping[str, Scalar]) -> dict[str, dict[str, Scalar]]:
    """Turn `{"sampling.steps": 20}` into `{"sampling": {"steps": 20}}`."""
    groups: dict[str, dict[str, Scalar]] = {}
    for field_id, value in flat.items():
        group, _, name = field_id.partition(".")
        groups.setdefault(group, {})[name] = value
    return groups
