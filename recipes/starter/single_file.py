"""Writes the model folder as one file in the original layout of Stable Diffusion 1.

Run `python -m recipes.starter.single_file models/starter starter.safetensors`. Names are changed
and the autoencoder's attention weights get two dimensions of size one; no value changes.
"""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import (
    StableDiffusionPipeline,
)
from safetensors.torch import save_file
from torch import Tensor

_UNET_ENDS = {
    "time_embedding.linear_1.": "time_embed.0.",
    "time_embedding.linear_2.": "time_embed.2.",
    "conv_in.": "input_blocks.0.0.",
    "conv_norm_out.": "out.0.",
    "conv_out.": "out.2.",
    "mid_block.resnets.0.": "middle_block.0.",
    "mid_block.attentions.0.": "middle_block.1.",
    "mid_block.resnets.1.": "middle_block.2.",
}
_RESNET = {
    "norm1.": "in_layers.0.",
    "conv1.": "in_layers.2.",
    "norm2.": "out_layers.0.",
    "conv2.": "out_layers.3.",
    "time_emb_proj.": "emb_layers.1.",
    "conv_shortcut.": "skip_connection.",
}
_AUTOENCODER = (
    (r"encoder\.down_blocks\.(\d+)\.resnets\.", r"encoder.down.\1.block."),
    (r"encoder\.down_blocks\.(\d+)\.downsamplers\.0\.conv", r"encoder.down.\1.downsample.conv"),
    (r"mid_block\.resnets\.0\.", "mid.block_1."),
    (r"mid_block\.resnets\.1\.", "mid.block_2."),
    (r"mid_block\.attentions\.0\.", "mid.attn_1."),
    (r"conv_shortcut", "nin_shortcut"),
    (r"conv_norm_out", "norm_out"),
    (r"attn_1\.group_norm", "attn_1.norm"),
    (r"attn_1\.to_([qkv])\.", r"attn_1.\1."),
    (r"attn_1\.to_out\.0", "attn_1.proj_out"),
)


def unet_prefixes(unet: UNet2DConditionModel) -> dict[str, str]:
    """Map the beginnings of diffusers' names to the original ones, for this UNet's sizes."""
    layers = int(unet.config["layers_per_block"])
    prefixes = dict(_UNET_ENDS)
    for block in range(len(unet.down_blocks)):
        first = 1 + block * (layers + 1)
        for layer in range(layers):
            down, number = f"down_blocks.{block}.", first + layer
            prefixes[f"{down}resnets.{layer}."] = f"input_blocks.{number}.0."
            prefixes[f"{down}attentions.{layer}."] = f"input_blocks.{number}.1."
        prefixes[f"down_blocks.{block}.downsamplers.0.conv."] = (
            f"input_blocks.{first + layers}.0.op."
        )
    for block, kind in enumerate(unet.config["up_block_types"]):
        first = block * (layers + 1)
        for layer in range(layers + 1):
            up, number = f"up_blocks.{block}.", first + layer
            prefixes[f"{up}resnets.{layer}."] = f"output_blocks.{number}.0."
            prefixes[f"{up}attentions.{layer}."] = f"output_blocks.{number}.1."
        place = 2 if "CrossAttn" in kind else 1
        prefixes[f"up_blocks.{block}.upsamplers.0.conv."] = (
            f"output_blocks.{first + layers}.{place}.conv."
        )
    return prefixes


def rename_unet(name: str, prefixes: Mapping[str, str]) -> str:
    """Return the original layout's name of a UNet tensor.

    Raises:
        KeyError: the name begins with none of the prefixes.
    """
    for old, new in prefixes.items():
        if name.startswith(old):
            rest = name[len(old) :]
            if ".resnets." in old:
                head, _, tail = rest.partition(".")
                rest = _RESNET[f"{head}."] + tail
            return f"model.diffusion_model.{new}{rest}"
    raise KeyError(name)


def rename_autoencoder(name: str, blocks: int) -> str:
    """Return the original layout's name of an autoencoder tensor; up blocks count backwards."""
    for pattern, new in _AUTOENCODER:
        name = re.sub(pattern, new, name)
    found = re.match(r"decoder\.up_blocks\.(\d+)\.(resnets|upsamplers\.0\.conv)(.*)", name)
    if found:
        kind = "block" if found[2] == "resnets" else "upsample.conv"
        name = f"decoder.up.{blocks - 1 - int(found[1])}.{kind}{found[3]}"
    return f"first_stage_model.{name}"


def original_layout(pipeline: StableDiffusionPipeline) -> dict[str, Tensor]:
    """Collect every tensor of the pipeline under its original name."""
    tensors: dict[str, Tensor] = {}
    prefixes = unet_prefixes(pipeline.unet)
    for name, value in pipeline.unet.state_dict().items():
        tensors[rename_unet(name, prefixes)] = value
    blocks = len(pipeline.vae.config["block_out_channels"])
    for name, value in pipeline.vae.state_dict().items():
        square = ".attentions." in name and value.ndim == 2
        kept = value[:, :, None, None] if square else value
        tensors[rename_autoencoder(name, blocks)] = kept
    for name, value in pipeline.text_encoder.state_dict().items():
        full = name if name.startswith("text_model.") else f"text_model.{name}"
        tensors[f"cond_stage_model.transformer.{full}"] = value
    return tensors


def write_single_file(folder: Path, target: Path) -> int:
    """Convert a model folder; return how many tensors were written (float16)."""
    pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float16)
    tensors = {name: value.contiguous() for name, value in original_layout(pipeline).items()}
    part = target.with_suffix(".part")
    save_file(tensors, part, {"format": "pt", "modelspec.architecture": "stable-diffusion-v1"})
    part.replace(target)
    return len(tensors)


def main() -> None:
    """Parse the command line and convert."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    print(write_single_file(options.folder, options.target), "tensors")


if __name__ == "__main__":
    main()
