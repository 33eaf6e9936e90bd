# pyright: reportArgumentType=false
# diffusers annotates its constructors wrongly (tuples of one, optional parts as required).
"""ControlNets of SD 3, 3.5 and FLUX.1 in their published sizes: read off a bare file's header."""

import json
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from diffusers.models.controlnets.controlnet_flux import FluxControlNetModel
from diffusers.models.controlnets.controlnet_sd3 import SD3ControlNetModel

from backend.engine.control.networks import flux_controlnet, sd3_controlnet
from backend.engine.loading.files import family_configs
from backend.engine.loading.origin import SourcesOf
from backend.engine.loading.original.flux_controlnet import flux_controlnet_sources
from backend.engine.loading.original.sd3_controlnet import sd3_controlnet_sources
from backend.engine.loading.weights import open_weights
from backend.schema.control_types import ControlType
from tests.fixtures.model_files import write_safetensors
from tests.fixtures.tiny_controlnets import unit_of

MEDIUM, LARGE, FLUX = 1536, 2432, 3072
INSTANTX_SD3 = {
    "num_layers": 6,
    "num_attention_heads": 24,
    "caption_projection_dim": MEDIUM,
    "pos_embed_max_size": 192,
}
STABILITY_LARGE = {
    "num_layers": 19,
    "num_attention_heads": 38,
    "joint_attention_dim": None,
    "caption_projection_dim": 2048,
    "pos_embed_max_size": None,
    "pos_embed_type": None,
    "use_pos_embed": False,
    "force_zeros_for_pooled_projection": False,
}
ALIMAMA_SD3 = INSTANTX_SD3 | {"num_layers": 23, "extra_conditioning_channels": 1}
INSTANTX_UNION = {
    "num_layers": 5,
    "num_single_layers": 10,
    "guidance_embeds": True,
    "num_mode": 10,
}
XLABS = {
    "num_layers": 2,
    "num_single_layers": 0,
    "guidance_embeds": True,
    "patch_size": 2,
    "conditioning_embedding_channels": 16,
}


def joined(shapes: dict[str, tuple[int, ...]], sources_of: SourcesOf) -> dict[str, Any]:
    """The shapes of a file in which thirds and parts are one."""
    found: dict[str, tuple[int, ...]] = {}
    for name, source in sources_of(list(shapes)).items():
        rows, *rest = shapes[name]
        before = found.get(source.name, (0,))[0]
        found[source.name] = (before + rows, *rest)
    return found


@pytest.mark.parametrize(
    ("kind", "config", "width", "sources"),
    [
        (SD3ControlNetModel, INSTANTX_SD3, MEDIUM, None),
        (SD3ControlNetModel, ALIMAMA_SD3, MEDIUM, None),
        (SD3ControlNetModel, STABILITY_LARGE, LARGE, None),
        (SD3ControlNetModel, STABILITY_LARGE, LARGE, sd3_controlnet_sources),
        (FluxControlNetModel, INSTANTX_UNION, FLUX, None),
        (FluxControlNetModel, XLABS, FLUX, None),
        (FluxControlNetModel, XLABS, FLUX, flux_controlnet_sources),
    ],
)
def test_a_header_tells_all_sizes(
    kind: Callable[..., Any],
    config: dict[str, Any],
    width: int,
    sources: SourcesOf | None,
    tmp_path: Any,
) -> None:
    with torch.device("meta"), warnings.catch_warnings(category=FutureWarning, action="ignore"):
        module = kind(**config)
    shapes = {name: tuple(each.shape) for name, each in module.state_dict().items()}
    held = joined(shapes, sources) if sources else shapes
    path = write_safetensors(tmp_path / "controlnet.safetensors", held)
    large = kind is SD3ControlNetModel
    control = unit_of(path, "sd3" if large else "flux1", ControlType.CANNY)
    published = family_configs("sd3" if large else "flux1").joinpath("controlnet.json")
    usual = json.loads(published.read_text())

    with open_weights(path) as weights:
        if large:
            read = sd3_controlnet._as_the_file_says(control.model, width, usual, weights)
            component = sd3_controlnet.CONTROLNET
        else:
            read = flux_controlnet._as_the_file_says(control, width, usual, weights)
            component = flux_controlnet.CONTROLNET
        layout = next(each for each in component.layouts if each.fits(weights))
    with torch.device("meta"):
        built = component.build(read)

    state = {name: tuple(each.shape) for name, each in built.state_dict().items()}
    assert state == shapes
    assert {source.name for source in layout.sources(state).values()} == set(held)
    told = {name: built.config[name] for name in config}
    free = {"caption_projection_dim", "pos_embed_max_size"}  # for a layer that is not there
    expected = config if config.get("use_pos_embed", True) else config | {n: told[n] for n in free}
    assert told == expected
