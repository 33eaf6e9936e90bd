"""Adding detail to a picture that is there: it is enlarged, and drawn again by its checkpoint."""

from backend.schema.generation import GenerationRequest
from backend.schema.hires_settings import HiresSettings
from backend.schema.model_settings import RefinerSettings
from backend.schema.picture_settings import BatchSettings, SizeSettings
from backend.schema.source_settings import MaskSettings, OutpaintSettings, SourceSettings

CHANGE = 0.3
"""How much is drawn anew: more than shows as noise, less than changes what is there."""


def refining(
    made: GenerationRequest, picture: str, factor: float, upscaler: str
) -> GenerationRequest:
    """The request that enlarges a picture and draws it again, finer.

    Args:
        made: What the picture was made with.
        picture: Its id.
        factor: How many times as large it becomes.
        upscaler: What enlarges it.
    """
    changes = {
        "source": SourceSettings(picture=picture, strength=0.0),
        "mask": MaskSettings(),
        "outpaint": OutpaintSettings(),
        "size": SizeSettings(seamless=made.size.seamless),
        "refiner": RefinerSettings(),
        "batch": BatchSettings(),
        "hires": HiresSettings(factor=factor, upscaler=upscaler, strength=CHANGE),
    }
    return made.model_copy(update=changes)
