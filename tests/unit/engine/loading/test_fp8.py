"""Checkpoints in eight bits, plain and scaled, give the numbers that were meant."""

import json

import pytest
import torch
from safetensors.torch import save_file

from backend.engine.loading.weights import open_weights
from backend.schema.errors import ModelError

E4M3, E5M2 = torch.float8_e4m3fn, torch.float8_e5m2


def stored(tmp_path, tensors, metadata=None):
    path = tmp_path / "model.safetensors"
    save_file(tensors, path, metadata)
    return path


def numbers(dtype=E4M3, rows=8) -> torch.Tensor:
    """Every number that the format has, in rows."""
    return torch.arange(256, dtype=torch.uint8).view(dtype).view(rows, -1)


@pytest.mark.parametrize("dtype", [E4M3, E5M2])
@pytest.mark.parametrize("wanted", [torch.float32, torch.float16, torch.bfloat16])
def test_plain_numbers_survive_every_conversion(tmp_path, dtype, wanted):
    with open_weights(stored(tmp_path, {"w": numbers(dtype)})) as weights:
        got = weights.tensor("w").to(wanted)

    assert got.dtype == wanted
    assert torch.equal(got.double().nan_to_num(), numbers(dtype).double().nan_to_num())


@pytest.mark.parametrize("dtype", [E4M3, E5M2])
@pytest.mark.parametrize("scale", [torch.tensor(0.37), torch.tensor([0.37])])
def test_comfyuis_scaled_weights_are_multiplied_and_their_scales_are_not_shown(
    tmp_path, dtype, scale
):
    tensors = {
        "net.scaled_fp8": torch.zeros(2, dtype=dtype),
        "net.a.weight": numbers(dtype),
        "net.a.scale_weight": scale,
        "net.a.scale_input": torch.tensor(1.0),
        "net.a.bias": torch.ones(8),
        "net.norm.scale": torch.ones(8),
    }

    with open_weights(stored(tmp_path, tensors)) as weights:
        net = weights.under("net.")
        assert net.names == {"a.weight", "a.bias", "norm.scale"}
        got = net.tensor("a.weight")

    assert got.dtype == torch.float32
    assert torch.equal(got.nan_to_num(), (numbers(dtype).float() * 0.37).nan_to_num())


@pytest.mark.parametrize("shape", [(8,), (8, 1)])
def test_a_scale_for_each_row_in_the_newer_layout(tmp_path, shape):
    scale = torch.arange(1.0, 9.0).view(shape) / 7
    layers = {"layers": {"a": {"format": "float8_e4m3fn"}}}
    tensors = {
        "a.weight": numbers(),
        "a.weight_scale": scale,
        "a.input_scale": torch.tensor(1.0),
        "a.comfy_quant": torch.frombuffer(
            bytearray(b'{"format": "float8_e4m3fn"}'), dtype=torch.uint8
        ),
    }

    path = stored(tmp_path, tensors, {"_quantization_metadata": json.dumps(layers)})
    with open_weights(path) as weights:
        assert weights.names == {"a.weight"}
        got = weights.tensor("a.weight")

    expected = numbers().float() * scale.view(8, 1)
    assert torch.equal(got.nan_to_num(), expected.nan_to_num())


@pytest.mark.parametrize(
    "others",
    [
        {
            "a.weight": torch.zeros(8, 16, dtype=torch.uint8),
            "a.weight_scale": torch.ones(8, 2).to(E4M3),
        },
        {"a.weight": torch.zeros(8, 32, dtype=torch.int8), "a.weight_scale": torch.ones(8)},
        {"a.weight": numbers(), "a.weight_scale": torch.ones(8, 2)},
        {
            "a.weight": numbers(),
            "a.weight_scale": torch.ones(()),
            "a.pre_quant_scale": torch.ones(32),
        },
    ],
    ids=["four bits", "integers", "a scale for each block", "smoothed"],
)
def test_other_ways_of_packing_are_refused_instead_of_read_wrongly(tmp_path, others):
    with (
        open_weights(stored(tmp_path, others)) as weights,
        pytest.raises(ModelError, match=r"a\.weight is packed"),
    ):
        weights.tensor("a.weight")
