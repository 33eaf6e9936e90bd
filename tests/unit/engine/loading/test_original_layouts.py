# pyright: reportArgumentType=false
# diffusers annotates its constructors wrongly (tuples of one).
"""Own key maps of the original layout, against diffusers' converters, at the published structures.

The widths are tiny, the numbers of levels, layers and blocks are those of the published models, on
which alone the names depend.
"""

import pytest
import torch
from diffusers.loaders.single_file_utils import (
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    convert_open_clip_checkpoint,
)
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from backend.engine.loading.original.clip import clip_sources, open_clip_sources
from backend.engine.loading.original.unet import unet_sources
from backend.engine.loading.original.vae import vae_sources
from backend.engine.loading.source import Source, left_over
from backend.engine.loading.weights import open_weights
from backend.schema.errors import ModelDamagedError, ModelMissingError
from tests.fixtures.filling import fill

CROSS, PLAIN = "CrossAttnDownBlock2D", "DownBlock2D"
CROSS_UP, PLAIN_UP = "CrossAttnUpBlock2D", "UpBlock2D"
CPU = torch.device("cpu")
SD15 = {
    "block_out_channels": (8, 16, 32, 32),
    "down_block_types": (CROSS, CROSS, CROSS, PLAIN),
    "up_block_types": (PLAIN_UP, CROSS_UP, CROSS_UP, CROSS_UP),
}
SDXL = {
    "block_out_channels": (8, 16, 32),
    "down_block_types": (PLAIN, CROSS, CROSS),
    "up_block_types": (CROSS_UP, CROSS_UP, PLAIN_UP),
    "transformer_layers_per_block": (1, 2, 10),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 56,
}
UNETS = {
    "SD 1.5": SD15,
    "SD 2": {**SD15, "use_linear_projection": True},
    "SDXL": SDXL,
    "SDXL refiner": {
        **SDXL,
        "block_out_channels": (8, 16, 32, 32),
        "down_block_types": (PLAIN, CROSS, CROSS, PLAIN),
        "up_block_types": (PLAIN_UP, CROSS_UP, CROSS_UP, PLAIN_UP),
        "transformer_layers_per_block": 4,
    },
}
PUBLISHED_TENSORS = {"SD 1.5": 686, "SDXL": 1680}


def tiny_unet(name: str) -> UNet2DConditionModel:
    torch.manual_seed(0)
    return UNet2DConditionModel(
        **UNETS[name], cross_attention_dim=8, attention_head_dim=4, norm_num_groups=4
    )


def tiny_vae() -> AutoencoderKL:
    torch.manual_seed(0)
    return AutoencoderKL(
        block_out_channels=(8, 16, 32, 32),
        layers_per_block=2,
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
    )


def tiny_clip(kind: type[CLIPTextModel] | type[CLIPTextModelWithProjection]):
    torch.manual_seed(0)
    return kind(
        CLIPTextConfig(
            vocab_size=50,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=3,
            num_attention_heads=2,
            projection_dim=12,
        )
    )


def as_original(state: dict[str, Tensor], sources: dict[str, Source]) -> dict[str, Tensor]:
    """The state as a file of the original layout holds it."""
    original: dict[str, Tensor] = {}
    thirds: dict[str, dict[int, Tensor]] = {}
    for name, source in sources.items():
        tensor = state[name].T.contiguous() if source.transposed else state[name]
        if source.third is None:
            assert source.name not in original, f"{source.name} twice"
            original[source.name] = tensor
        else:
            thirds.setdefault(source.name, {})[source.third] = tensor
    return original | {name: torch.cat([of[0], of[1], of[2]]) for name, of in thirds.items()}


def assert_same(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor.reshape(other[name].shape), other[name]), name


@pytest.mark.parametrize("name", UNETS)
def test_unets_agree_with_diffusers(name):
    unet = tiny_unet(name)
    state = unet.state_dict()

    original = as_original(state, unet_sources(state))

    prefixed = {f"model.diffusion_model.{key}": value for key, value in original.items()}
    assert_same(convert_ldm_unet_checkpoint(prefixed, dict(unet.config)), state)
    assert len(original) == PUBLISHED_TENSORS.get(name, len(original))


