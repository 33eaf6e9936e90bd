"""From what was asked to what is made: every "choose for me" becomes a fact."""

import secrets
from collections.abc import Callable, Iterable

from backend.metadata.catalogue import Named, find_named
from backend.schema.catalogue import Catalogue, CheckpointInfo
from backend.schema.errors import OutOfRangeError
from backend.schema.generation import (
    MAXIMUM_SEED,
    RANDOM_SEED,
    GenerationRequest,
    PromptSettings,
    ResolvedModel,
    ResolvedRequest,
    ResolvedSampling,
    ResolvedSize,
)

LONGEST_PROMPT = 10_000
"""Characters; far beyond what any model reads, and short enough to be handed over at once."""

DrawSeed = Callable[[], int]


def draw_seed() -> int:
    """A seed that nobody chose."""
    return secrets.randbelow(MAXIMUM_SEED + 1)


def resolve(
    request: GenerationRequest,
    checkpoint: CheckpointInfo,
    catalogue: Catalogue,
    draw: DrawSeed = draw_seed,
) -> ResolvedRequest:
    """The request with the checkpoint's defaults wherever nothing was chosen.

    The checkpoint's fingerprint is still empty: reading a large file takes time, so the host lane
    does it before the job begins.

    Raises:
        OutOfRangeError: When a sampler or schedule is not there, or a prompt is no readable text.
    """
    defaults, sampling = checkpoint.defaults, request.sampling
    sampler = sampling.sampler or defaults.sampler
    schedule = sampling.schedule or defaults.schedule
    return ResolvedRequest(
        prompt=_readable(request.prompt),
        model=ResolvedModel(
            checkpoint=checkpoint.id,
            name=checkpoint.name,
            path=checkpoint.path,
            family=checkpoint.family,
            sha256="",
        ),
        size=ResolvedSize(
            width=request.size.width or defaults.width,
            height=request.size.height or defaults.height,
        ),
        sampling=ResolvedSampling(
            sampler=_known("Sampler", "sampling.sampler", sampler, catalogue.samplers),
            schedule=_known("Schedule", "sampling.schedule", schedule, catalogue.schedules),
            steps=sampling.steps or defaults.steps,
            cfg_scale=sampling.cfg_scale or defaults.cfg_scale,
        ),
        seed=draw() if request.seed.value == RANDOM_SEED else request.seed.value,
        batch=request.batch,
    )


def _known(label: str, field: str, name: str, entries: Iterable[Named]) -> str:
    """The id of a sampler or schedule, whichever of its names was given."""
    entries = tuple(entries)
    found = find_named(entries, name)
    if found is None:
        known = ", ".join(entry.label for entry in entries)
        raise OutOfRangeError(f"{label} cannot be “{name}”.", f"Choose one of: {known}.", field)
    return found.id


def _readable(prompt: PromptSettings) -> PromptSettings:
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
