"""What a prompt asks for beside its words: `<lora:name:0.8>`, `<lora:name:0.8:0.5>`.

The first number is the weight in the denoising network, the second that in the text encoder; with
one number both are the same. `unet=0.8` and `te=0.5` say it by name.

Source: the grammar that AUTOMATIC1111's web UI documents under “Extra networks”.
"""

import math
import re
from dataclasses import dataclass

from backend.prompts.placed import without

_TAG = re.compile(r"<(\w+):([^<>]+)>")
_LORAS = frozenset({"lora", "lyco"})


@dataclass(frozen=True)
class LoraTag:
    """A LoRA that a prompt names."""

    name: str
    unet: float = 1.0
    """Its weight in the denoising network."""
    text_encoder: float = 1.0
    typed: str = ""
    """The tag as it stands in the prompt."""


def take_tags(text: str) -> tuple[str, tuple[LoraTag, ...]]:
    """The prompt without its tags, and the LoRAs that they name, in order.

    A tag of any other kind, and one whose weight is no number, stays as it is typed.
    """
    taken: list[LoraTag] = []
    spans: list[tuple[int, int]] = []
    for found in _TAG.finditer(text):
        tag = _lora(found[2], found[0]) if found[1].lower() in _LORAS else None
        if tag:
            taken.append(tag)
            spans.append(found.span())
    return without(text, spans), tuple(taken)


def _lora(arguments: str, typed: str) -> LoraTag | None:
    name, *rest = arguments.split(":")
    named = dict(each.split("=", 1) for each in rest if "=" in each)
    given = [each for each in rest if "=" not in each]
    unet = named.get("unet", given[0] if given else "1")
    weights = (_number(unet), _number(named.get("te", given[1] if len(given) > 1 else unet)))
    if not name.strip() or weights[0] is None or weights[1] is None:
        return None
    return LoraTag(name.strip(), weights[0], weights[1], typed)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
