"""What the tensors of an adapter are called behind the name of the layer that they change.

Sources: the key names that kohya's sd-scripts, LyCORIS, diffusers, peft, OneTrainer and ComfyUI
write.
"""

import re

_NAMED = r"(?:\.\w+)?"
"""peft's name of an adapter, which some files keep."""
_ENDINGS = (
    (r"\.lora_(down|up|mid)\.weight", r"\1"),
    (r"[._]lora(?:_linear_layer)?\.(down|up)\.weight", r"\1"),
    (rf"\.lora_A{_NAMED}\.weight", "down"),
    (rf"\.lora_B{_NAMED}\.weight", "up"),
    (rf"\.lora_(?:B{_NAMED}|up)\.bias", "up_bias"),
    (r"\.dora_scale", "magnitudes"),
    (rf"\.lora_magnitude_vector{_NAMED}(?:\.weight)?", "output_magnitudes"),
    (r"\.(hada_(?:w[12]_[ab]|t[12])|lokr_(?:w[12](?:_[ab])?|t2)|alpha)", r"\1"),
    (r"\.(?:diff|w_norm)", "difference"),
    (r"\.(?:diff_b|b_norm)", "bias_difference"),
)
_PATTERNS = tuple((re.compile(rf"(?P<layer>.+?){ending}"), slot) for ending, slot in _ENDINGS)
_PROCESSOR = re.compile(r"[._]processor[._]")


def taken_apart(name: str) -> tuple[str, str] | None:
    """The layer that a tensor changes, and what the tensor is; None where that is not known."""
    for pattern, slot in _PATTERNS:
        found = pattern.fullmatch(name)
        if found:
            return found["layer"], found[2] if slot == r"\1" else slot
    return None


def flat(name: str) -> str:
    """A layer's name with underscores in place of dots, as half of all trainers write it."""
    return _PROCESSOR.sub("_", name).replace(".", "_")
