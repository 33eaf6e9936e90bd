"""A pickle becomes a safetensors file with the same numbers, whole or not at all."""

import os
import shutil
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from backend.engine.converting import convert
from backend.engine.loading import safetensors_writer
from backend.engine.run import KINDS
from backend.schema.conversion import ConversionRequest
from backend.schema.errors import ModelError, ModelMissingError, OutputError, RequestError
from backend.schema.events import Finished, Stage, Warned
from tests.fixtures.malicious import Malicious
from tests.fixtures.starter import context_in, of_type

BASE = torch.arange(12.0)
WEIGHTS = {
    "whole": BASE.view(3, 4),
    "shared": BASE.view(3, 4),
    "turned": BASE.view(3, 4).T,
    "every second": BASE[::2],
    "half": BASE.half(),
    "brain": BASE.bfloat16(),
    "eight": BASE.to(torch.float8_e4m3fn),
    "number": torch.tensor(7),
    "nothing": torch.zeros(0, 4),
    "truth": torch.tensor([True, False, True]),
}


@pytest.fixture
def pickled(tmp_path):
    torch.save({"state_dict": WEIGHTS, "epoch": 1}, tmp_path / "model.ckpt")
    return tmp_path / "model.ckpt"


@pytest.fixture
def converting(tmp_path):
    def converting(path):
        request = ConversionRequest(path=str(path)).model_dump(mode="json")
        return convert(request, context_in(tmp_path))

    return converting


def test_the_engine_does_this_kind_of_work():
    assert KINDS["convert"] is convert


def test_every_number_arrives_and_the_original_stays(pickled, converting, tmp_path):
    before = pickled.read_bytes()

    events = list(converting(pickled))

    written = load_file(tmp_path / "model.safetensors")
    assert written.keys() == WEIGHTS.keys()
    for name, tensor in WEIGHTS.items():
        assert written[name].dtype == tensor.dtype
        assert torch.equal(written[name].double(), tensor.double()), name
    assert pickled.read_bytes() == before
    assert isinstance(events[-1], Finished)
    assert str(tmp_path / "model.safetensors") in events[-1].sentence
    assert [path.name for path in tmp_path.glob("model*")] == ["model.ckpt", "model.safetensors"]


def test_how_far_it_is_is_told_in_bytes(pickled, converting, monkeypatch):
    monkeypatch.setattr(safetensors_writer, "_TOLD_BYTES", 1)

    stages = of_type(converting(pickled), Stage)

    done = [stage.done_bytes for stage in stages if stage.done_bytes]
    assert done == sorted(done)
    assert done[-1] == sum(tensor.nbytes for tensor in WEIGHTS.values())


def test_a_cancelled_conversion_leaves_nothing(pickled, converting, tmp_path, monkeypatch):
    monkeypatch.setattr(safetensors_writer, "_TOLD_BYTES", 1)
    events = converting(pickled)
    while not getattr(next(events), "done_bytes", None):
        pass
    assert (tmp_path / "model.safetensors.part").exists()

    events.close()

    assert list(tmp_path.iterdir()) == [pickled]


def test_a_file_that_is_there_is_not_overwritten(pickled, converting, tmp_path):
    (tmp_path / "model.safetensors").write_text("mine")

    with pytest.raises(RequestError, match="already"):
        list(converting(pickled))

    assert (tmp_path / "model.safetensors").read_text() == "mine"


def test_a_full_disk_is_seen_before_anything_is_written(pickled, converting, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1))

    with pytest.raises(OutputError, match="free"):
        list(converting(pickled))

    assert list(tmp_path.iterdir()) == [pickled]


def test_a_disk_that_refuses_leaves_nothing(pickled, converting, tmp_path, monkeypatch):
    def refuse(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)

    with pytest.raises(OutputError, match="No space left"):
        list(converting(pickled))

    assert list(tmp_path.iterdir()) == [pickled]


def test_what_safetensors_has_no_place_for_is_named(tmp_path, converting):
    torch.save({"w": BASE, "c": torch.zeros(2, dtype=torch.complex64)}, tmp_path / "model.pt")

    [warned] = of_type(converting(tmp_path / "model.pt"), Warned)

    assert isinstance(warned, Warned)
    assert warned.sentence.startswith("c is left out")
    assert load_file(tmp_path / "model.safetensors").keys() == {"w"}


def test_a_pickle_that_wants_to_run_something_writes_nothing(tmp_path, converting):
    torch.save({"w": BASE, "evil": Malicious(tmp_path / "trace")}, tmp_path / "model.ckpt")

    with pytest.raises(ModelError, match="asks to run"):
        list(converting(tmp_path / "model.ckpt"))

    assert list(tmp_path.iterdir()) == [tmp_path / "model.ckpt"]


def test_a_file_that_went_away_is_told(tmp_path, converting):
    with pytest.raises(ModelMissingError):
        list(converting(tmp_path / "gone.ckpt"))
