"""High-resolution fix as A1111's infotext tells it.

There, “Denoising strength” is that of the second pass where there is one, and else that of the
change to the picture that was begun with.
"""

from collections.abc import Iterator, Mapping

from backend.metadata.catalogue import find_named
from backend.schema.catalogue import Catalogue
from backend.schema.fields import Scalar
from backend.schema.hires import ResolvedHires
from backend.schema.hires_settings import LATENT
from backend.schema.resolved import ResolvedSampling
from backend.schema.upscaling import LANCZOS

HIRES = "Hires upscale"


def second_pass_of(
    hires: ResolvedHires, first: ResolvedSampling, catalogue: Catalogue
) -> Iterator[tuple[str, str]]:
    """How it was enlarged and drawn again; what is as in the first pass is left out."""
    words = hires.prompt
    yield "Denoising strength", f"{hires.strength:g}"
    yield HIRES, f"{hires.factor:g}"
    if hires.steps != first.steps:
        yield "Hires steps", str(hires.steps)
    yield "Hires upscaler", hires.upscaler_name
    sampler = find_named(catalogue.samplers, hires.sampler)
    schedule = find_named(catalogue.schedules, hires.schedule)
    if sampler and sampler.id != first.sampler:
        yield "Hires sampler", sampler.label
    if schedule and schedule.id != first.schedule:
        yield "Hires schedule type", schedule.label
    yield "Hires prompt", words.positive
    yield "Hires negative prompt", words.negative
    if len(hires.sizes) > 1:
        yield "Hires passes", str(len(hires.sizes))
    if hires.tile is not None:
        yield "Hires tile", str(hires.tile)


def second_pass_in(
    values: Mapping[str, Scalar], found: Mapping[str, str], catalogue: Catalogue
) -> dict[str, Scalar]:
    """The second pass, where there was one: then the strength is its own."""
    factor = found.get(HIRES) or _grown(found)
    if not factor:
        return {}
    upscaler = str(values.get("hires.upscaler") or "")
    plain = next((each for each in (LATENT, LANCZOS) if upscaler.casefold().startswith(each)), None)
    sampler = find_named(catalogue.samplers, found.get("Hires sampler", ""))
    schedule = find_named(catalogue.schedules, found.get("Hires schedule type", ""))
    return {
        "hires.factor": factor,
        "hires.upscaler": plain or upscaler or None,
        "hires.sampler": sampler.id if sampler else None,
        "hires.schedule": schedule.id if schedule else None,
        "hires.strength": values.get("source.strength"),
        "source.strength": None,
    }


def _grown(found: Mapping[str, str]) -> float | None:
    """How many times as large it became, where only the new size is told."""
    for side in ("1", "2"):
        before, after = found.get(f"Size-{side}", "0"), found.get(f"Hires resize-{side}", "0")
        if int(before) and int(after):
            return round(int(after) / int(before), 4)
    return None
