"""The original-layout file holds the model folder, tensor for tensor."""

import json
from pathlib import Path

import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from safetensors import safe_open
from safetensors.torch import load_file

from recipes.starter.places import MODEL
from recipes.starter.single_file import write_single_file


@pytest.fixture(scope="module")
def single_file(tmp_path_factory):
    target = tmp_path_factory.mktemp("single") / "starter.safetensors"
    write_single_file(MODEL, target)
    return target


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_every_tensor_comes_back_equal(single_file: Path, part: str):
    before = StableDiffusionPipeline.from_pretrained(MODEL, dtype=torch.float16)
    after = StableDiffusionPipeline.from_single_file(
        str(single_file), config=str(MODEL), dtype=torch.float16, local_files_only=True
    )
    wanted, found = getattr(before, part).state_dict(), getattr(after, part).state_dict()
    assert wanted.keys() == found.keys()
    assert [name for name in wanted if not torch.equal(wanted[name], found[name])] == []


def test_the_file_uses_the_original_names(single_file: Path):
    names = set(load_file(single_file))
    assert "model.diffusion_model.input_blocks.0.0.weight" in names
    assert "first_stage_model.decoder.up.3.block.0.conv1.weight" in names
    assert "cond_stage_model.transformer.text_model.final_layer_norm.weight" in names


def test_no_two_tensors_get_one_name(single_file: Path):
    pipeline = StableDiffusionPipeline.from_pretrained(MODEL, dtype=torch.float16)
    parts = (pipeline.unet, pipeline.vae, pipeline.text_encoder)

    assert len(load_file(single_file)) == sum(len(part.state_dict()) for part in parts)


def test_the_file_tells_its_sizes(single_file: Path):
    with safe_open(single_file, framework="pt") as file:
        told = file.metadata()

    assert json.loads(told["easel.config.unet"])["block_out_channels"] == [96, 160, 224]
