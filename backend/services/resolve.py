"""From what was asked to what is made: every "choose for me" becomes a fact."""

import secrets
from collections.abc import Callable, Collection, Iterable

from backend.metadata.catalogue import Named, find_named
from backend.schema.catalogue import Catalogue, CheckpointInfo, FamilyDefaults
from backend.schema.errors import OutOfRangeError
from backend.schema.generation import GenerationRequest
from backend.schema.memory_settings import ResolvedMemory
from backend.schema.picture_settings import PromptSettings
from backend.schema.resolved import (
    ResolvedRequest,
    ResolvedSampling,
    ResolvedSize,
    ResolvedVariation,
)
from backend.schema.sampling_settings import MAXIMUM_SEED, RANDOM_SEED, SeedSettings
from backend.services.components import Installed, resolve_model, resolve_refiner

LONGEST_PROMPT = 10_000
"""Characters; far beyond what any model reads, and short enough to be handed over at once."""

DrawSeed = Callable[[], int]


def draw_seed() -> int:
    """A seed that nobody chose."""
    return secrets.randbelow(MAXIMUM_SEED + 1)


def resolve(
    request: GenerationRequest,
    installed: Installed,
    catalogue: Catalogue,
    draw: DrawSeed = draw_seed,
    *,
    anywhere: bool = False,
) -> ResolvedRequest:
    """The request with the checkpoint's defaults wherever nothing was chosen.

    Fingerprints are still empty: reading a large file takes time, so the host lane does it before
    the job begins.

    Args:
        request: What was asked.
        installed: The models that there are.
        catalogue: The samplers, schedules and families that there are.
        draw: Draws a seed where none was chosen.
        anywhere: Whether a checkpoint may be named by any path on this machine.

    Raises:
        ModelError: When the checkpoint, or the refiner, is not there or cannot draw.
        OutOfRangeError: When a setting makes no sense with them, or a prompt is no readable text.
    """
    checkpoint = installed.find(request.model.checkpoint, anywhere=anywhere)
    if checkpoint.refiner:
        raise OutOfRangeError(
            f"“{checkpoint.name}” only finishes pictures that another model began.",
            "Choose a checkpoint that draws, and this one as its refiner.",
            "model.checkpoint",
        )
    family = next((each for each in catalogue.families if each.id == checkpoint.family), None)
    uses = frozenset(family.uses if family else ())
    model = resolve_model(checkpoint, request.model, installed, uses)
    return ResolvedRequest(
        prompt=readable(request.prompt),
        model=model,
        size=_size(request, checkpoint, family.size_multiple if family else 1),
        sampling=_sampling(request, checkpoint.defaults, catalogue, uses),
        refiner=resolve_refiner(request.refiner, checkpoint, installed, uses),
        clip_skip=request.model.clip_skip if "model.clip_skip" in uses else 1,
        seed=_seed(request.seed.value, draw),
        variation=_variation(request.seed, draw),
        noise=request.seed.noise,
        batch=request.batch,
        memory=ResolvedMemory(settings=request.memory),
        output=request.output,
    )


def _size(request: GenerationRequest, checkpoint: CheckpointInfo, multiple: int) -> ResolvedSize:
    size = ResolvedSize(
        width=request.size.width or checkpoint.defaults.width,
        height=request.size.height or checkpoint.defaults.height,
    )
    for label, field, value in (("Width", "width", size.width), ("Height", "height", size.height)):
        below = value // multiple * multiple
        if below != value:
            choices = " or ".join(str(each) for each in (below, below + multiple) if each)
            raise OutOfRangeError(
                f"{label} cannot be {value} with “{checkpoint.name}”, whose pictures come in "
                f"steps of {multiple}.",
                f"Choose {choices}.",
                f"size.{field}",
            )
    return size


def _sampling(
    request: GenerationRequest,
    defaults: FamilyDefaults,
    catalogue: Catalogue,
    uses: Collection[str],
) -> ResolvedSampling:
    asked = request.sampling
    sampler, schedule = asked.sampler or defaults.sampler, asked.schedule or defaults.schedule
    guidance = defaults.guidance if asked.guidance is None else asked.guidance
    return ResolvedSampling(
        sampler=_known("Sampler", "sampling.sampler", sampler, catalogue.samplers),
        schedule=_known("Schedule", "sampling.schedule", schedule, catalogue.schedules),
        steps=asked.steps or defaults.steps,
        cfg_scale=asked.cfg_scale or defaults.cfg_scale,
        guidance=guidance if "sampling.guidance" in uses else None,
        cfg_rescale=asked.cfg_rescale if "sampling.cfg_rescale" in uses else 0.0,
        terminal_noise=asked.terminal_noise if "sampling.terminal_noise" in uses else None,
    )


def _seed(asked: int, draw: DrawSeed) -> int:
    return draw() if asked == RANDOM_SEED else asked


def _variation(asked: SeedSettings, draw: DrawSeed) -> ResolvedVariation | None:
    if asked.variation_strength == 0:
        return None
    return ResolvedVariation(seed=_seed(asked.variation, draw), strength=asked.variation_strength)


def _known(label: str, field: str, name: str, entries: Iterable[Named]) -> str:
    """The id of a sampler or schedule, whichever of its names was given."""
    entries = tuple(entries)
    found = find_named(entries, name)
    if found is None:
        known = ", ".join(entry.label for entry in entries)
        raise OutOfRangeError(f"{label} cannot be “{name}”.", f"Choose one of: {known}.", field)
    return found.id


def readable(prompt: PromptSettings) -> PromptSettings:
    """The prompt itself.

    Raises:
        OutOfRangeError: When it is too long, or no text that can be stored.
    """
    for field, words in (("positive", prompt.positive), ("negative", prompt.negative)):
        if len(words) > LONGEST_PROMPT:
            raise OutOfRangeError(
                f"The prompt is {len(words):,} characters long.",
                f"Shorten it to {LONGEST_PROMPT:,}; models read only the first hundreds.",
                f"prompt.{field}",
            )
        if not _is_text(words):
            raise OutOfRangeError(
                "The prompt has a broken character in it.",
                "Type it again; half an emoji is the usual cause.",
                f"prompt.{field}",
            )
    return prompt


def _is_text(words: str) -> bool:
    """Whether files, messages and the journal can hold it: JSON may bring half a character."""
    try:
        words.encode()
    except UnicodeEncodeError:
        return False
    return True
