"""Kinds of things in ADE20K's colours, by both networks from their published layouts."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from backend.engine.control.base import MapSettings
from backend.engine.control.preprocessors import segmentation
from backend.engine.control.registry import find_preprocessor
from backend.engine.control.seeing import quietly, read_weights
from backend.prompts.clip_tokenizer import published_words
from tests.fixtures.photos import photo

CPU = torch.device("cpu")
WALL, SKY = (120, 120, 120), (6, 230, 230)
"""The first and the third colour of ADE20K."""

pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_likeliest_class_has_its_colour():
    scores = torch.zeros(1, 150, 2, 2)
    scores[0, 0, :, 0] = 1
    scores[0, 2, :, 1] = 1

    drawn = segmentation.coloured(scores, Image.new("RGB", (40, 20)))

    assert (drawn.mode, drawn.size) == ("RGB", (40, 20))
    assert drawn.getpixel((2, 10)) == WALL
    assert drawn.getpixel((37, 10)) == SKY
    assert len(np.unique(np.asarray(drawn).reshape(-1, 3), axis=0)) == 2


def test_the_task_is_told_in_clips_words():
    read = [token.number for token in published_words()("the task is semantic")]

    assert list(segmentation.TASK[1:-1]) == read


def saved(folder: Path, name: str, configuration: object) -> Path:
    """A network of random weights, pickled under the names that were published."""
    import transformers  # noqa: PLC0415  after the engine, which keeps scipy from it

    with quietly(), segmentation.unlearning():
        network = getattr(transformers, name)(configuration)
        network.save_pretrained(folder)
    file = folder / "pytorch_model.bin"
    torch.save(read_weights(folder / "model.safetensors"), file)
    return file


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("id_", "name", "configure"),
    [
        ("seg_ufade20k", "UperNetForSemanticSegmentation", segmentation.upernet_over_convnext),
        ("seg_ofade20k", "OneFormerForUniversalSegmentation", segmentation.oneformer_over_swin),
    ],
)
def test_it_runs_from_its_file(id_, name, configure, tmp_path, monkeypatch):
    monkeypatch.setattr(segmentation, "SHORTER_SIDE", 128)
    file = saved(tmp_path, name, configure())

    drawn = find_preprocessor(id_)(photo(1, 100, 70), MapSettings(device=CPU, files=(file,)))

    assert (drawn.mode, drawn.size) == ("RGB", (100, 70))