def test_autoencoders_agree_with_diffusers():
    vae = tiny_vae()
    state = vae.state_dict()

    original = as_original(state, vae_sources(state))

    prefixed = {f"first_stage_model.{key}": value for key, value in original.items()}
    converted = convert_ldm_vae_checkpoint(prefixed, dict(vae.config))
    assert_same(converted, state)
    assert len(original) == 248  # as published for SD 1.x


def test_open_clip_agrees_with_diffusers():
    encoder = tiny_clip(CLIPTextModelWithProjection)
    state = encoder.state_dict()

    original = as_original(state, open_clip_sources(state))

    prefix = "conditioner.embedders.1.model."
    prefixed = {prefix + name: tensor for name, tensor in original.items()}
    converted = convert_open_clip_checkpoint(encoder, prefixed, prefix=prefix)
    assert {name.removeprefix("text_model.") for name in converted} == {
        name.removeprefix("text_model.") for name in state
    }
    expected = {name.removeprefix("text_model."): tensor for name, tensor in state.items()}
    for name, tensor in converted.items():
        assert torch.equal(tensor, expected[name.removeprefix("text_model.")]), name


def test_clip_has_its_own_names():
    sources = clip_sources(tiny_clip(CLIPTextModel).state_dict())

    names = {source.name for source in sources.values()}
    assert "text_model.embeddings.token_embedding.weight" in names
    assert "text_model.encoder.layers.2.self_attn.q_proj.bias" in names


@pytest.mark.parametrize(
    ("make", "map_names"),
    [
        (lambda: tiny_unet("SD 1.5"), unet_sources),
        (lambda: tiny_unet("SDXL"), unet_sources),
        (tiny_vae, vae_sources),
        (lambda: tiny_clip(CLIPTextModel), clip_sources),
        (lambda: tiny_clip(CLIPTextModelWithProjection), open_clip_sources),
    ],
    ids=["SD 1.5", "SDXL", "VAE", "CLIP", "OpenCLIP"],
)
def test_a_module_is_filled_from_a_file_bit_for_bit(tmp_path, make, map_names):
    module = make()
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    sources = map_names(state)
    path = tmp_path / "model.safetensors"
    save_file({f"part.{k}": v for k, v in as_original(state, sources).items()}, path)
    empty = module.to("meta")

    with open_weights(path) as weights:
        part = weights.under("part.")
        fill(empty, sources, part, torch.float32, CPU)

    assert left_over(part.names, sources) == set()
    for name, tensor in empty.state_dict().items():
        assert torch.equal(tensor, state[name]), name


def test_weights_are_converted_as_they_are_read(tmp_path):
    module = torch.nn.Linear(3, 2)
    path = tmp_path / "model.safetensors"
    save_file({name: tensor.half() for name, tensor in module.state_dict().items()}, path)
    wanted = {name: Source(name) for name in module.state_dict()}

    with open_weights(path) as weights:
        fill(module.to("meta"), wanted, weights, torch.float32, CPU)

    assert module.weight.dtype == torch.float32


def test_a_missing_or_wrong_tensor_is_named(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"weight": torch.zeros(5)}, path)

    with open_weights(path) as weights:
        with pytest.raises(ModelDamagedError, match=r"no tensor bias"):
            Source("bias").take(weights, torch.Size([2]))
        with pytest.raises(ModelDamagedError, match=r"wrong size: weight"):
            Source("weight").take(weights, torch.Size([2]))


def test_a_file_that_is_not_there_or_broken_is_told(tmp_path):
    with pytest.raises(ModelMissingError), open_weights(tmp_path / "nothing.safetensors"):
        pass
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"<html>")
    with pytest.raises(ModelDamagedError, match=r"broken\.safetensors"), open_weights(broken):
        pass
