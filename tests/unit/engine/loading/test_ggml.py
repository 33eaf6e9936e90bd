"""GGUF files hold the numbers that the format's own library unpacks from them."""

from collections.abc import Mapping

import gguf
import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType as Kind

from backend.engine.loading.ggml import BLOCK_FORMATS, dequantise
from backend.engine.loading.weights import open_weights
from backend.schema.errors import ModelDamagedError, ModelError

BLOCKS = 40


def packed(kind: Kind, rows: int, blocks: int) -> np.ndarray:
    """Random blocks whose every bit pattern is allowed, but for scales that are no numbers."""
    random = np.random.default_rng(int(kind))
    return random.integers(0, 256, (rows, blocks * gguf.GGML_QUANT_SIZES[kind][1]), dtype=np.uint8)


def unpacked(kind: Kind, data: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):  # a random scale may be infinite
        return gguf.dequantize(data, kind)


def written(path, tensors: Mapping[str, tuple[np.ndarray, Kind]], architecture="flux", **shapes):
    writer = gguf.GGUFWriter(path, architecture)
    for name, (data, kind) in tensors.items():
        if name in shapes:
            writer.add_array(f"comfy.gguf.orig_shape.{name}", shapes[name])
        writer.add_tensor(name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize("name", BLOCK_FORMATS)
def test_blocks_are_unpacked_as_the_formats_library_does(name):
    data = packed(Kind[name], BLOCKS, 1)

    got = dequantise(torch.from_numpy(data.ravel()), name, BLOCKS * BLOCK_FORMATS[name][0])

    assert np.array_equal(got.numpy(), unpacked(Kind[name], data).ravel(), equal_nan=True)


def test_more_numbers_than_are_unpacked_at_once(monkeypatch):
    monkeypatch.setattr("backend.engine.loading.ggml._NUMBERS_AT_ONCE", 512)
    data = packed(Kind.Q4_K, 5, 1)

    got = dequantise(torch.from_numpy(data.ravel()), "Q4_K", 5 * 256)

    assert np.array_equal(got.numpy(), unpacked(Kind.Q4_K, data).ravel(), equal_nan=True)


def test_a_file_gives_names_shapes_and_numbers(tmp_path):
    weight = packed(Kind.Q5_K, 6, 2)
    plain = np.arange(12, dtype=np.float32).reshape(3, 4) / 7
    tensors = {
        "double_blocks.0.img_attn.qkv.weight": (weight, Kind.Q5_K),
        "img_in.bias": (plain, Kind.F32),
        "img_in.weight": (plain.astype(np.float16), Kind.F16),
        "guidance": (gguf.quantize(plain, Kind.BF16), Kind.BF16),
    }

    with open_weights(written(tmp_path / "flux-Q5_K.gguf", tensors)) as weights:
        assert weights.names == tensors.keys()
        blocks = weights.under("double_blocks.0.")
        assert blocks.shape("img_attn.qkv.weight") == (6, 512)
        got = blocks.tensor("img_attn.qkv.weight")
        assert np.array_equal(got.numpy(), unpacked(Kind.Q5_K, weight), equal_nan=True)
        assert torch.equal(weights.tensor("img_in.bias"), torch.from_numpy(plain))
        assert torch.equal(weights.tensor("img_in.weight"), torch.from_numpy(plain).half())
        assert torch.equal(weights.tensor("guidance"), torch.from_numpy(plain).bfloat16())


def test_a_tensor_that_was_flattened_has_its_own_shape_again(tmp_path):
    data = packed(Kind.Q8_0, 4, 1)
    path = tmp_path / "sd3.gguf"
    written(path, {"x_embedder": (data, Kind.Q8_0)}, "sd3", x_embedder=[2, 4, 4, 4])

    with open_weights(path) as weights:
        got = weights.tensor("x_embedder")

    assert got.shape == (2, 4, 4, 4)
    assert np.array_equal(got.numpy().ravel(), unpacked(Kind.Q8_0, data).ravel(), equal_nan=True)


def test_a_text_encoder_keeps_the_names_of_its_file(tmp_path):
    tensors = {"enc.blk.0.attn_q.weight": (packed(Kind.Q6_K, 2, 1), Kind.Q6_K)}

    with open_weights(written(tmp_path / "t5.gguf", tensors, "t5encoder")) as weights:
        assert weights.names == {"enc.blk.0.attn_q.weight"}
        assert weights.shape("enc.blk.0.attn_q.weight") == (2, 256)


def test_a_format_that_cannot_be_unpacked_is_named(tmp_path):
    tensors = {"w": (packed(Kind.IQ2_XS, 1, 1), Kind.IQ2_XS)}

    with (
        open_weights(written(tmp_path / "x.gguf", tensors)) as weights,
        pytest.raises(ModelError, match="IQ2_XS"),
    ):
        weights.tensor("w")


def test_a_download_that_stopped_is_seen_before_anything_is_read(tmp_path):
    path = written(tmp_path / "x.gguf", {"w": (packed(Kind.Q8_0, 9, 9), Kind.Q8_0)})
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(ModelDamagedError, match="incomplete"), open_weights(path):
        pass


def test_parts_of_one_tensor_are_unpacked_once(tmp_path, monkeypatch):
    tensors = {
        "qkv": (packed(Kind.Q8_0, 6, 1), Kind.Q8_0),
        "o": (packed(Kind.Q8_0, 2, 1), Kind.Q8_0),
    }
    unpacked_counts: list[int] = []
    first = dequantise

    def counting(data, name, count):
        unpacked_counts.append(count)
        return first(data, name, count)

    monkeypatch.setattr("backend.engine.loading.gguf_file.dequantise", counting)
    with open_weights(written(tmp_path / "x.gguf", tensors)) as weights:
        for name in ("qkv", "qkv", "qkv", "o", "qkv"):
            weights.tensor(name)

    assert unpacked_counts == [192, 64, 192]
