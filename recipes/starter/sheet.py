"""Draws fixed prompts with fixed seeds, to compare weights by eye.

Run `python -m recipes.starter.sheet models/starter sheet.png`, with `--unet FOLDER` (and so on)
to try a part that is not shipped yet.
"""

import argparse
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import (
    StableDiffusionPipeline,
)
from PIL import Image, ImageDraw
from transformers import CLIPTextModel

from recipes.starter.places import RECIPE
from recipes.starter.training import lower_priority

SIDE = 128
GUIDANCE = 4.5
_LABEL = 14
_SEED = 1000


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Folders of parts that stand in for those of the model folder."""

    unet: Path | None = None
    vae: Path | None = None
    text_encoder: Path | None = None


def open_pipeline(folder: Path, parts: Parts) -> StableDiffusionPipeline:
    """Load the model folder with some parts exchanged."""
    pipeline = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
    if parts.unet is not None:
        pipeline.unet = UNet2DConditionModel.from_pretrained(parts.unet)
    if parts.vae is not None:
        pipeline.vae = AutoencoderKL.from_pretrained(parts.vae)
    if parts.text_encoder is not None:
        pipeline.text_encoder = CLIPTextModel.from_pretrained(parts.text_encoder)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(
    pipeline: StableDiffusionPipeline, prompts: list[str], seed: int, guidance: float = GUIDANCE
) -> list[Image.Image]:
    """Draw each prompt in 20 steps, each with its own fixed seed."""
    pictures: list[Image.Image] = []
    for start in range(0, len(prompts), 8):
        chunk = prompts[start : start + 8]
        generators = [
            torch.Generator().manual_seed(_SEED * seed + start + index)
            for index in range(len(chunk))
        ]
        result = pipeline(
            chunk,
            num_inference_steps=20,
            guidance_scale=guidance,
            height=SIDE,
            width=SIDE,
            generator=generators,
            return_dict=False,
        )
        pictures += cast("list[Image.Image]", result[0])
    return pictures


def make_sheet(columns: list[tuple[str, list[Image.Image]]], width: int) -> Image.Image:
    """Arrange prompts with their pictures (one below the other) in rows of `width` prompts."""
    height = len(columns[0][1]) * SIDE + _LABEL
    rows = -(-len(columns) // width)
    sheet = Image.new("RGB", (width * SIDE, rows * height), "white")
    pen = ImageDraw.Draw(sheet)
    for index, (prompt, pictures) in enumerate(columns):
        left, top = index % width * SIDE, index // width * height
        for row, picture in enumerate(pictures):
            sheet.paste(picture, (left, top + row * SIDE))
        pen.text((left + 2, top + height - _LABEL + 1), prompt[:22], fill="black")
    return sheet


def main() -> None:
    """Parse the command line and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--unet", type=Path)
    parser.add_argument("--vae", type=Path)
    parser.add_argument("--text-encoder", type=Path)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", default="all", help="a table of prompts.toml, or all")
    options = parser.parse_args()
    parts = Parts(unet=options.unet, vae=options.vae, text_encoder=options.text_encoder)
    pipeline = open_pipeline(options.model, parts)
    table: dict[str, list[str]] = tomllib.loads((RECIPE / "prompts.toml").read_text("utf-8"))
    names = list(table) if options.set == "all" else [options.set]
    prompts = [prompt for name in names for prompt in table[name]]
    drawn = [draw(pipeline, prompts, seed + 1) for seed in range(options.seeds)]
    columns = list(zip(prompts, map(list, zip(*drawn, strict=True)), strict=True))
    make_sheet(columns, 12).save(options.output)


if __name__ == "__main__":
    lower_priority()
    torch.set_num_threads(1)
    main()
