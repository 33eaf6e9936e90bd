"""Putting a model folder together from the parts of a run."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from recipes.starter import assemble as subject
from recipes.starter import places
from recipes.starter.places import MODEL

UNET = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A work folder in which a run has made a UNet of ones, float32."""
    folder = tmp_path / "work" / "unet"
    folder.mkdir(parents=True)
    shutil.copy(MODEL / "unet" / "config.json", folder)
    save_file({"weight": torch.ones(3)}, folder / UNET)
    monkeypatch.setattr(places, "WORK", folder.parent)
    return folder.parent


def test_the_parts_of_the_run_stand_beside_the_shipped_ones(work, tmp_path):
    target = tmp_path / "model"
    subject.assemble(target)
    weights = load_file(target / "unet" / UNET)
    assert weights["weight"].dtype == torch.float16
    assert weights["weight"].tolist() == [1, 1, 1]
    shipped = (MODEL / "vae" / UNET).read_bytes()
    assert (target / "vae" / UNET).read_bytes() == shipped
    assert (target / "model_index.json").exists()


def test_the_upscaler_of_the_run_comes_along(work, tmp_path, monkeypatch):
    made = work / "upscaler.safetensors"
    save_file({"weight": torch.zeros(2).half()}, made)
    monkeypatch.setattr(subject, "UPSCALER", made)
    subject.assemble(tmp_path / "model")
    assert (tmp_path / "model" / made.name).read_bytes() == made.read_bytes()


def test_no_half_written_files_are_left(work, tmp_path):
    subject.assemble(tmp_path / "model")
    assert not list((tmp_path / "model").rglob("*.part"))


def test_a_configuration_keeps_no_trace_of_the_machine():
    text = '{"_name_or_path": "/home/someone/unet", "dtype": "float32", "layers": 1}'
    assert json.loads(subject.clean_config(text)) == {"dtype": "float16", "layers": 1}
