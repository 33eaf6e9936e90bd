"""High-resolution fix: the picture is drawn again, larger, for more detail; as a person asks."""

from typing import Annotated

from backend.schema.base import Frozen
from backend.schema.fields import Setting

LATENT = "latent"
"""The upscaler that enlarges latents, without looking at the picture."""
MOST_FACTOR = 4.0


class HiresSettings(Frozen):
    """How a picture is enlarged and drawn again."""

    factor: Annotated[
        float,
        Setting(
            label="Enlarge by",
            help="High-resolution fix: enlarged so many times and drawn again, finer. 1 is off.",
            minimum=1.0,
            maximum=MOST_FACTOR,
            step=0.25,
            simple=True,
            short_name="hires_factor",
            infotext="Hires upscale",
        ),
    ] = 1.0
    strength: Annotated[
        float,
        Setting(
            label="Strength of the second pass",
            help="How much is drawn anew: 0.3 adds detail, above 0.6 shapes change as well.",
            minimum=0.0,
            maximum=1.0,
            step=0.05,
            short_name="hires_strength",
        ),
    ] = 0.4
    upscaler: Annotated[
        str | None,
        Setting(
            label="Enlarged with",
            help="Models keep edges sharp. Latent needs a strength of 0.55 or more.",
            choices="upscalers",
            unset="Automatic",
            short_name="hires_upscaler",
            infotext="Hires upscaler",
        ),
    ] = None
    steps: Annotated[
        int,
        Setting(
            label="Steps of the second pass",
            help="Fewer are quicker. 0 takes as many as the first pass.",
            minimum=0,
            maximum=150,
            step=1,
            short_name="hires_steps",
            infotext="Hires steps",
        ),
    ] = 0
    passes: Annotated[
        int,
        Setting(
            label="Passes",
            help="More than one enlarges little by little, each pass with less change.",
            minimum=1,
            maximum=4,
            step=1,
            short_name="hires_passes",
            infotext="Hires passes",
        ),
    ] = 1
    tile: Annotated[
        int,
        Setting(
            label="Tile side",
            help="Drawn in overlapping parts of so many pixels, which takes the memory of one. "
            "0: only where the picture is very large.",
            minimum=0,
            maximum=4096,
            step=64,
            short_name="hires_tile",
            infotext="Hires tile",
        ),
    ] = 0
    sampler: Annotated[
        str | None,
        Setting(
            label="Sampler of the second pass",
            help="Another method to remove the noise.",
            choices="samplers",
            unset="As in the first pass",
            short_name="hires_sampler",
            infotext="Hires sampler",
        ),
    ] = None
    schedule: Annotated[
        str | None,
        Setting(
            label="Schedule of the second pass",
            help="Another way to spread the noise levels.",
            choices="schedules",
            unset="As in the first pass",
            short_name="hires_schedule",
            infotext="Hires schedule type",
        ),
    ] = None
    prompt: Annotated[
        str,
        Setting(
            label="Prompt of the second pass",
            help="Empty: as in the first pass.",
            short_name="hires_prompt",
            infotext="Hires prompt",
        ),
    ] = ""
    negative: Annotated[
        str,
        Setting(
            label="Negative prompt of the second pass",
            help="Empty: as in the first pass.",
            short_name="hires_negative_prompt",
            infotext="Hires negative prompt",
        ),
    ] = ""
