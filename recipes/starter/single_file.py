"""Writes the model folder as one file in the original layout of Stable Diffusion 1.

Run `python -m recipes.starter.single_file models/starter starter.safetensors`. Names are changed
and the autoencoder's attention weights get two dimensions of size one; no value changes. The file
tells the sizes of its parts in its metadata, since they are not the published ones.
"""

import argparse
import json
from pathlib import Path

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import (
    StableDiffusionPipeline,
)
from safetensors.torch import save_file
from torch import Tensor

from backend.engine.loading.files import CONFIG_KEY
from backend.engine.loading.original.clip import clip_sources
from backend.engine.loading.original.unet import unet_sources
from backend.engine.loading.original.vae import vae_sources

PARTS = {
    "unet": ("model.diffusion_model.", unet_sources),
    "vae": ("first_stage_model.", vae_sources),
    "text_encoder": ("cond_stage_model.transformer.", clip_sources),
}


def original_layout(pipeline: StableDiffusionPipeline) -> dict[str, Tensor]:
    """Collect every tensor of the pipeline under its original name."""
    tensors: dict[str, Tensor] = {}
    for part, (prefix, sources_of) in PARTS.items():
        state = getattr(pipeline, part).state_dict()
        for name, source in sources_of(state).items():
            value = state[name]
            # The autoencoder's attention consists of convolutions of one pixel there.
            square = part == "vae" and ".attentions." in name and value.ndim == 2
            tensors[prefix + source.name] = value[:, :, None, None] if square else value
    return tensors


def sizes(folder: Path) -> dict[str, str]:
    """The config of each part, as a single file tells it."""
    told: dict[str, str] = {}
    for part in PARTS:
        config = json.loads((folder / part / "config.json").read_text(encoding="utf-8"))
        told[CONFIG_KEY + part] = json.dumps(config)
    return told


def write_single_file(folder: Path, target: Path) -> int:
    """Convert a model folder; return how many tensors were written (float16)."""
    pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float16)
    tensors = {name: value.contiguous() for name, value in original_layout(pipeline).items()}
    part = target.with_suffix(".part")
    about = {"format": "pt", "modelspec.architecture": "stable-diffusion-v1", **sizes(folder)}
    save_file(tensors, part, about)
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
