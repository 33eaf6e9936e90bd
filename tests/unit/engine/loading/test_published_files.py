"""Every tensor of a published file has its place, at the full sizes, of which only shapes are read.

The files hold zeros that nobody reads: their tensors are handed out on torch's meta device.
"""

from math import prod
from typing import Any

import pytest
import torch

from backend.engine.loading.source import Source
from backend.engine.loading.weights import Weights
from tests.fixtures import published_sd3, published_unets
from tests.fixtures.loaded import checkpoint_files, loaded
from tests.fixtures.model_files import Shapes, write_safetensors

UNET_PARAMETERS = {
    "sd15": 859_520_964,
    "sd2": 865_910_724,
    "sdxl": 2_567_463_684,
    "sdxl_refiner": 2_259_526_660,
}
PUBLISHED_BYTES = {
    "sd15": ("v1-5-pruned-emaonly", 4, 4_265_146_304),
    "sd2": ("v2-1_768-ema-pruned", 4, 5_214_604_494),
    "sdxl": ("sd_xl_base_1.0", 2, 6_938_078_334),
    "sdxl_refiner": ("sd_xl_refiner_1.0", 2, 6_075_981_930),
}
"""Each file's name, the bytes of a number, and of the whole, of which a little is its header."""


@pytest.fixture
def taken(monkeypatch) -> set[str]:
    """The tensors that have been asked for, none of which is read; their shapes must fit."""
    names: set[str] = set()

    def unread(weights: Weights, name: str) -> torch.Tensor:
        names.add(weights.prefix + name)
        return torch.empty(weights.shape(name), device="meta")

    take = Source.take

    def fitting(source: Source, weights: Weights, shape: torch.Size) -> torch.Tensor:
        stored = [side for side in weights.shape(source.name) if side != 1]
        if source.third is not None:
            stored[0] //= 3
        if source.transposed:
            stored.reverse()
        assert stored == [side for side in shape if side != 1], source.name
        return take(source, weights, shape)

    monkeypatch.setattr(Weights, "tensor", unread)
    monkeypatch.setattr(Source, "take", fitting)
    return names


def placed(family: str, tensors: Shapes, folder) -> Any:
    """The family's model, its weights on the meta device."""
    path = write_safetensors(folder / "whole.safetensors", tensors, dtype="F8_E4M3")
    return loaded(family, checkpoint_files(family, path), device="meta")


@pytest.mark.parametrize("family", published_unets.PUBLISHED)
def test_every_tensor_of_a_file_with_a_unet_has_its_place(tmp_path, taken, family):
    tensors = published_unets.whole_file(family)

    model = placed(family, tensors, tmp_path)

    reasons = published_unets.left_behind(family)
    assert set(tensors) - taken == {name for names in reasons.values() for name in names}
    assert sum(each.numel() for each in model.unet.parameters()) == UNET_PARAMETERS[family]


@pytest.mark.parametrize("family", published_unets.PUBLISHED)
def test_the_lists_are_as_long_as_the_published_files(family):
    _, width, size = PUBLISHED_BYTES[family]
    tensors = published_unets.whole_file(family)

    header = size - width * sum(map(prod, tensors.values()))

    assert 100 * len(tensors) < header < 200 * len(tensors)


@pytest.mark.parametrize("family", published_sd3.PUBLISHED)
def test_every_tensor_of_a_file_of_sd3_with_its_text_encoders_has_its_place(
    tmp_path, taken, family
):
    tensors = published_sd3.whole_file(published_sd3.PUBLISHED[family])

    placed(family, tensors, tmp_path)

    assert set(tensors) - taken == set()
