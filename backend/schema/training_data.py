"""What a training learns from."""

from typing import Annotated, Literal

from backend.schema.base import Frozen
from backend.schema.fields import Setting

Crop = Literal["middle", "random"]
TriggerPlace = Literal["front", "end"]


class DatasetSettings(Frozen):
    """What is learned from."""

    folder: Annotated[
        str,
        Setting(
            label="Pictures",
            help="The folder of the pictures, with a text file of the same name beside each.",
            short_name="dataset",
        ),
    ] = ""
    trigger: Annotated[
        str,
        Setting(
            label="Trigger word",
            help="A made-up word that calls what is learned; it is added to each caption.",
            short_name="trigger",
        ),
    ] = ""
    place: Annotated[
        TriggerPlace,
        Setting(
            label="Trigger's place",
            help="In front it counts the most; at the end it leaves more of what a caption says.",
            options={"front": "In front", "end": "At the end"},
            short_name="trigger_place",
        ),
    ] = "front"
    concepts: Annotated[
        str,
        Setting(
            label="Triggers of concepts",
            help="Other trigger words for pictures in folders of their own, as folder=word, "
            "parted by commas.",
            short_name="concepts",
        ),
    ] = ""
    resolution: Annotated[
        int | None,
        Setting(
            label="Resolution",
            help="The side of a square of as many pixels as are learned at once.",
            minimum=64,
            maximum=2048,
            step=64,
            multiple_of=64,
            short_name="resolution",
        ),
    ] = None
    flip: Annotated[
        float,
        Setting(
            label="Flips",
            help="How often a picture is mirrored; 0 where left and right matter, as in faces.",
            minimum=0.0,
            maximum=1.0,
            step=0.1,
            short_name="flip",
        ),
    ] = 0.0
    crop: Annotated[
        Crop,
        Setting(
            label="Crop",
            help="Where a picture is cut to fit: around its middle, or elsewhere each time.",
            options={"middle": "Around the middle", "random": "Anywhere"},
            short_name="crop",
        ),
    ] = "middle"
    colour_jitter: Annotated[
        float,
        Setting(
            label="Colour jitter",
            help="How much brightness, contrast and colours change by chance; 0 where they matter.",
            minimum=0.0,
            maximum=0.5,
            step=0.05,
            short_name="colour_jitter",
        ),
    ] = 0.0
    variations: Annotated[
        int,
        Setting(
            label="Variations",
            help="How many crops and colours of each picture are encoded and kept.",
            minimum=1,
            maximum=32,
            step=1,
            short_name="variations",
        ),
    ] = 4
    caption_dropout: Annotated[
        float,
        Setting(
            label="Caption dropout",
            help="How often a picture is learned without its words, so that guidance still works.",
            minimum=0.0,
            maximum=1.0,
            step=0.05,
            short_name="caption_dropout",
        ),
    ] = 0.05
    keep_tokens: Annotated[
        int,
        Setting(
            label="Tags kept in place",
            help="How many tags at the start of a caption stay there; the others are shuffled. "
            "-1 shuffles none.",
            minimum=-1,
            maximum=50,
            step=1,
            short_name="keep_tokens",
        ),
    ] = -1
    validation: Annotated[
        float,
        Setting(
            label="Held back",
            help="The share of pictures that are not learned, to see whether it learns by heart.",
            minimum=0.0,
            maximum=0.5,
            step=0.05,
            short_name="validation",
        ),
    ] = 0.0
    regular_folder: Annotated[
        str,
        Setting(
            label="Regularisation pictures",
            help="A folder of pictures of the same class, so that the rest of it stays as it is.",
            short_name="regularisation",
        ),
    ] = ""
