"""What pictures show, how large they are and how many, as a person asks for them."""

from typing import Annotated

from backend.schema.base import Frozen
from backend.schema.fields import Setting


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
    """The size of each picture in pixels."""

    width: Annotated[
        int | None,
        Setting(
            label="Width",
            help="Pixels across, in steps of 8. Models draw best near the size they learned.",
            minimum=64,
            maximum=4096,
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
            help="Pixels down, in steps of 8. Models draw best near the size they learned.",
            minimum=64,
            maximum=4096,
            step=8,
            multiple_of=8,
            simple=True,
            short_name="height",
            infotext="Size-2",
        ),
    ] = None


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
