"""Which models make a picture, as a person asks for them."""

from typing import Annotated

from backend.schema.base import Frozen
from backend.schema.fields import Setting


def _text_encoder(name: str, short_name: str) -> Setting:
    return Setting(
        label=f"{name} text encoder",
        help="Empty means the checkpoint's own, or one from the models folder.",
        choices="text_encoders",
        special=True,
        short_name=short_name,
    )


class ModelSettings(Frozen):
    """The models that make the picture."""

    checkpoint: Annotated[
        str | None,
        Setting(
            label="Checkpoint",
            help="The model that draws. Empty means the first one that is installed.",
            choices="checkpoints",
            simple=True,
            short_name="checkpoint",
            infotext="Model",
        ),
    ] = None
    vae: Annotated[
        str | None,
        Setting(
            label="VAE",
            help="The part that turns latents into pixels. Empty means the checkpoint's own.",
            choices="vaes",
            short_name="vae",
            infotext="VAE",
        ),
    ] = None
    clip_skip: Annotated[
        int,
        Setting(
            label="CLIP skip",
            help="Where the text encoder is read; many anime models want 2, before its last layer.",
            minimum=1,
            maximum=12,
            step=1,
            special=True,
            short_name="clip_skip",
            infotext="Clip skip",
        ),
    ] = 1
    clip_l: Annotated[str | None, _text_encoder("CLIP-L", "clip_l")] = None
    clip_g: Annotated[str | None, _text_encoder("CLIP-G", "clip_g")] = None
    t5xxl: Annotated[str | None, _text_encoder("T5-XXL", "t5xxl")] = None


class RefinerSettings(Frozen):
    """A second model that draws the last part of the steps."""

    checkpoint: Annotated[
        str | None,
        Setting(
            label="Refiner",
            help="A model that takes over near the end and adds detail. Empty means none.",
            choices="refiners",
            special=True,
            short_name="refiner",
            infotext="Refiner",
        ),
    ] = None
    switch_at: Annotated[
        float,
        Setting(
            label="Refiner switch at",
            help="After which share of the steps the refiner takes over.",
            minimum=0.1,
            maximum=1.0,
            step=0.05,
            special=True,
            short_name="refiner_switch_at",
            infotext="Refiner switch at",
        ),
    ] = 0.8
