"""How noise becomes a picture, as a person asks for it."""

from typing import Annotated

from backend.schema.base import Frozen
from backend.schema.fields import Setting

MAXIMUM_SEED = 2**32 - 1
RANDOM_SEED = -1


class SamplingSettings(Frozen):
    """How noise becomes a picture."""

    sampler: Annotated[
        str | None,
        Setting(
            label="Sampler",
            help="The method that removes the noise. DPM++ 2M is a good default.",
            choices="samplers",
            short_name="sampler",
            infotext="Sampler",
        ),
    ] = None
    schedule: Annotated[
        str | None,
        Setting(
            label="Schedule",
            help="How the noise levels are spread over the steps.",
            choices="schedules",
            short_name="scheduler",
            infotext="Schedule type",
        ),
    ] = None
    steps: Annotated[
        int | None,
        Setting(
            label="Steps",
            help="More steps take longer and settle detail; beyond 30 little changes.",
            minimum=1,
            maximum=150,
            step=1,
            simple=True,
            short_name="steps",
            infotext="Steps",
        ),
    ] = None
    cfg_scale: Annotated[
        float | None,
        Setting(
            label="CFG scale",
            help="How literally the prompt is taken. Too high burns colours.",
            minimum=1.0,
            maximum=30.0,
            step=0.5,
            short_name="cfg_scale",
            infotext="CFG scale",
        ),
    ] = None
    guidance: Annotated[
        float | None,
        Setting(
            label="Distilled guidance",
            help="How literally a guidance-distilled model takes the prompt; about 3.5 is usual.",
            minimum=0.0,
            maximum=30.0,
            step=0.1,
            special=True,
            short_name="guidance",
            infotext="Distilled CFG Scale",
        ),
    ] = None


class SeedSettings(Frozen):
    """The start of the noise."""

    value: Annotated[
        int,
        Setting(
            label="Seed",
            help="The same seed and settings give the same picture; -1 draws a new seed.",
            minimum=RANDOM_SEED,
            maximum=MAXIMUM_SEED,
            step=1,
            short_name="seed",
            infotext="Seed",
        ),
    ] = RANDOM_SEED
