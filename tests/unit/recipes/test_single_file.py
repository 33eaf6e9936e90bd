"""The original-layout file holds the model folder, tensor for tensor."""

from pathlib import Path

import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from safetensors.torch import load_file

from recipes.starter.places import MODEL
from recipes.starter.single_file import rename_autoencoder, unet_prefixes, write_single_file
from recipes.starter.single_file import rename_unet as rename


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


def test_no_two_tensors_get_one_name():
    unet = UNet2DConditionModel.from_pretrained(MODEL / "unet")
    prefixes = unet_prefixes(unet)
    names = [rename(name, prefixes) for name in unet.state_dict()]
    assert len(set(names)) == len(names)
    vae = AutoencoderKL.from_pretrained(MODEL / "vae")
    blocks = len(vae.config["block_out_channels"])
    names = [rename_autoencoder(name, blocks) for name in vae.state_dict()]
    assert len(set(names)) == len(names)


def test_an_unknown_name_is_refused():
    with pytest.raises(KeyError):
        rename("unknown.weight", {"conv_in.": "input_blocks.0.0."})
