"""Units of ControlNet with every choice made: picture, map, model, and what does not fit."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from backend.metadata.catalogue import find_named
from backend.schema.catalogue import Catalogue, CheckpointInfo
from backend.schema.control_settings import NO_PREPROCESSOR, ControlSettings
from backend.schema.control_types import ControlType
from backend.schema.controls import (
    ControlInfo,
    ParameterInfo,
    PreprocessorInfo,
    ResolvedControl,
    ResolvedControlModel,
)
from backend.schema.errors import OutOfRangeError
from backend.schema.generation import GenerationRequest
from backend.schema.models import ModelKind
from backend.schema.source_settings import ResolvedPicture
from backend.services.control_models import (
    HasControls,
    automatic,
    named_control,
    usual_control,
    usual_preprocessor,
)
from backend.services.preprocessors import HasWeights, files_of
from backend.services.sources import Look


class HasAll(HasControls, HasWeights, Protocol):
    """Where control models and preprocessors' files are."""


@dataclass(frozen=True)
class Around:
    """What units are resolved with, the same for all of a request."""

    checkpoint: CheckpointInfo
    installed: HasAll
    catalogue: Catalogue
    look: Look | None
    """Finds pictures; without it, none is looked for."""
    anywhere: bool = False
    """Whether a control model may be named by any path on this machine."""


def resolve_controls(request: GenerationRequest, around: Around) -> tuple[ResolvedControl, ...]:
    """The units that have an effect, in the order of their numbers.

    Raises:
        OutOfRangeError: When a setting makes no sense, or a model does not fit; names the field.
        ModelMissingError: When a control model is not here.
        ModelError: When one cannot be used.
        NotFoundError: When a picture is not there.
    """
    begins = bool(request.source.picture)
    return tuple(
        _Unit(number, asked, around).resolved(begins=begins)
        for number, asked in request.controls.items()
    )


