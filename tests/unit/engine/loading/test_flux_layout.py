"""FLUX's own key map against diffusers' converter, at the published size.

The converter has the published width written into it, so that the tensors here have all their rows,
of which it takes parts, but one column.
"""

import json
from collections.abc import Iterator

import pytest
import torch
from diffusers.loaders.single_file_utils import convert_flux_transformer_checkpoint_to_diffusers
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
from safetensors.torch import save_file
from torch import Tensor

from backend.engine.loading.files import family_configs
from backend.engine.loading.original.flux import flux_sources
from backend.engine.loading.source import left_over
from backend.engine.loading.weights import open_weights

HIDDEN, MLP, HEAD = 3072, 12288, 128
EMBEDDERS = ("time_in", "vector_in")
PUBLISHED_TENSORS = {"dev": 780, "schnell": 776}


def published_rows(*, guided: bool) -> dict[str, int]:
    """The rows of each tensor, from Black Forest Labs' module list."""
    linear = {"img_in": HIDDEN, "txt_in": HIDDEN, "final_layer.linear": 64}
    linear["final_layer.adaLN_modulation.1"] = 2 * HIDDEN
    for embedder in (*EMBEDDERS, *(["guidance_in"] if guided else [])):
        linear |= {f"{embedder}.in_layer": HIDDEN, f"{embedder}.out_layer": HIDDEN}
    scales: dict[str, int] = {}
    for number in range(19):
        for stream in ("img", "txt"):
            block = f"double_blocks.{number}.{stream}"
            linear[f"{block}_mod.lin"] = 6 * HIDDEN
            linear |= {f"{block}_attn.qkv": 3 * HIDDEN, f"{block}_attn.proj": HIDDEN}
            linear |= {f"{block}_mlp.0": MLP, f"{block}_mlp.2": HIDDEN}
            scales |= {f"{block}_attn.norm.{of}_norm.scale": HEAD for of in ("query", "key")}
    for number in range(38):
        block = f"single_blocks.{number}"
        linear |= {f"{block}.linear1": 3 * HIDDEN + MLP, f"{block}.linear2": HIDDEN}
        linear[f"{block}.modulation.lin"] = 3 * HIDDEN
        scales |= {f"{block}.norm.{of}_norm.scale": HEAD for of in ("query", "key")}
    ends = {f"{name}.{end}": rows for name, rows in linear.items() for end in ("weight", "bias")}
    return ends | scales


def random_tensors(rows: dict[str, int]) -> Iterator[tuple[str, Tensor]]:
    torch.manual_seed(0)
    for name, height in rows.items():
        yield name, torch.randn(height, 1) if name.endswith("weight") else torch.randn(height)


@pytest.mark.parametrize("variant", ["dev", "schnell"])
def test_every_published_tensor_is_placed_where_diffusers_places_it(tmp_path, variant):
    config = json.loads(family_configs("flux1").joinpath("transformer.json").read_text("utf-8"))
    with torch.device("meta"):
        made = FluxTransformer2DModel.from_config(
            config | {"guidance_embeds": variant == "dev"}  # pyright: ignore[reportArgumentType]
        )
    shapes = {name: tensor.shape for name, tensor in made.state_dict().items()}  # pyright: ignore[reportAttributeAccessIssue]
    file = dict(random_tensors(published_rows(guided=variant == "dev")))
    path = tmp_path / "flux.safetensors"
    save_file(file, path)
    sources = flux_sources(shapes)

    with open_weights(path) as weights:
        ours = {
            name: source.take(
                weights, torch.Size([*shapes[name][:1], *[1] * (len(shapes[name]) - 1)])
            )
            for name, source in sources.items()
        }

    assert len(file) == PUBLISHED_TENSORS[variant]
    assert left_over(file, sources) == set()
    theirs = convert_flux_transformer_checkpoint_to_diffusers(dict(file))
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert torch.equal(ours[name], tensor), name
