"""From what was asked to what is made: every "choose for me" becomes a fact."""

import secrets
from collections.abc import Callable, Collection

from backend.schema.catalogue import Catalogue, CheckpointInfo, FamilyDefaults
from backend.schema.errors import OutOfRangeError
from backend.schema.generation import GenerationRequest
from backend.schema.memory_settings import ResolvedMemory
from backend.schema.picture_settings import SizeSettings, nearest_side
from backend.schema.resolved import (
    ResolvedRequest,
    ResolvedSampling,
    ResolvedSize,
    ResolvedVariation,
)
from backend.schema.sampling_settings import MAXIMUM_SEED, RANDOM_SEED, SeedSettings
from backend.services.checks import known, readable
from backend.services.components import Installed, resolve_model, resolve_refiner
from backend.services.controls import Around, resolve_controls
from backend.services.hires import First, resolve_hires
from backend.services.sources import Look, resolve_source, size_for

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
    look: Look | None = None,
) -> ResolvedRequest:
    """The request with the checkpoint's defaults wherever nothing was chosen.

    Fingerprints are still empty: reading a large file takes time, so the host lane does it before
    the job begins.

    Args:
        request: What was asked.
        installed: The models that there are.
        catalogue: The samplers, schedules and families that there are.
        draw: Draws a seed where none was chosen.
        anywhere: Whether models may be named by any path on this machine.
        look: Finds the pictures that it begins with and is steered by; without it, none is
            looked for.

    Raises:
        ModelError: When the checkpoint, the refiner, or a control model is not there or cannot be
            used.
        OutOfRangeError: When a setting makes no sense with them, or a prompt is no readable text.
    """
    checkpoint = installed.find(request.model.checkpoint, anywhere=anywhere)
    _require_beginner(checkpoint)
    family = next((each for each in catalogue.families if each.id == checkpoint.family), None)
    uses = frozenset(family.uses if family else ())
    multiple = family.size_multiple if family else 1
    learned = ResolvedSize(width=checkpoint.defaults.width, height=checkpoint.defaults.height)
    source = resolve_source(request, learned, look) if look else None
    usual = size_for(source, learned, multiple) if source else learned
    model = resolve_model(checkpoint, request.model, installed, uses)
    size = _size(request.size, usual, multiple)
    sampling = _sampling(request, checkpoint.defaults, catalogue, uses)
    masked = bool(source and source.mask)
    around = Around(checkpoint, installed, catalogue, look, anywhere)
    first = First(checkpoint.id, learned, multiple, size, sampling, masked)
    return ResolvedRequest(
        prompt=readable(request.prompt),
        model=model,
        size=size,
        seamless=request.size.seamless if "size.seamless" in uses else "none",
        source=source,
        sampling=sampling,
        controls=resolve_controls(request, around),
        refiner=resolve_refiner(request.refiner, checkpoint, installed, uses),
        hires=resolve_hires(request.hires, first, installed, catalogue),
        clip_skip=request.model.clip_skip if "model.clip_skip" in uses else 1,
        seed=_seed(request.seed.value, draw),
        variation=_variation(request.seed, draw),
        noise=request.seed.noise,
        batch=request.batch,
        memory=ResolvedMemory(settings=request.memory),
        output=request.output,
    )


def _require_beginner(checkpoint: CheckpointInfo) -> None:
    """Refuse a checkpoint that draws nothing from noise."""
    if checkpoint.refiner:
        raise OutOfRangeError(
            f"“{checkpoint.name}” only finishes pictures that another model began.",
            "Choose a checkpoint that draws, and this one as its refiner.",
            "model.checkpoint",
        )


def _size(asked: SizeSettings, usual: ResolvedSize, multiple: int) -> ResolvedSize:
    """The nearest size that the family can draw."""
    return ResolvedSize(
        width=nearest_side(asked.width or usual.width, multiple),
        height=nearest_side(asked.height or usual.height, multiple),
    )


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
        sampler=known("Sampler", "sampling.sampler", sampler, catalogue.samplers),
        schedule=known("Schedule", "sampling.schedule", schedule, catalogue.schedules),
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
