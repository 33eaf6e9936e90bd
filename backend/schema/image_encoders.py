"""The encoders through which IP-Adapters look at pictures."""

from collections.abc import Sequence
from typing import Literal

from backend.schema.base import Frozen
from backend.schema.models import ModelKind

Look = Literal["pooled", "hidden"]
"""What an adapter reads of an encoder: what it makes of the whole, or of each place."""


class ImageEncoder(Frozen):
    """A published CLIP vision encoder."""

    name: str
    hidden: int
    """How wide each place is described."""
    pooled: int
    """How wide the whole is described."""
    repository: str
    """On Hugging Face."""
    file: str
    """Within it."""
    bytes: int

    def width(self, look: Look) -> int:
        """How wide is what an adapter reads."""
        return self.pooled if look == "pooled" else self.hidden

    @property
    def where_to_get(self) -> str:
        """Where it is to be had, how large it is, and where it belongs, as a sentence."""
        return (
            f"Get {self.file} of {self.repository} on Hugging Face ({self.bytes / 1e9:.1f} GB) "
            f"and put it into models/{ModelKind.CLIP_VISION.folder}."
        )


IMAGE_ENCODERS: Sequence[ImageEncoder] = (
    ImageEncoder(
        name="ViT-H",
        hidden=1280,
        pooled=1024,
        repository="h94/IP-Adapter",
        file="models/image_encoder/model.safetensors",
        bytes=2_528_373_448,
    ),
    ImageEncoder(
        name="ViT-bigG",
        hidden=1664,
        pooled=1280,
        repository="h94/IP-Adapter",
        file="sdxl_models/image_encoder/model.safetensors",
        bytes=3_689_912_664,
    ),
)


def needed_encoder(look: Look, width: int) -> ImageEncoder | None:
    """The published encoder that an adapter was trained with; None where it is another."""
    return next((each for each in IMAGE_ENCODERS if each.width(look) == width), None)


def encoder_named(name: str) -> ImageEncoder | None:
    """The published encoder of a name, such as ViT-H."""
    return next((each for each in IMAGE_ENCODERS if each.name == name), None)
