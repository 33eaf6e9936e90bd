"""What a person asks for (`GenerationRequest`); what is made of it is in `schema.resolved`."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, Self

from pydantic import ValidationError

from backend.schema.base import Frozen
from backend.schema.control_settings import ControlSettings
from backend.schema.errors import OutOfRangeError
from backend.schema.fields import FieldSpec, Numbered, Scalar, field_specs, nested
from backend.schema.hires_settings import HiresSettings
from backend.schema.memory_settings import MemorySettings
from backend.schema.model_settings import ModelSettings, RefinerSettings
from backend.schema.output_settings import OutputSettings
from backend.schema.picture_settings import BatchSettings, PromptSettings, SizeSettings
from backend.schema.sampling_settings import SamplingSettings, SeedSettings
from backend.schema.source_settings import MaskSettings, OutpaintSettings, SourceSettings


def _unit(number: int) -> Numbered:
    return Numbered("ControlNet", "control", number)


class GenerationRequest(Frozen):
    """Everything a person can ask of a picture; an empty (`None`) field means "choose for me".

    Its field ids (`sampling.steps`) are stable: presets, metadata and grids refer to them.
    """

    version: Literal[1] = 1
    prompt: PromptSettings = PromptSettings()
    model: ModelSettings = ModelSettings()
    size: SizeSettings = SizeSettings()
    source: SourceSettings = SourceSettings()
    mask: MaskSettings = MaskSettings()
    outpaint: OutpaintSettings = OutpaintSettings()
    sampling: SamplingSettings = SamplingSettings()
    control1: Annotated[ControlSettings, _unit(1)] = ControlSettings()
    control2: Annotated[ControlSettings, _unit(2)] = ControlSettings()
    control3: Annotated[ControlSettings, _unit(3)] = ControlSettings()
    control4: Annotated[ControlSettings, _unit(4)] = ControlSettings()
    control5: Annotated[ControlSettings, _unit(5)] = ControlSettings()
    refiner: RefinerSettings = RefinerSettings()
    hires: HiresSettings = HiresSettings()
    seed: SeedSettings = SeedSettings()
    batch: BatchSettings = BatchSettings()
    memory: MemorySettings = MemorySettings()
    output: OutputSettings = OutputSettings()

    @property
    def controls(self) -> dict[int, ControlSettings]:
        """The units of ControlNet that are to have an effect, by their numbers."""
        units = (self.control1, self.control2, self.control3, self.control4, self.control5)
        return {number: unit for number, unit in enumerate(units, 1) if unit.active}

    @classmethod
    def from_fields(cls, values: Mapping[str, Scalar]) -> Self:
        """Build a request from dotted ids; absent and empty fields keep their defaults.

        Raises:
            OutOfRangeError: When a value is outside its range; names the field in words.
        """
        given = {field_id: value for field_id, value in values.items() if value is not None}
        try:
            return cls.model_validate(nested(given))
        except ValidationError as error:
            raise out_of_range(error, GENERATION_FIELDS) from error

    @classmethod
    def from_short_names(cls, values: Mapping[str, Scalar]) -> Self:
        """Build a request from flat names (`cfg_scale`), as CLI flags and API arguments use them.

        Raises:
            OutOfRangeError: When a name is unknown or a value is outside its range.
        """
        ids = {spec.setting.short_name: spec.id for spec in GENERATION_FIELDS}
        for name in values:
            if name not in ids:
                known = ", ".join(sorted(ids))
                raise OutOfRangeError(
                    f"There is no setting called “{name}”.", f"Known settings: {known}.", name
                )
        return cls.from_fields({ids[name]: value for name, value in values.items()})

    def to_fields(self) -> dict[str, Scalar]:
        """Every field by its dotted id."""
        groups = self.model_dump()
        parts = [(spec.id, spec.id.partition(".")) for spec in GENERATION_FIELDS]
        return {field_id: groups[group][name] for field_id, (group, _, name) in parts}


GENERATION_FIELDS: tuple[FieldSpec, ...] = field_specs(GenerationRequest)


def out_of_range(error: ValidationError, fields: Iterable[FieldSpec]) -> OutOfRangeError:
    """What is wrong with a request's value, in words.

    Args:
        error: What the request's model said.
        fields: The request's fields.
    """
    first = error.errors()[0]
    field_id = ".".join(str(part) for part in first["loc"][:2])
    spec = next((spec for spec in fields if spec.id == field_id), None)
    if spec is None:
        return OutOfRangeError(f"There is no setting called “{field_id}”.", "", field_id)
    setting = spec.setting
    hint = first["msg"].replace("Input should be", "It should be") + "."
    if setting.minimum is not None and setting.maximum is not None:
        hint = f"Choose a value from {_plain(setting.minimum)} to {_plain(setting.maximum)}."
    sentence = f"{setting.label} cannot be {first['input']!r}."
    return OutOfRangeError(sentence, hint, field_id)


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)
