"""How noise becomes a picture, as a person asks for it."""

from typing import Annotated, Literal

from backend.schema.base import Frozen
from backend.schema.fields import Setting

MAXIMUM_SEED = 2**32 - 1
RANDOM_SEED = -1

TerminalNoise = Literal["trained", "zero"]
"""Whether sampling begins as training ended, or with noise alone."""
NoiseOrigin = Literal["cpu", "gpu"]
"""Whose random numbers are drawn: those of processors, or those of NVIDIA's cards."""


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
    cfg_rescale: Annotated[
        float,
        Setting(
            label="CFG rescale",
            help="Takes back contrast that a high CFG scale adds; 0.7 suits v-prediction models.",
            minimum=0.0,
            maximum=1.0,
            step=0.05,
            special=True,
            short_name="cfg_rescale",
            infotext="CFG rescale",
        ),
    ] = 0.0
    terminal_noise: Annotated[
        TerminalNoise | None,
        Setting(
            label="Noise schedule",
            help="Zero terminal SNR gives very dark and bright pictures, with models trained so.",
            options={"trained": "Default", "zero": "Zero terminal SNR"},
            recorded={"trained": "Default", "zero": "Zero Terminal SNR"},
            special=True,
            short_name="noise_schedule",
            infotext="Noise Schedule",
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
    variation: Annotated[
        int,
        Setting(
            label="Variation seed",
            help="Whose noise is mixed in; each picture has its own. -1 draws a new one.",
            minimum=RANDOM_SEED,
            maximum=MAXIMUM_SEED,
            step=1,
            short_name="variation_seed",
            infotext="Variation seed",
        ),
    ] = RANDOM_SEED
    variation_strength: Annotated[
        float,
        Setting(
            label="Variation strength",
            help="How far the picture moves from its seed to the variation's; 0 is none.",
            minimum=0.0,
            maximum=1.0,
            step=0.01,
            short_name="variation_strength",
            infotext="Variation seed strength",
        ),
    ] = 0.0
    noise: Annotated[
        NoiseOrigin,
        Setting(
            label="Noise from",
            help="The processor's is usual. A1111 draws a card's: choose it to make its pictures.",
            options={"cpu": "Processor", "gpu": "Card, as A1111"},
            recorded={"cpu": "CPU", "gpu": "GPU"},
            short_name="noise_from",
            infotext="RNG",
        ),
    ] = "cpu"