@dataclass(frozen=True)
class _Unit:
    """One unit, as asked for."""

    number: int
    asked: ControlSettings
    around: Around

    def resolved(self, *, begins: bool) -> ResolvedControl:
        """It with every choice made; `begins` says whether there is a picture to begin with."""
        asked = self.asked
        if asked.start >= asked.end:
            raise self._wrong(
                "end",
                f"ControlNet {self.number} would begin to steer at {asked.start:g} and let go at "
                f"{asked.end:g}.",
                "Choose an end that is later than the start.",
            )
        chosen = self._chosen()
        model = self._model(chosen)
        info = self._preprocessor(chosen, model)
        first, second = self._parameters(info)
        return ResolvedControl(
            number=self.number,
            picture=self._picture(begins=begins),
            mask=self._found(asked.mask),
            preprocessor=info.id if info else NO_PREPROCESSOR,
            files=tuple(map(str, files_of(info, self.around.installed))) if info else (),
            resolution=asked.resolution,
            threshold_a=first,
            threshold_b=second,
            model=_resolved(model),
            type=self._type(info, model),
            weight=asked.weight,
            start=asked.start,
            end=asked.end,
            mode=asked.mode,
            fit=asked.fit,
            low_vram=asked.low_vram == "on",
        )

    def _chosen(self) -> PreprocessorInfo | None:
        """The preprocessor that was chosen by hand."""
        name = self.asked.preprocessor
        if not name or name.casefold() == NO_PREPROCESSOR:
            return None
        found = find_named(self.around.catalogue.preprocessors, name)
        if found is None:
            known = ", ".join(each.id for each in self.around.catalogue.preprocessors)
            raise self._wrong(
                "preprocessor",
                f"There is no preprocessor called “{name}”.",
                f"Choose one of: {NO_PREPROCESSOR}, {known}.",
            )
        return found

    def _model(self, chosen: PreprocessorInfo | None) -> ControlInfo:
        checkpoint, installed = self.around.checkpoint, self.around.installed
        field = self._field("model")
        if self.asked.model:
            anywhere = self.around.anywhere
            return named_control(self.asked.model, checkpoint, installed, field, anywhere=anywhere)
        wanted = self.asked.type or (chosen.makes if chosen else None)
        there = installed.controls()
        if wanted is None and not self.asked.preprocessor:
            there = tuple(sorted(there, key=self._lacks))
        return usual_control(checkpoint, wanted, there, field)

    @cached_property
    def _automatic(self) -> tuple[PreprocessorInfo, ...]:
        """What may make a map where nobody chose what does."""
        return automatic(self.around.catalogue.preprocessors, self.around.installed)

    def _lacks(self, model: ControlInfo) -> bool:
        """Whether nothing that is here makes a model's maps by itself."""
        known = usual_preprocessor(model, self._automatic)
        info = find_named(self.around.catalogue.preprocessors, known) if known else None
        if info is None:
            return model.kind is not ModelKind.IP_ADAPTER
        return any(self.around.installed.weights(each) is None for each in info.weights)

    def _preprocessor(
        self, chosen: PreprocessorInfo | None, model: ControlInfo
    ) -> PreprocessorInfo | None:
        """What makes the map: as chosen, else what the model expects; None where it is a map."""
        reads_pictures = model.kind is ModelKind.IP_ADAPTER
        if chosen is not None and reads_pictures:
            raise self._wrong(
                "preprocessor",
                f"“{model.name}” looks at the picture itself, not at a map of it.",
                f"Leave the preprocessor empty, or choose {NO_PREPROCESSOR}.",
            )
        if chosen is not None or self.asked.preprocessor or reads_pictures:
            return chosen
        there = self.around.catalogue.preprocessors
        told = model.model_copy(update={"types": (self.asked.type,)}) if self.asked.type else model
        usual = usual_preprocessor(told, self._automatic)
        if not usual:
            known = " or ".join(each.label for each in told.types)
            what = f"makes maps of the kind “{known}”" if known else "tells what it follows"
            raise self._wrong(
                "preprocessor",
                f"No preprocessor is chosen for “{model.name}”, and nothing here {what}.",
                f"Choose one, or {NO_PREPROCESSOR} where the picture is a map already.",
            )
        return find_named(there, usual)

    def _type(self, info: PreprocessorInfo | None, model: ControlInfo) -> ControlType | None:
        """What the map shows; a union model has to be told."""
        known = self.asked.type or (info.makes if info else None)
        if known is None and "union" in model.variants:
            raise self._wrong(
                "type",
                f"“{model.name}” follows maps of several kinds, and nothing says which this is.",
                "Choose the control type that the map shows.",
            )
        return known or (model.types[0] if len(model.types) == 1 else None)

    def _parameters(self, info: PreprocessorInfo | None) -> tuple[float | None, float | None]:
        """Its numbers, its own where nobody chose; None for what it does not read."""
        told = {each.field: each for each in info.parameters} if info else {}
        first = self._parameter(told.get("threshold_a"), self.asked.threshold_a)
        return first, self._parameter(told.get("threshold_b"), self.asked.threshold_b)

    def _parameter(self, told: ParameterInfo | None, asked: float | None) -> float | None:
        if told is None:
            return None
        if asked is None:
            return told.default
        if not told.minimum <= asked <= told.maximum:
            raise self._wrong(
                told.field,
                f"{told.label} of ControlNet {self.number} cannot be {asked:g}.",
                f"Choose a value from {told.minimum:g} to {told.maximum:g}.",
            )
        return asked

    def _picture(self, *, begins: bool) -> ResolvedPicture | None:
        """What steers; None for the picture to begin with."""
        if self.asked.picture:
            return self._found(self.asked.picture)
        if not begins and self.around.look is not None:
            raise self._wrong(
                "picture",
                f"ControlNet {self.number} has no picture.",
                "Give it one, begin with a picture, or turn the unit off.",
            )
        return None

    def _found(self, reference: str | None) -> ResolvedPicture | None:
        if not reference:
            return None
        look = self.around.look
        if look is None:
            return ResolvedPicture(reference=reference, path="", sha256="")
        return look(reference).picture

    def _field(self, name: str) -> str:
        return f"control{self.number}.{name}"

    def _wrong(self, name: str, sentence: str, hint: str) -> OutOfRangeError:
        return OutOfRangeError(sentence, hint, self._field(name))


def _resolved(model: ControlInfo) -> ResolvedControlModel:
    return ResolvedControlModel(
        id=model.id,
        name=model.name,
        path=model.path,
        kind=model.kind,
        family=model.fits[0] if model.fits else model.family,
        layout=model.layout,
        variants=model.variants,
        types=model.types,
        bytes=model.bytes,
        parameters=model.parameters,
        encoder=model.encoder,
        encoder_bytes=model.encoder_bytes,
    )
