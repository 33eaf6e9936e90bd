"""What to change about settings that disappoint, or would."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePath

from backend.advice.case import Around, Case, UsedLora
from backend.advice.ladders import ladders_of
from backend.advice.usual import FEW_STEPS
from backend.advice.warnings import warnings_of
from backend.library.library import Library
from backend.prompts.tags import take_tags
from backend.schema.advice import Advice, Ladder
from backend.schema.catalogue import Catalogue, CheckpointInfo, ComponentInfo
from backend.schema.errors import ModelError, NotFoundError, RequestError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, Role
from backend.schema.library import LibraryEntry
from backend.schema.memory import MemoryState
from backend.schema.models import Family, ModelFile, ModelKind
from backend.services.loras import LorasByName
from backend.services.resolve import resolve


class Advising:
    """Knows which settings are wrong for a model, and what helps a picture that disappoints."""

    def __init__(
        self, library: Library, catalogue: Catalogue, state: Callable[[], MemoryState]
    ) -> None:
        """Look at the library as it is when asked.

        Args:
            library: The models that there are.
            catalogue: The samplers, schedules and families that there are.
            state: Tells what computes.
        """
        self._library = library
        self._catalogue = catalogue
        self._state = state

    def warnings(self, actor: Actor, request: GenerationRequest) -> tuple[Advice, ...]:
        """What is known to be wrong about a request's settings, the worst first.

        Nothing of one that cannot be drawn at all: asking for the picture says why.
        """
        try:
            return warnings_of(self._case(actor, request))
        except (ModelError, RequestError):
            return ()

    def ladders(self, actor: Actor, request: GenerationRequest) -> tuple[Ladder, ...]:
        """What may help where a picture of this request disappoints, for each way in which it may.

        Raises:
            ModelError: When its checkpoint is not there any more.
            OutOfRangeError: When its settings make no sense with the checkpoint that there is.
        """
        case = self._case(actor, request)
        return ladders_of(replace(case, around=self._around(case)))

    def _around(self, case: Case) -> Around:
        """All that there is beside the settings."""
        state, family = self._state(), case.family.id
        return replace(
            case.around,
            vae=_vae_for(self._library.components(), family),
            quick_checkpoint=_quick_of(self._library.checkpoints(), case.checkpoint),
            quick_lora=_lcm_lora_for(self._library.entries(), case.checkpoint),
            device=state.device,
            on_processor=state.kind == "cpu",
        )

    def _case(self, actor: Actor, request: GenerationRequest) -> Case:
        anywhere = actor.role is Role.OWNER  # a guest learns nothing of files outside the library
        wanted = resolve(request, self._library, self._catalogue, lambda: 0, anywhere=anywhere)
        family = next(each for each in self._catalogue.families if each.id == wanted.model.family)
        loras = _used_loras(request.prompt.positive, self._library.entries(), family.id)
        return Case(
            wanted=wanted,
            checkpoint=self._library.find(request.model.checkpoint, anywhere=anywhere),
            family=family,
            catalogue=self._catalogue,
            around=Around(loras=tuple(loras)),
            asked=request.size,
        )


def _used_loras(prompt: str, entries: Iterable[LibraryEntry], family: str) -> Iterator[UsedLora]:
    """The LoRAs that a prompt names and that are there."""
    tags = take_tags(prompt)[1]
    there = LorasByName(entries if tags else ())
    for tag in tags:
        with suppress(NotFoundError):
            entry = there.find(tag.name, family)
            yield UsedLora(tag, trigger_words=entry.trigger_words, strength=entry.told_strength)


def _is_lora(model: ModelFile | None) -> bool:
    return model is not None and model.kind is ModelKind.LORA


def _vae_for(components: Iterable[ComponentInfo], family: str) -> ComponentInfo | None:
    """A VAE that was made for this very family, rather than one that merely fits."""
    vaes = [each for each in components if each.role == "vae" and family in each.fits]
    meant = (each for each in vaes if family in each.meant_for)
    return next(meant, vaes[0] if vaes else None)


def _quick_of(
    checkpoints: Iterable[CheckpointInfo], other_than: CheckpointInfo
) -> CheckpointInfo | None:
    """A checkpoint of the same family that draws in few steps."""
    able = (each for each in checkpoints if not each.problem and not each.refiner)
    alike = (each for each in able if each.family == other_than.family)
    return next((each for each in alike if each.defaults.steps <= FEW_STEPS), None)


def _lcm_lora_for(entries: Iterable[LibraryEntry], checkpoint: CheckpointInfo) -> str:
    """The name of a LoRA that makes a checkpoint an LCM one; empty without one."""
    loras = (entry for entry in entries if _is_lora(entry.model) and _fits(entry.model, checkpoint))
    names = (PurePath(entry.path).stem for entry in loras)
    return next((name for name in names if "lcm" in name.lower()), "")


def _fits(model: ModelFile | None, checkpoint: CheckpointInfo) -> bool:
    """Whether a LoRA is for networks as wide as the checkpoint's, or at least for its family.

    One for a network that is published nowhere, such as the starter's, has no family.
    """
    if model is None:
        return False
    if model.text_width and checkpoint.text_width and model.text_width != checkpoint.text_width:
        return False
    families = {each.value for each in (model.family, *model.fits)}
    nameless = model.family is Family.UNKNOWN and not model.fits
    return checkpoint.family in families or (nameless and model.text_width > 0)
