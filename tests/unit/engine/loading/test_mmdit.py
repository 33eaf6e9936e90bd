# pyright: reportArgumentType=false
# diffusers annotates its constructor by its defaults.
"""SD 3's transformer in its original names, against diffusers' converter and the published list."""

import pytest
import torch
from diffusers.loaders.single_file_utils import convert_sd3_transformer_checkpoint_to_diffusers
from diffusers.models.transformers.transformer_sd3 import SD3Transformer2DModel
from safetensors.torch import save_file

from backend.engine.loading.original.mmdit import mmdit_sources
from backend.engine.loading.source import left_over
from backend.engine.loading.weights import Weights, open_weights
from tests.fixtures.filling import fill
from tests.fixtures.model_files import write_safetensors
from tests.fixtures.published_sd3 import PUBLISHED, Transformer, transformer_tensors
from tests.fixtures.tiny_sd3 import transformer_config

PARAMETERS = {"sd3": 2.03e9, "sd35_medium": 2.24e9, "sd35_large": 8.06e9}


def network(size: Transformer) -> SD3Transformer2DModel:
    with torch.device("meta"):
        return SD3Transformer2DModel(**transformer_config(size))


@pytest.mark.parametrize(
    "size",
    [
        Transformer(2, positions=4, context=24, pooled=16),
        Transformer(3, positions=4, context=24, pooled=16, normalised=True),
        Transformer(3, positions=4, context=24, pooled=16, normalised=True, dual=(0, 1)),
    ],
    ids=["SD 3", "SD 3.5 large", "SD 3.5 medium"],
)
def test_transformers_agree_with_diffusers(tmp_path, size):
    torch.manual_seed(0)
    tensors = {name: torch.randn(shape) for name, shape in transformer_tensors(size).items()}
    save_file(tensors, tmp_path / "model.safetensors")
    ours = network(size)
    with open_weights(tmp_path / "model.safetensors") as weights:
        fill(ours, mmdit_sources(ours.state_dict()), weights, torch.float32, torch.device("cpu"))

    theirs = convert_sd3_transformer_checkpoint_to_diffusers(tensors)

    assert ours.state_dict().keys() == theirs.keys()
    for name, tensor in ours.state_dict().items():
        assert torch.equal(tensor, theirs[name]), name


@pytest.mark.parametrize("family", PUBLISHED)
def test_every_published_tensor_has_its_place(tmp_path, monkeypatch, family):
    """In a file of all names at their full sizes, of which only the shapes are read."""

    def unread(weights: Weights, name: str) -> torch.Tensor:
        return torch.empty(weights.shape(name), device="meta")

    monkeypatch.setattr(Weights, "tensor", unread)
    tensors = transformer_tensors(PUBLISHED[family])
    file = write_safetensors(tmp_path / "model.safetensors", tensors)
    transformer = network(PUBLISHED[family])
    sources = mmdit_sources(transformer.state_dict())

    with open_weights(file) as weights:
        fill(transformer, sources, weights, torch.float16, torch.device("meta"))
        assert left_over(weights.names, sources) == set()

    parameters = sum(each.numel() for each in transformer.parameters())
    assert parameters == pytest.approx(PARAMETERS[family], rel=0.003)
