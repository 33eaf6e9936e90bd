"""Tensors of files and folders, by the names that the files give them."""

import json

import pytest
import torch
from safetensors.torch import save_file

from backend.engine.loading import safetensors_file
from backend.engine.loading.weights import open_weights
from backend.schema.errors import (
    ModelDamagedError,
    ModelError,
    ModelMissingError,
    OutOfMemoryError,
)
from tests.fixtures.model_files import write_gguf

PLAIN, HALF = torch.full((3, 2), 1.0), torch.full((3, 2), 2.0)


def test_a_shape_is_told_without_its_prefix(tmp_path):
    save_file({"unet.conv.weight": torch.zeros(3, 2)}, tmp_path / "one.safetensors")

    with open_weights(tmp_path / "one.safetensors") as weights:
        unet = weights.under("unet.")

        assert unet.names == {"conv.weight"}
        assert unet.shape("conv.weight") == (3, 2)
        with pytest.raises(ModelDamagedError, match=r"unet\.conv\.bias"):
            unet.shape("conv.bias")


@pytest.mark.parametrize("stem", ["diffusion_pytorch_model", "model"])
def test_a_folder_gives_the_plain_weights_before_the_half_ones(tmp_path, stem):
    save_file({"w": HALF}, tmp_path / f"{stem}.fp16.safetensors")
    with open_weights(tmp_path) as weights:
        assert torch.equal(weights.tensor("w"), HALF)

    save_file({"w": PLAIN}, tmp_path / f"{stem}.safetensors")
    with open_weights(tmp_path) as weights:
        assert torch.equal(weights.tensor("w"), PLAIN)


def in_pieces(folder, stem, index, tensors):
    files = {}
    for number, (name, value) in enumerate(tensors.items(), 1):
        files[name] = f"{stem}-{number:05d}-of-{len(tensors):05d}.safetensors"
        save_file({name: value}, folder / files[name])
    (folder / index).write_text(json.dumps({"metadata": {}, "weight_map": files}))


@pytest.mark.parametrize(
    ("stem", "index"),
    [
        ("diffusion_pytorch_model", "diffusion_pytorch_model.safetensors.index.json"),
        ("model", "model.safetensors.index.json"),
        ("model.fp16", "model.safetensors.index.fp16.json"),
        ("diffusion_pytorch_model.fp16", "diffusion_pytorch_model.safetensors.index.fp16.json"),
        ("diffusion_pytorch_model.fp16", "diffusion_pytorch_model.fp16.safetensors.index.json"),
    ],
)
def test_a_folder_in_pieces_is_one(tmp_path, stem, index):
    in_pieces(tmp_path, stem, index, {"a.w": PLAIN, "b.w": HALF})

    with open_weights(tmp_path) as weights:
        assert weights.names == {"a.w", "b.w"}
        assert weights.shape("a.w") == (3, 2)
        assert torch.equal(weights.under("b.").tensor("w"), HALF)


def test_plain_pieces_come_before_a_whole_half_file(tmp_path):
    index = "diffusion_pytorch_model.safetensors.index.json"
    in_pieces(tmp_path, "diffusion_pytorch_model", index, {"w": PLAIN, "v": PLAIN})
    save_file({"w": HALF, "v": HALF.clone()}, tmp_path / "diffusion_pytorch_model.fp16.safetensors")

    with open_weights(tmp_path) as weights:
        assert torch.equal(weights.tensor("w"), PLAIN)


def test_a_missing_piece_is_named(tmp_path):
    in_pieces(tmp_path, "model", "model.safetensors.index.json", {"a": PLAIN, "b": HALF})
    (tmp_path / "model-00002-of-00002.safetensors").unlink()

    with pytest.raises(ModelDamagedError, match="model-00002-of-00002"), open_weights(tmp_path):
        pass


@pytest.mark.parametrize("index", ["no JSON", "[]", "{}", '{"weight_map": {"a": 1}}'])
def test_an_index_that_cannot_be_read_is_refused_in_words(tmp_path, index):
    (tmp_path / "model.safetensors.index.json").write_text(index)

    with pytest.raises(ModelDamagedError, match="index"), open_weights(tmp_path):
        pass


def test_a_folder_without_safetensors_is_refused(tmp_path):
    (tmp_path / "diffusion_pytorch_model.bin").write_bytes(b"")

    with pytest.raises(ModelMissingError, match="no weights"), open_weights(tmp_path):
        pass


def test_a_pickle_is_not_even_opened(tmp_path):
    (tmp_path / "old.ckpt").write_bytes(b"cos\nsystem\n.")

    with pytest.raises(ModelError, match="pickle"), open_weights(tmp_path / "old.ckpt"):
        pass


def test_a_file_that_is_cut_off_is_refused(tmp_path):
    path = tmp_path / "cut.safetensors"
    save_file({"w": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:-1000])

    with pytest.raises(ModelDamagedError, match="cut"), open_weights(path):
        pass


def refuse_the_map(*_arguments: object, **_options: object) -> None:
    raise RuntimeError("unable to mmap 27640000000 bytes: Cannot allocate memory (12)")


def test_a_file_that_the_system_does_not_map_says_what_to_do(tmp_path, monkeypatch):
    save_file({"a": torch.zeros(4)}, tmp_path / "huge.safetensors")
    write_gguf(tmp_path / "huge.gguf", {"a": (256,)})
    monkeypatch.setattr(safetensors_file, "safe_open", refuse_the_map)
    monkeypatch.setattr(torch, "from_file", refuse_the_map)

    for name in ("huge.safetensors", "huge.gguf"):
        with (
            pytest.raises(OutOfMemoryError, match="too large for this machine"),
            open_weights(tmp_path / name),
        ):
            pass
