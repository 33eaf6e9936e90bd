"""LoRA tags with two weights, whose order A1111 and Easel see differently.

A1111, Forge and SD.Next read `<lora:name:1:2>` as text encoder and network, Easel as network and
text encoder. All of them read the weights by name.
"""

import re
from collections.abc import Callable

from backend.prompts.tags import take_tags

_TAG = re.compile(r"<(lora|lyco):([^<>:]+):([^<>:=]+):([^<>:=]+)((?::[^<>]*)?)>", re.IGNORECASE)


def named_by_a1111(prompt: str) -> str:
    """A prompt of A1111 with both weights of each LoRA named."""
    return _named(prompt, lambda first, second: (first, second))


def named_by_easel(prompt: str) -> str:
    """A prompt of Easel with both weights of each LoRA named."""
    return _named(prompt, lambda first, second: (second, first))


def _named(prompt: str, text_and_unet: Callable[[str, str], tuple[str, str]]) -> str:
    def named(found: re.Match[str]) -> str:
        if not take_tags(found[0])[1]:
            return found[0]
        text, unet = text_and_unet(found[3].strip(), found[4].strip())
        return f"<{found[1]}:{found[2]}:te={text}:unet={unet}{found[5]}>"

    return _TAG.sub(named, prompt)
