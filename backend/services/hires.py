"""High-resolution fix: every choice that a person left open is made."""

from dataclasses import dataclass

from backend.schema.catalogue import Catalogue
from backend.schema.errors import OutOfRangeError
from backend.schema.hires import Method, ResolvedHires
from backend.schema.hires_settings import LATENT, HiresSettings
from backend.schema.picture_settings import PromptSettings
from backend.schema.resolved import ResolvedSampling, ResolvedSize
from backend.schema.upscaling import MOST_PIXELS, ResolvedUpscaler
from backend.services.checks import known, readable
from backend.services.upscalers import HasUpscalers, named_upscaler, usual_upscaler

MUCH_LARGER = 4.5
"""How many times as many pixels as it learned a checkpoint is shown at once where nobody chose."""


@dataclass(frozen=True)
class First:
    """The first pass, as far as the next ones depend on it."""

    checkpoint: str
    """Its id."""
    learned: ResolvedSize
    """The size that the checkpoint draws best."""
    multiple: int
    """What sides are multiples of."""
    size: ResolvedSize
    sampling: ResolvedSampling
    masked: bool
    """Whether a part of a picture is kept."""


def resolve_hires(
    asked: HiresSettings, first: First, upscalers: HasUpscalers, catalogue: Catalogue
) -> ResolvedHires | None:
    """How the picture is enlarged and drawn again; None where it is not.

    Args:
        asked: What was asked.
        first: The first pass.
        upscalers: The models that enlarge.
        catalogue: The samplers and schedules that there are.

    Raises:
        OutOfRangeError: When a setting makes no sense.
        ModelError: When an upscaler is not there, or cannot be used.
    """
    if asked.factor == 1:
        return None
    if first.masked:
        raise OutOfRangeError(
            "Only whole pictures are enlarged while they are drawn, not what a mask leaves.",
            "Set Enlarge by to 1, and upscale the result afterwards.",
            "hires.factor",
        )
    method, upscaler = _upscaler(asked, first, upscalers)
    sampler, schedule = (asked.sampler or first.sampling.sampler), asked.schedule
    schedule = schedule or first.sampling.schedule
    sizes = _sizes(asked, first)
    return ResolvedHires(
        factor=asked.factor,
        method=method,
        upscaler=upscaler,
        strength=asked.strength,
        steps=(asked.steps or first.sampling.steps) if asked.strength else 0,
        sampler=known("Sampler", "hires.sampler", sampler, catalogue.samplers),
        schedule=known("Schedule", "hires.schedule", schedule, catalogue.schedules),
        prompt=readable(PromptSettings(positive=asked.prompt, negative=asked.negative)),
        sizes=sizes,
        tile=_tile(asked, first, sizes[-1]),
    )


def _upscaler(
    asked: HiresSettings, first: First, upscalers: HasUpscalers
) -> tuple[Method, ResolvedUpscaler | None]:
    if (asked.upscaler or "").casefold().startswith(LATENT):  # A1111 has several of them
        return "latent", None
    if asked.upscaler:
        found = named_upscaler(asked.upscaler, upscalers)
    else:
        found = usual_upscaler(upscalers.upscalers(), first.checkpoint)
    return ("model", found) if found else ("lanczos", None)


def _sizes(asked: HiresSettings, first: First) -> tuple[tuple[int, int], ...]:
    """Width and height after each pass; the picture grows by as much in each."""
    grown = [1 + (asked.factor - 1) * (number + 1) / asked.passes for number in range(asked.passes)]
    sizes = tuple(
        (_side(first.size.width * by, first), _side(first.size.height * by, first)) for by in grown
    )
    width, height = sizes[-1]
    if width * height > MOST_PIXELS:
        raise OutOfRangeError(
            f"The picture would have {width:,} × {height:,} pixels; Easel makes pictures of up to "
            f"{MOST_PIXELS // 10**6} million pixels.",
            "Enlarge it less.",
            "hires.factor",
        )
    return sizes


def _side(length: float, first: First) -> int:
    return max(1, round(length / first.multiple)) * first.multiple


def _tile(asked: HiresSettings, first: First, result: tuple[int, int]) -> int | None:
    """Pixels along a side of a tile; None for the whole picture."""
    learned = first.learned.width * first.learned.height
    side = asked.tile
    if not side:
        if result[0] * result[1] <= MUCH_LARGER * learned:
            return None
        side = round(learned**0.5)
    side = _side(side, first)
    return side if side < max(result) else None
