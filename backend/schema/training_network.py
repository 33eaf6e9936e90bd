"""What of a checkpoint learns, and with how much room."""

from typing import Annotated, Literal

from backend.schema.base import Frozen
from backend.schema.fields import Setting

Layers = Literal["attention", "blocks", "all"]
"""Which layers learn: those of attention; with the feed-forward ones; with convolutions, too."""
Method = Literal["lora", "dora"]


class NetworkSettings(Frozen):
    """What learns."""

    method: Annotated[
        Method,
        Setting(
            label="Method",
            help="DoRA also learns how strong each output is: closer to full training, slower.",
            options={"lora": "LoRA", "dora": "DoRA"},
            short_name="method",
        ),
    ] = "lora"
    rank: Annotated[
        int,
        Setting(
            label="Rank",
            help="How much can be learned: 8 for a thing, 16 for a character, 32 for a style.",
            minimum=1,
            maximum=256,
            step=1,
            short_name="rank",
        ),
    ] = 16
    alpha: Annotated[
        float | None,
        Setting(
            label="Alpha",
            help="Learning is scaled by alpha / rank; the same as the rank where it is left open.",
            minimum=0.1,
            maximum=512.0,
            step=0.5,
            short_name="alpha",
        ),
    ] = None
    layers: Annotated[
        Layers,
        Setting(
            label="Layers",
            help="Attention is usual; convolutions as well learn textures and strong styles.",
            options={
                "attention": "Attention",
                "blocks": "Attention and feed-forward",
                "all": "All, with convolutions",
            },
            short_name="layers",
        ),
    ] = "blocks"
    dropout: Annotated[
        float,
        Setting(
            label="Dropout",
            help="How much of what a layer sees is left out at a step, against learning by heart.",
            minimum=0.0,
            maximum=0.9,
            step=0.05,
            short_name="dropout",
        ),
    ] = 0.0
    rank_dropout: Annotated[
        float,
        Setting(
            label="Rank dropout",
            help="How many of the ranks are left out at a step.",
            minimum=0.0,
            maximum=0.9,
            step=0.05,
            short_name="rank_dropout",
        ),
    ] = 0.0
    layer_dropout: Annotated[
        float,
        Setting(
            label="Layer dropout",
            help="How many layers learn nothing at a step.",
            minimum=0.0,
            maximum=0.9,
            step=0.05,
            short_name="layer_dropout",
        ),
    ] = 0.0
