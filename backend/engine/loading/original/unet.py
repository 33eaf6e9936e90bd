"""The UNet of SD 1.x, SD 2.x, SDXL and its refiner.

The original counts all layers of a half in one row: each level has its layers and then, except for
the last one, the layer that changes the size.

Source: the module lists of CompVis' latent-diffusion and Stability AI's generative-models.
"""

import re
from collections.abc import Collection

from backend.engine.loading.source import Source

_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_SINGLE = {
    "conv_in": "input_blocks.0.0",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "time_embedding.cond_proj": "time_embed.cond_proj",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "class_embedding.linear_1": "label_emb.0.0",
    "class_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_MIDDLE = {"resnets.0": 0, "attentions.0": 1, "resnets.1": 2}
_LAYER = re.compile(r"(down|up)_blocks\.(\d+)\.(resnets|attentions)\.(\d+)\.(.+)")
_RESIZER = re.compile(r"(down|up)_blocks\.(\d+)\.(?:down|up)samplers\.0\.conv\.(.+)")
_MID_LAYER = re.compile(r"mid_block\.((?:resnets|attentions)\.\d+)\.(.+)")


def unet_sources(names: Collection[str]) -> dict[str, Source]:
    """Where each tensor of a UNet lies, named without `model.diffusion_model.`."""
    row = 1 + sum(
        name.startswith("down_blocks.0.resnets.") and name.endswith(".norm1.weight")
        for name in names
    )
    return {name: Source(_original(name, row, names)) for name in names}


def _original(name: str, row: int, names: Collection[str]) -> str:
    """Name a tensor as the original does.

    Args:
        name: Our name.
        row: How many layers a level of the first half has with its resizer; a level of the second
            half has as many without.
        names: All our names.
    """
    if found := _LAYER.fullmatch(name):
        half, level, kind, layer, rest = found.groups()
        place = int(level) * row + int(layer) + (half == "down")
        blocks = "input" if half == "down" else "output"
        return f"{blocks}_blocks.{place}.{_inside(kind, rest)}"
    if found := _RESIZER.fullmatch(name):
        half, level, rest = found.groups()
        last = int(level) * row + row
        if half == "down":
            return f"input_blocks.{last}.0.op.{rest}"
        attends = any(other.startswith(f"up_blocks.{level}.attentions.") for other in names)
        return f"output_blocks.{last - 1}.{2 if attends else 1}.conv.{rest}"
    if found := _MID_LAYER.fullmatch(name):
        place, rest = _MIDDLE[found[1]], found[2]
        return f"middle_block.{place}.{rest if place == 1 else _resnet(rest)}"
    module, _, end = name.rpartition(".")
    return f"{_SINGLE[module]}.{end}"


def _inside(kind: str, rest: str) -> str:
    return f"1.{rest}" if kind == "attentions" else f"0.{_resnet(rest)}"


def _resnet(rest: str) -> str:
    module, _, end = rest.partition(".")
    return f"{_RESNET[module]}.{end}"
