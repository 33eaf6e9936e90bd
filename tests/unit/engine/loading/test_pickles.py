"""Pickled checkpoints give their tensors, and never run anything."""

import os
import pickle
import sys
import types
from collections import OrderedDict

import numpy as np
import pytest
import torch

from backend.engine.loading.pickles import read_pickle
from backend.schema.errors import ModelDamagedError, ModelError
from tests.fixtures.malicious import Malicious

WEIGHT = torch.arange(6.0).view(2, 3)


def saved(tmp_path, value, *, old=False):
    path = tmp_path / "model.ckpt"
    torch.save(value, path, _use_new_zipfile_serialization=not old)
    return path


@pytest.mark.parametrize("old", [False, True], ids=["mapped", "as before torch 1.6"])
def test_only_the_weights_of_a_training_checkpoint_are_kept(tmp_path, old):
    checkpoint = {
        "state_dict": OrderedDict({"a.weight": WEIGHT, "step": 3, "nested": {"b": WEIGHT + 1}}),
        "optimizer": {"momentum": WEIGHT},
        "epoch": 5,
    }

    found = read_pickle(saved(tmp_path, checkpoint, old=old))

    assert found.keys() == {"a.weight", "nested.b"}
    assert torch.equal(found["a.weight"], WEIGHT)


def test_an_embedding_keeps_its_words_alone(tmp_path):
    vectors = torch.nn.Parameter(torch.randn(3, 768))
    pickled = {
        "string_to_token": {"*": torch.tensor(265)},
        "string_to_param": {"*": vectors},
        "name": "ink",
        "step": 500,
        "sd_checkpoint": None,
    }

    found = read_pickle(saved(tmp_path, pickled))

    assert found.keys() == {"emb_params"}
    assert torch.equal(found["emb_params"], vectors)


def test_a_file_of_bare_tensors(tmp_path):
    found = read_pickle(saved(tmp_path, {"w": torch.nn.Parameter(WEIGHT), "name": "x"}))

    assert found.keys() == {"w"}
    assert not found["w"].requires_grad


@pytest.mark.parametrize("wrapped", [True, False], ids=["in torch's file", "bare pickle"])
def test_a_pickle_that_wants_to_run_a_program_is_refused_and_runs_nothing(tmp_path, wrapped):
    trace = tmp_path / "trace"
    value = {"state_dict": {"w": WEIGHT}, "evil": Malicious(trace)}
    path = tmp_path / "model.ckpt"
    if wrapped:
        torch.save(value, path)
    else:
        path.write_bytes(pickle.dumps({"evil": Malicious(trace)}, protocol=2))

    with pytest.raises(ModelError) as caught:
        read_pickle(path)

    assert not trace.exists()
    if wrapped:
        assert f"{os.name}.system" in caught.value.sentence


def test_what_the_training_program_left_does_not_stand_in_the_way(tmp_path, monkeypatch):
    """As in the first published checkpoints: Lightning's class as a key, numpy's scalars."""
    name = "pytorch_lightning.callbacks.model_checkpoint"
    module = types.ModuleType(name)

    class ModelCheckpoint:
        pass

    ModelCheckpoint.__module__, ModelCheckpoint.__qualname__ = name, "ModelCheckpoint"
    module.__dict__["ModelCheckpoint"] = ModelCheckpoint
    path = tmp_path / "model.ckpt"
    with monkeypatch.context() as patch:
        for part in ("pytorch_lightning", "pytorch_lightning.callbacks"):
            patch.setitem(sys.modules, part, types.ModuleType(part))
        patch.setitem(sys.modules, name, module)
        left: dict[object, object] = {ModelCheckpoint: {"best": np.float64(0.5)}}
        left |= {"state": ModelCheckpoint(), "array": np.arange(3)}
        torch.save({"state_dict": {"w": WEIGHT}, "callbacks": left}, path)

    assert torch.equal(read_pickle(path)["w"], WEIGHT)


@pytest.mark.parametrize("content", [b"", b"<!doctype html>", b"PK\x03\x04broken", b"\x80\x02X"])
def test_what_is_no_checkpoint_is_refused_in_words(tmp_path, content):
    path = tmp_path / "model.ckpt"
    path.write_bytes(content)

    with pytest.raises(ModelDamagedError, match=r"model\.ckpt"):
        read_pickle(path)


def test_a_dictionary_that_holds_itself_is_refused_in_words(tmp_path):
    endless: dict[str, object] = {}
    endless["again"] = endless

    with pytest.raises(ModelDamagedError):
        read_pickle(saved(tmp_path, endless))


def test_a_file_without_weights_is_told(tmp_path):
    with pytest.raises(ModelError, match="no weights"):
        read_pickle(saved(tmp_path, {"epoch": 3}))
