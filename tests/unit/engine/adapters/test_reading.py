"""Reading adapter files: what their tensors are, and how strongly they were trained to act."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from backend.engine.adapters.adapter import Adapter, read_adapter
from backend.engine.adapters.deltas.low_rank import LowRank
from backend.engine.adapters.endings import flat, taken_apart
from backend.schema.errors import ModelDamagedError, ModelError


@pytest.mark.parametrize(
    ("layer", "ending", "slot"),
    [
        ("lora_unet_input_blocks_4_1_proj_in", ".lora_down.weight", "down"),
        ("lora_unet_middle_block_0_in_layers_2", ".lora_mid.weight", "mid"),
        ("lora_te1_text_model_encoder_layers_0_mlp_fc1", ".alpha", "alpha"),
        ("lora_unet_single_blocks_0_linear1", ".dora_scale", "magnitudes"),
        ("lora_unet_down_blocks_0_attentions_0_proj_in", ".hada_w1_a", "hada_w1_a"),
        ("lora_unet_down_blocks_0_resnets_0_conv1", ".hada_t2", "hada_t2"),
        ("lycoris_transformer_blocks_0_attn_to_q", ".lokr_w2_b", "lokr_w2_b"),
        ("lycoris_blocks_0_norm1", ".w_norm", "difference"),
        ("diffusion_model.double_blocks.0.img_mlp.0", ".diff_b", "bias_difference"),
        ("transformer.single_transformer_blocks.0.proj_mlp", ".lora_A.weight", "down"),
        ("transformer.x_embedder", ".lora_B.bias", "up_bias"),
        ("base_model.model.conv_in", ".lora_B.style.weight", "up"),
        ("unet.mid_block.attentions.0.to_k", ".lora.up.weight", "up"),
        ("text_encoder.encoder.layers.0.q_proj", ".lora_linear_layer.up.weight", "up"),
        ("mid_block.attn1.processor.to_q", "_lora.down.weight", "down"),
        ("unet.to_q", ".lora_magnitude_vector", "output_magnitudes"),
        ("to_q", ".lora_magnitude_vector.default.weight", "output_magnitudes"),
    ],
)
def test_a_tensor_s_name_says_what_it_is(layer, ending, slot):
    assert taken_apart(layer + ending) == (layer, slot)


@pytest.mark.parametrize("name", ["oft_unet_mid.oft_blocks", "unet.conv_in.weight", "emb.clip_l"])
def test_what_is_no_change_that_easel_knows_is_said_to_be_none(name):
    assert taken_apart(name) is None


def test_dots_and_underscores_are_the_same():
    assert flat("attn1.processor.to_q") == flat("attn1_to_q") == "attn1_to_q"


def pair(layer: str, rank: int = 4) -> dict[str, Tensor]:
    return {
        f"{layer}.lora_A.weight": torch.ones(rank, 8),
        f"{layer}.lora_B.weight": torch.ones(8, rank),
    }


def scales(adapter: Adapter) -> dict[str, float]:
    found: dict[str, float] = {}
    for layer in adapter.layers:
        assert isinstance(layer.weight, LowRank)
        found[layer.name] = layer.weight.scale
    return found


def test_a_scale_comes_from_alpha_before_all_else(tmp_path):
    path = tmp_path / "it.safetensors"
    told = json.dumps({"unet.r": 4, "unet.lora_alpha": 40})
    tensors = {**pair("unet.one"), **pair("unet.two"), "unet.one.alpha": torch.tensor(2.0)}
    save_file(tensors, path, {"lora_adapter_metadata": told})

    assert scales(read_adapter(path)) == {"unet.one": 0.5, "unet.two": 10.0}


def test_parts_with_similar_names_have_their_own(tmp_path):
    path = tmp_path / "it.safetensors"
    told = {"text_encoder.r": 4, "text_encoder.lora_alpha": 4}
    told |= {"text_encoder_2.r": 4, "text_encoder_2.lora_alpha": 8}
    tensors = pair("text_encoder.fc1") | pair("text_encoder_2.fc1")
    save_file(tensors, path, {"lora_adapter_metadata": json.dumps(told)})

    assert scales(read_adapter(path)) == {"text_encoder.fc1": 1.0, "text_encoder_2.fc1": 2.0}


@pytest.mark.parametrize(
    ("told", "scale"),
    [
        ({"r": 4, "lora_alpha": 8}, 2.0),
        ({"r": 4, "lora_alpha": 8, "use_rslora": True}, 4.0),
        ({"r": 8, "lora_alpha": 8, "rank_pattern": {"mid.to_q": 4}}, 2.0),
        ({"r": 4, "lora_alpha": 8, "alpha_pattern": {"to_q": 2}}, 0.5),
        ({"r": 4, "lora_alpha": 8, "alpha_pattern": {"to_k": 2}}, 2.0),
        (None, 1.0),
        ("no JSON", 1.0),
    ],
)
def test_peft_tells_it_beside_the_file(tmp_path, told, scale):
    path = tmp_path / "adapter_model.safetensors"
    save_file(pair("base_model.model.mid.to_q"), path)
    if told is not None:
        text = told if isinstance(told, str) else json.dumps(told)
        (tmp_path / "adapter_config.json").write_text(text)

    assert scales(read_adapter(path)) == {"base_model.model.mid.to_q": scale}


@pytest.mark.parametrize(
    "tensors",
    [
        {"a.lora_up.weight": torch.zeros(8, 4)},
        {"a.lora_down.weight": torch.zeros(4, 8)},
        {"a.alpha": torch.tensor(1.0)},
        {"a.lora_down.weight": torch.zeros(4, 8), "a.lora_up.weight": torch.zeros(8, 5)},
        {"a.hada_w1_a": torch.zeros(8, 4), "a.hada_w1_b": torch.zeros(4, 8)},
        {"a.lokr_w1": torch.zeros(2, 2)},
        {"a.lokr_w1": torch.zeros(2, 2), "a.lokr_w2_a": torch.zeros(4, 2)},
        {"a.dora_scale": torch.zeros(8, 1)},
    ],
)
def test_a_file_whose_tensors_do_not_make_a_change_is_broken(tmp_path, tensors):
    path = tmp_path / "it.safetensors"
    save_file(tensors, path)

    with pytest.raises(ModelDamagedError, match="of the layer a"):
        read_adapter(path)


def test_a_kind_that_easel_does_not_know_is_named(tmp_path):
    path: Path = tmp_path / "it.safetensors"
    save_file({f"a{n}.oft_blocks": torch.zeros(2) for n in range(7)}, path)

    with pytest.raises(ModelError, match=r"not a0\.oft_blocks.* and 2 more"):
        read_adapter(path)
