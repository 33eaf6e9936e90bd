"""What a picture's file is like, as a person asks for it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from backend.schema.base import Frozen
from backend.schema.fields import Setting

PictureFormat = Literal["png", "jpeg", "webp", "avif"]
SideCarChoice = Literal["none", "json"]

ENDINGS: Mapping[PictureFormat, str] = {
    "png": ".png",
    "jpeg": ".jpg",
    "webp": ".webp",
    "avif": ".avif",
}
"""How the names of files end."""


class FileSettings(Frozen):
    """The format of a picture's file; its settings are inside whatever that is."""

    format: Annotated[
        PictureFormat,
        Setting(
            label="Format",
            help="PNG keeps every pixel as it was drawn; the others are smaller and lose a little.",
            options={"png": "PNG", "jpeg": "JPEG", "webp": "WebP", "avif": "AVIF"},
            short_name="format",
        ),
    ] = "png"
    quality: Annotated[
        int,
        Setting(
            label="Quality",
            help="Of JPEG, WebP and AVIF: less is smaller. PNG has no loss; nor has WebP at 100.",
            minimum=1,
            maximum=100,
            step=1,
            short_name="quality",
        ),
    ] = 90


class OutputSettings(FileSettings):
    """The file of each picture that is drawn, and what lies beside it."""

    sidecar: Annotated[
        SideCarChoice,
        Setting(
            label="Side-car",
            help="The settings once more, in a JSON file beside the picture.",
            options={"none": "None", "json": "A JSON file"},
            short_name="sidecar",
        ),
    ] = "none"
