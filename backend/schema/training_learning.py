"""How a training learns: the optimiser, its rate, and what counts as an error."""

from collections.abc import Mapping
from typing import Annotated, Literal

from backend.schema.base import Frozen
from backend.schema.fields import Setting

Optimiser = Literal["adamw", "adamw8bit", "adafactor", "prodigy"]
RateSchedule = Literal["constant", "linear", "cosine", "restarts"]
Weighting = Literal["none", "min_snr", "debiased"]
"""How much the error of each noise level counts."""
Timesteps = Literal["uniform", "logit_normal", "mode"]

USUAL_RATES: Mapping[Optimiser, float] = {
    "adamw": 1e-4,
    "adamw8bit": 1e-4,
    "adafactor": 1e-4,
    "prodigy": 1.0,
}
"""The learning rate that an optimiser wants; Prodigy finds its own, and is told what times that."""


class LearningSettings(Frozen):
    """How it learns."""

    steps: Annotated[
        int,
        Setting(
            label="Steps",
            help="How many times something is learned; about 100 for each picture.",
            minimum=1,
            maximum=100_000,
            step=1,
            short_name="steps",
        ),
    ] = 1500
    batch: Annotated[
        int,
        Setting(
            label="Batch size",
            help="Pictures learned together: steadier, and takes more memory.",
            minimum=1,
            maximum=64,
            step=1,
            short_name="batch_size",
        ),
    ] = 1
    accumulation: Annotated[
        int,
        Setting(
            label="Accumulation",
            help="Batches that make one step: as steady as a larger batch, in less memory.",
            minimum=1,
            maximum=64,
            step=1,
            short_name="accumulation",
        ),
    ] = 1
    optimiser: Annotated[
        Optimiser,
        Setting(
            label="Optimiser",
            help="AdamW is usual; in 8 bits and Adafactor take less memory; Prodigy finds the "
            "learning rate by itself.",
            options={
                "adamw": "AdamW",
                "adamw8bit": "AdamW, 8 bits",
                "adafactor": "Adafactor",
                "prodigy": "Prodigy",
            },
            short_name="optimiser",
        ),
    ] = "adamw"
    rate: Annotated[
        float | None,
        Setting(
            label="Learning rate",
            help="How far a step goes; what the optimiser wants where it is left open. Less where "
            "it forgets or breaks.",
            minimum=1e-7,
            maximum=10.0,
            short_name="rate",
        ),
    ] = None
    text_rate: Annotated[
        float,
        Setting(
            label="Text encoder's rate",
            help="The learning rate of the text encoder; 0 leaves it as it is, which is usual.",
            minimum=0.0,
            maximum=10.0,
            short_name="text_rate",
        ),
    ] = 0.0
    second_text_rate: Annotated[
        float | None,
        Setting(
            label="Second text encoder's rate",
            help="For SDXL and SD 3, which have two of CLIP's; as the first where it is left open.",
            minimum=0.0,
            maximum=10.0,
            short_name="second_text_rate",
        ),
    ] = None
    schedule: Annotated[
        RateSchedule,
        Setting(
            label="Rate over time",
            help="How the learning rate falls to nothing until the end; constant does not.",
            options={
                "constant": "Constant",
                "linear": "Linear",
                "cosine": "Cosine",
                "restarts": "Cosine with restarts",
            },
            short_name="rate_schedule",
        ),
    ] = "cosine"
    cycles: Annotated[
        int,
        Setting(
            label="Restarts",
            help="How many times the rate falls, where it is a cosine with restarts.",
            minimum=1,
            maximum=50,
            step=1,
            short_name="rate_cycles",
        ),
    ] = 3
    warm_up: Annotated[
        float,
        Setting(
            label="Warm-up",
            help="The share of the steps in which the rate rises from nothing.",
            minimum=0.0,
            maximum=0.5,
            step=0.01,
            short_name="warm_up",
        ),
    ] = 0.05
    weight_decay: Annotated[
        float,
        Setting(
            label="Weight decay",
            help="How strongly what is learned is pulled back to nothing.",
            minimum=0.0,
            maximum=1.0,
            step=0.005,
            short_name="weight_decay",
        ),
    ] = 0.01
    clip: Annotated[
        float,
        Setting(
            label="Gradient clipping",
            help="The longest step that a batch may ask for; 0 for no limit.",
            minimum=0.0,
            maximum=100.0,
            step=0.1,
            short_name="gradient_clip",
        ),
    ] = 1.0
    average: Annotated[
        float,
        Setting(
            label="Moving average",
            help="Keeps the average of what was learned (EMA): 0.99 is usual, 0 keeps the last.",
            minimum=0.0,
            maximum=0.9999,
            step=0.01,
            short_name="ema",
        ),
    ] = 0.0

    @property
    def learning_rate(self) -> float:
        """The rate that was asked for, or the one that the optimiser wants."""
        return USUAL_RATES[self.optimiser] if self.rate is None else self.rate


class LossSettings(Frozen):
    """What counts as an error."""

    weighting: Annotated[
        Weighting,
        Setting(
            label="Weighting",
            help="Min-SNR keeps nearly clean pictures from counting too much; SD 3 and FLUX, "
            "which learn along straight lines, take none.",
            options={"none": "None", "min_snr": "Min-SNR", "debiased": "Debiased"},
            short_name="weighting",
        ),
    ] = "min_snr"
    gamma: Annotated[
        float,
        Setting(
            label="Min-SNR gamma",
            help="The signal-to-noise ratio from which errors count no more; 5 is usual.",
            minimum=0.1,
            maximum=50.0,
            step=0.5,
            short_name="min_snr_gamma",
        ),
    ] = 5.0
    noise_offset: Annotated[
        float,
        Setting(
            label="Noise offset",
            help="Noise of one value for each channel: teaches very dark and bright pictures.",
            minimum=0.0,
            maximum=0.2,
            step=0.01,
            short_name="noise_offset",
        ),
    ] = 0.0
    timesteps: Annotated[
        Timesteps | None,
        Setting(
            label="Noise levels",
            help="Which noise levels are learned more often; what the family wants where it is "
            "left open.",
            options={
                "uniform": "All the same",
                "logit_normal": "Logit-normal (sigmoid)",
                "mode": "Mode",
            },
            short_name="timesteps",
        ),
    ] = None
    shift: Annotated[
        float | None,
        Setting(
            label="Shift",
            help="More than 1 learns noisier levels more often; where it is left open, SD 3 and "
            "FLUX learn those that they draw through at this resolution.",
            minimum=0.1,
            maximum=20.0,
            step=0.1,
            short_name="shift",
        ),
    ] = None
    preservation: Annotated[
        float,
        Setting(
            label="Keep the rest",
            help="How much it counts that pictures without the trigger word stay as they are; "
            "takes two thirds more time. 0 for not at all.",
            minimum=0.0,
            maximum=10.0,
            step=0.5,
            short_name="preservation",
        ),
    ] = 0.0
    prior_weight: Annotated[
        float,
        Setting(
            label="Weight of regularisation",
            help="How much the regularisation pictures count, against one's own.",
            minimum=0.0,
            maximum=4.0,
            step=0.1,
            short_name="prior_weight",
        ),
    ] = 1.0
