"""A unit of ControlNet: a picture that steers the drawing, as a person asks for it."""

from typing import Annotated, Literal

from backend.schema.base import Frozen
from backend.schema.control_types import ControlType
from backend.schema.controls import ControlFit, ControlMode
from backend.schema.fields import Setting

UNITS = 5
"""How many pictures can steer at once; the page shows three until more are asked for."""
NO_PREPROCESSOR = "none"
"""What is chosen where the picture is a map already."""


class ControlSettings(Frozen):
    """One unit; it has an effect where it is on and has a picture or a model."""

    on: Annotated[
        Literal["on", "off"],
        Setting(
            label="Unit",
            help="Off keeps all its settings, without effect.",
            options={"on": "On", "off": "Off"},
            short_name="use",
        ),
    ] = "on"
    picture: Annotated[
        str | None,
        Setting(
            label="Picture",
            help="What steers: a picture, or a map. Empty means the picture to begin with.",
            picture=True,
            short_name="picture",
        ),
    ] = None
    mask: Annotated[
        str | None,
        Setting(
            label="Mask",
            help="Where it steers: white is where. Empty means everywhere.",
            picture=True,
            short_name="mask",
        ),
    ] = None
    preprocessor: Annotated[
        str | None,
        Setting(
            label="Preprocessor",
            help="Makes the map. Empty means what the model expects; none: it is a map already.",
            choices="preprocessors",
            short_name="preprocessor",
        ),
    ] = None
    model: Annotated[
        str | None,
        Setting(
            label="Model",
            help="Follows the map. Empty means the first that fits preprocessor and checkpoint.",
            choices="controls",
            short_name="model",
        ),
    ] = None
    type: Annotated[
        ControlType | None,
        Setting(
            label="Control type",
            help="What the map shows. Empty means what the preprocessor makes.",
            options={each.value: each.label for each in ControlType},
            short_name="type",
        ),
    ] = None
    weight: Annotated[
        float,
        Setting(
            label="Weight",
            help="How strongly it steers: 0.4 is loose, 0.8 usual, above 1 strict.",
            minimum=0.0,
            maximum=2.0,
            step=0.05,
            short_name="weight",
        ),
    ] = 0.8
    start: Annotated[
        float,
        Setting(
            label="Start",
            help="The share of the steps after which it begins to steer.",
            minimum=0.0,
            maximum=1.0,
            step=0.05,
            short_name="start",
        ),
    ] = 0.0
    end: Annotated[
        float,
        Setting(
            label="End",
            help="The share of the steps after which it lets go; 0.7 leaves details to the prompt.",
            minimum=0.0,
            maximum=1.0,
            step=0.05,
            short_name="end",
        ),
    ] = 1.0
    mode: Annotated[
        ControlMode,
        Setting(
            label="Control mode",
            help="What counts more where prompt and map disagree.",
            options={
                "balanced": "Balanced",
                "prompt": "The prompt counts more",
                "control": "The map counts more",
            },
            recorded={
                "balanced": "Balanced",
                "prompt": "My prompt is more important",
                "control": "ControlNet is more important",
            },
            short_name="mode",
        ),
    ] = "balanced"
    fit: Annotated[
        ControlFit,
        Setting(
            label="Resize mode",
            help="How a picture of other proportions is brought to the size that is drawn.",
            options={"crop": "Crop", "fill": "Fill the border", "stretch": "Stretch"},
            recorded={
                "crop": "Crop and Resize",
                "fill": "Resize and Fill",
                "stretch": "Just Resize",
            },
            short_name="resize_mode",
        ),
    ] = "crop"
    resolution: Annotated[
        int | None,
        Setting(
            label="Preprocessor resolution",
            help="Pixels along the map's shorter side. Empty means pixel-perfect: as it is drawn.",
            minimum=64,
            maximum=2048,
            step=8,
            short_name="resolution",
        ),
    ] = None
    threshold_a: Annotated[
        float | None,
        Setting(
            label="First parameter",
            help="What the preprocessor names it, such as canny's low threshold.",
            minimum=0.0,
            maximum=255.0,
            short_name="threshold_a",
        ),
    ] = None
    threshold_b: Annotated[
        float | None,
        Setting(
            label="Second parameter",
            help="What the preprocessor names it, such as canny's high threshold.",
            minimum=0.0,
            maximum=255.0,
            short_name="threshold_b",
        ),
    ] = None
    low_vram: Annotated[
        Literal["off", "on"],
        Setting(
            label="Low VRAM",
            help="The control model is on the device only while it works; slower.",
            options={"off": "Off", "on": "On"},
            short_name="low_vram",
        ),
    ] = "off"

    @property
    def active(self) -> bool:
        """Whether it is to have an effect."""
        return self.on == "on" and bool(self.picture or self.model)
