"""Which adapters the prompts of a request ask for, and how strongly."""

from collections.abc import Mapping

from backend.prompts.tags import take_tags
from backend.schema.picture_settings import PromptSettings

Strengths = tuple[float, float]
"""In the denoising network, and in the text encoders."""


def asked(prompt: PromptSettings) -> Mapping[str, Strengths]:
    """The adapters of a picture by name; one that is named twice acts with both weights.

    Those that have no effect at all are left out.
    """
    strengths: dict[str, Strengths] = {}
    for tag in take_tags(prompt.positive)[1]:
        network, text_encoder = strengths.get(tag.name, (0.0, 0.0))
        strengths[tag.name] = (network + tag.unet, text_encoder + tag.text_encoder)
    return {name: strength for name, strength in strengths.items() if any(strength)}
