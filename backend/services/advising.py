"""What to change about settings that disappoint, or would."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePath

from backend.advice.case import Around, Case, UsedLora
from backend.advice.warnings import warnings_of
from backend.library.library import Library
from backend.prompts.tags import take_tags
from backend.schema.advice import Advice
from backend.schema.catalogue import Catalogue
from backend.schema.errors import ModelError, RequestError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import Actor, DeviceView, Role
from backend.schema.library import LibraryEntry
from backend.schema.models import ModelFile, ModelKind
from backend.services.resolve import resolve

DeviceNow = Callable[[], DeviceView | None]


class Advising:
    """Knows which settings are wrong for a model, and what helps a picture that disappoints."""

    def __init__(self, library: Library, catalogue: Catalogue, device: DeviceNow) -> None:
        """Look at the library and the device as they are when asked."""
        self._library = library
        self._catalogue = catalogue
        self._device = device

    def warnings(self, actor: Actor, request: GenerationRequest) -> tuple[Advice, ...]:
        """What is known to be wrong about a request's settings, the worst first.

        Nothing of one that cannot be drawn at all: asking for the picture says why.
        """
        try:
            return warnings_of(self._case(actor, request))
        except (ModelError, RequestError):
            return ()

    def _case(self, actor: Actor, request: GenerationRequest) -> Case:
        anywhere = actor.role is Role.OWNER  # a guest learns nothing of files outside the library
        wanted = resolve(request, self._library, self._catalogue, lambda: 0, anywhere=anywhere)
        family = next(each for each in self._catalogue.families if each.id == wanted.model.family)
        loras = _used_loras(request.prompt.positive, self._library.entries())
        return Case(
            wanted=wanted,
            checkpoint=self._library.find(request.model.checkpoint, anywhere=anywhere),
            family=family,
            catalogue=self._catalogue,
            around=Around(loras=tuple(loras), device=self._device()),
        )


def _used_loras(prompt: str, entries: Iterable[LibraryEntry]) -> Iterator[UsedLora]:
    """The LoRAs that a prompt names and that are there."""
    tags = take_tags(prompt)[1]
    if not tags:
        return
    there = {PurePath(entry.path).stem: entry for entry in entries if _is_lora(entry.model)}
    for tag in tags:
        entry = there.get(tag.name)
        if entry is not None and entry.model is not None:
            card = entry.card
            words = (*entry.model.trigger_words, *(card.trigger_words if card else ()))
            yield UsedLora(
                name=tag.name,
                typed=tag.typed,
                weight=tag.unet,
                trigger_words=tuple(dict.fromkeys(words)),
                strength=card.strength if card else None,
            )


def _is_lora(model: ModelFile | None) -> bool:
    return model is not None and model.kind is ModelKind.LORA
