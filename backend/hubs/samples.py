"""Sample pictures' settings, as CivitAI tells them, in A1111's form.

Source: the keys of an image's `meta` (developer.civitai.com/site/reference/images): those of the
picture's infotext, a few of them renamed in camel case.
"""

from collections.abc import Iterator

from backend.metadata.infotext import compose
from backend.metadata.loose import Object, text_in
from backend.metadata.lora_tags import named_by_a1111

_KEYS = {
    "steps": "Steps",
    "sampler": "Sampler",
    "Schedule type": "Schedule type",
    "cfgScale": "CFG scale",
    "Distilled CFG Scale": "Distilled CFG Scale",
    "seed": "Seed",
    "Size": "Size",
    "Model hash": "Model hash",
    "Model": "Model",
    "VAE": "VAE",
    "Denoising strength": "Denoising strength",
    "denoise": "Denoising strength",
    "Clip skip": "Clip skip",
    "clipSkip": "Clip skip",
    "Hires upscale": "Hires upscale",
    "Hires steps": "Hires steps",
    "Hires upscaler": "Hires upscaler",
}
_LONGEST_PROMPT = 10_000
_LONGEST_VALUE = 200


def infotext_of(image: Object, meta: Object) -> str:
    """The infotext of a picture; empty where its settings are not told."""
    positive = text_in(meta, "prompt")[:_LONGEST_PROMPT]
    pairs: dict[str, str] = {}
    for name, value in _values(meta):
        pairs.setdefault(_KEYS[name], value)
    if not positive and not pairs:
        return ""
    width, height = image.get("width"), image.get("height")
    if isinstance(width, int) and isinstance(height, int):
        pairs.setdefault("Size", f"{width}x{height}")
    order = {name: place for place, name in enumerate(_KEYS.values())}
    ordered = {name: pairs[name] for name in sorted(pairs, key=lambda name: order[name])}
    negative = text_in(meta, "negativePrompt")[:_LONGEST_PROMPT]
    return compose(named_by_a1111(positive), named_by_a1111(negative), ordered)


def _values(meta: Object) -> Iterator[tuple[str, str]]:
    for name in _KEYS:
        value = meta.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            words = " ".join(str(value).split())
            if 0 < len(words) <= _LONGEST_VALUE:
                yield name, words
