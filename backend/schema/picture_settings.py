"""What pictures show, how large they are and how many, as a person asks for them."""

from typing import Annotated, Literal

from backend.schema.base import Frozen
from backend.schema.fields import Setting

LEAST_SIDE, MOST_SIDE = 64, 4096
"""Pixels of a side that can be asked for."""

Seamless = Literal["none", "both", "across", "down"]
"""Along which sides a picture continues at its opposite edge."""


class PromptSettings(Frozen):
    """The words."""

    positive: Annotated[
        str,
        Setting(
            label="Prompt",
            help="What the picture shows: the subject first, then setting, light and style.",
            simple=True,
            short_name="prompt",
        ),
    ] = ""
    negative: Annotated[
        str,
        Setting(
            label="Negative prompt",
            help="What the picture should not show.",
            short_name="negative_prompt",
            infotext="Negative prompt",
        ),
    ] = ""


class SizeSettings(Frozen):
    """The size of each picture in pixels, and what is beyond its edges."""

    width: Annotated[
        int | None,
        Setting(
            label="Width",
            help="Pixels across, rounded as the model needs. The size that it learned looks best.",
            minimum=LEAST_SIDE,
            maximum=MOST_SIDE,
            step=8,
            multiple_of=8,
            simple=True,
            short_name="width",
            infotext="Size-1",
        ),
    ] = None
    height: Annotated[
        int | None,
        Setting(
            label="Height",
            help="Pixels down, rounded as the model needs. The size that it learned looks best.",
            minimum=LEAST_SIDE,
            maximum=MOST_SIDE,
            step=8,
            multiple_of=8,
            simple=True,
            short_name="height",
            infotext="Size-2",
        ),
    ] = None
    seamless: Annotated[
        Seamless,
        Setting(
            label="Seamless tiling",
            help="For textures: the picture continues at its opposite edge, without a seam.",
            options={
                "none": "Off",
                "both": "Both ways",
                "across": "Left and right",
                "down": "Top and bottom",
            },
            recorded={"both": "True", "across": "Across", "down": "Down"},
            special=True,
            short_name="seamless",
            infotext="Tiling",
        ),
    ] = "none"


def nearest_side(pixels: int, multiple: int) -> int:
    """The length of a side, in pixels, that a family can draw and that is nearest to this one.

    Args:
        pixels: What was asked for.
        multiple: What the family's sides are multiples of.
    """
    least, most = -(-LEAST_SIDE // multiple), MOST_SIDE // multiple
    return min(most, max(least, (pixels + multiple // 2) // multiple)) * multiple


class BatchSettings(Frozen):
    """How many pictures; picture *i* of the request uses seed + *i*."""

    count: Annotated[
        int,
        Setting(
            label="Pictures",
            help="How many batches to make, one after the other.",
            minimum=1,
            maximum=100,
            step=1,
            simple=True,
            short_name="batch_count",
        ),
    ] = 1
    size: Annotated[
        int,
        Setting(
            label="Batch size",
            help="Pictures made at the same time. Faster for each picture, but takes more memory.",
            minimum=1,
            maximum=16,
            step=1,
            short_name="batch_size",
            infotext="Batch size",
        ),
    ] = 1

    @property
    def pictures(self) -> int:
        """How many pictures the request makes in all."""
        return self.count * self.size
