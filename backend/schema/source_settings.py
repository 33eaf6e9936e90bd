"""The picture that drawing begins with, the part of it that changes, and what is added around it.

A picture is referred to by the id of one that was handed in (`input-…`), by the id of one of the
gallery, or, by the owner alone, by the whole path of a file.
"""

from typing import Annotated, Literal

from backend.schema.base import Frozen
from backend.schema.fields import Setting

Fit = Literal["crop", "fill", "stretch", "latent"]
"""How a picture of other proportions is brought to the size that is drawn."""
Paints = Literal["masked", "unmasked"]
"""Which part changes."""
Area = Literal["whole", "masked"]
"""How much of the picture is looked at while its part is drawn."""
Fill = Literal["original", "smear", "noise", "nothing"]
"""What lies in the part that changes when drawing begins."""


class SourceSettings(Frozen):
    """The picture that drawing begins with."""

    picture: Annotated[
        str | None,
        Setting(
            label="Picture to begin with",
            help="A picture of the gallery by its id, or a file: it is changed, not replaced.",
            picture=True,
            simple=True,
            short_name="init",
        ),
    ] = None
    strength: Annotated[
        float,
        Setting(
            label="Denoising strength",
            help="How much changes: 0.2 retouches, 0.5 keeps the composition, 1 keeps nothing.",
            minimum=0.0,
            maximum=1.0,
            step=0.05,
            simple=True,
            short_name="strength",
            infotext="Denoising strength",
        ),
    ] = 0.75
    fit: Annotated[
        Fit,
        Setting(
            label="Resize mode",
            help="How a picture of other proportions is brought to the size that is drawn.",
            options={
                "crop": "Crop",
                "fill": "Fill the border",
                "stretch": "Stretch",
                "latent": "Stretch the latents",
            },
            recorded={
                "crop": "Crop and resize",
                "fill": "Resize and fill",
                "stretch": "Just resize",
                "latent": "Just resize (latent upscale)",
            },
            short_name="resize_mode",
            infotext="Resize mode",
        ),
    ] = "crop"


class MaskSettings(Frozen):
    """The part of the picture that changes."""

    picture: Annotated[
        str | None,
        Setting(
            label="Mask",
            help="White is painted anew, black kept, grey changes less. As large as the picture.",
            picture=True,
            simple=True,
            short_name="mask",
        ),
    ] = None
    paints: Annotated[
        Paints,
        Setting(
            label="Mask mode",
            help="Whether what is masked changes, or everything else.",
            options={"masked": "Change what is masked", "unmasked": "Keep what is masked"},
            recorded={"masked": "Inpaint masked", "unmasked": "Inpaint not masked"},
            short_name="mask_mode",
            infotext="Mask mode",
        ),
    ] = "masked"
    blur: Annotated[
        int,
        Setting(
            label="Mask blur",
            help="How softly the mask ends, in pixels of the picture. 0 leaves a hard edge.",
            minimum=0,
            maximum=64,
            step=1,
            simple=True,
            short_name="mask_blur",
            infotext="Mask blur",
        ),
    ] = 4
    area: Annotated[
        Area | None,
        Setting(
            label="Inpaint area",
            help="Only masked draws the part alone, as large and fine as the model can.",
            options={"whole": "Whole picture", "masked": "Only masked"},
            recorded={"whole": "Whole picture", "masked": "Only masked"},
            simple=True,
            short_name="inpaint_area",
            infotext="Inpaint area",
        ),
    ] = None
    padding: Annotated[
        int,
        Setting(
            label="Padding",
            help="With Only masked: how much around the mask is looked at, in pixels.",
            minimum=0,
            maximum=512,
            step=4,
            short_name="mask_padding",
            infotext="Masked area padding",
        ),
    ] = 32
    fill: Annotated[
        Fill,
        Setting(
            label="Masked content",
            help="What the part begins with. Original keeps its shapes; the others forget them.",
            options={
                "original": "Original",
                "smear": "Colours around it",
                "noise": "Noise",
                "nothing": "Nothing",
            },
            recorded={
                "original": "original",
                "smear": "fill",
                "noise": "latent noise",
                "nothing": "latent nothing",
            },
            short_name="mask_fill",
            infotext="Masked content",
        ),
    ] = "original"


class OutpaintSettings(Frozen):
    """What is added around the picture, in pixels of it."""

    left: Annotated[
        int,
        Setting(
            label="Add on the left",
            help="Pixels that are drawn beyond the left edge.",
            minimum=0,
            maximum=2048,
            step=8,
            short_name="outpaint_left",
        ),
    ] = 0
    right: Annotated[
        int,
        Setting(
            label="Add on the right",
            help="Pixels that are drawn beyond the right edge.",
            minimum=0,
            maximum=2048,
            step=8,
            short_name="outpaint_right",
        ),
    ] = 0
    top: Annotated[
        int,
        Setting(
            label="Add at the top",
            help="Pixels that are drawn beyond the upper edge.",
            minimum=0,
            maximum=2048,
            step=8,
            short_name="outpaint_top",
        ),
    ] = 0
    bottom: Annotated[
        int,
        Setting(
            label="Add at the bottom",
            help="Pixels that are drawn beyond the lower edge.",
            minimum=0,
            maximum=2048,
            step=8,
            short_name="outpaint_bottom",
        ),
    ] = 0

    @property
    def any(self) -> bool:
        """Whether something is added."""
        return bool(self.left or self.right or self.top or self.bottom)


class ResolvedPicture(Frozen):
    """A picture, found."""

    reference: str
    """As it was asked for."""
    path: str
    sha256: str
    """Of its file."""


class ResolvedMask(Frozen):
    """The part that changes, with every choice made."""

    picture: ResolvedPicture | None = None
    """None where only what is added around the picture is drawn."""
    paints: Paints = "masked"
    blur: int = 4
    area: Area = "whole"
    padding: int = 32
    fill: Fill = "original"


class ResolvedSource(Frozen):
    """The picture that drawing begins with, with every choice made."""

    picture: ResolvedPicture
    width: int
    """Of the picture itself, in pixels."""
    height: int
    strength: float
    fit: Fit = "crop"
    mask: ResolvedMask | None = None
    outpaint: OutpaintSettings = OutpaintSettings()
    keeps_size: bool = False
    """Whether the result is as large as the picture with what is added, however large a part of
    it is drawn; else as large as what is drawn."""

    @property
    def extended(self) -> tuple[int, int]:
        """Width and height of the picture with what is added around it, in pixels."""
        added = self.outpaint
        return self.width + added.left + added.right, self.height + added.top + added.bottom

    def steps_taken(self, steps: int) -> int:
        """How many of the steps are taken, the last ones; at least one unless nothing changes.

        As A1111 and diffusers count: the strength's share of the steps, rounded down.
        """
        taken = min(steps, int(steps * self.strength + 1e-9))
        return max(1, taken) if self.strength > 0 else 0
