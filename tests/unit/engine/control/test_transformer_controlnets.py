"""ControlNets of SD 3, 3.5 and FLUX.1: every layout, what units do, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from backend.engine.control.unit import Unit
from backend.engine.families.base import Conditioning, DenoiserSettings
from backend.engine.families.steering import LAST_SHARE, strengths_of
from backend.engine.loading.files import CONFIG_KEY
from backend.engine.loading.original.flux_controlnet import flux_controlnet_sources
from backend.engine.loading.original.sd3_controlnet import sd3_controlnet_sources
from backend.engine.memory.placing import How, Placing
from backend.engine.window import Window
from backend.schema.control_types import ControlType
from backend.schema.errors import ModelDamagedError, ModelError, OutOfRangeError
from tests.fixtures.bare_models import bare_flux, bare_sd3
from tests.fixtures.tiny_controlnets import (
    in_other_names,
    read_controlnet,
    tiny_flux_controlnet,
    tiny_large_controlnet,
    tiny_sd3_controlnet,
    tiny_xlabs_controlnet,
    unit_of,
)

pytestmark = pytest.mark.usefixtures("one_thread")

SIDE = 64
MODELS: dict[str, Callable[[], Any]] = {
    "flux1": bare_flux,
    **{name: lambda name=name: bare_sd3(name) for name in ("sd3", "sd35_large")},
}
KINDS: dict[str, tuple[str, Callable[[], Any]]] = {
    "sd3": ("sd3", lambda: tiny_sd3_controlnet("sd3")),
    "large": ("sd35_large", tiny_large_controlnet),
    "flux": ("flux1", tiny_flux_controlnet),
    "xlabs": ("flux1", tiny_xlabs_controlnet),
}


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    levels = np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return Image.fromarray(levels)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    """A folder of each kind."""
    made: dict[str, Path] = {}
    for kind, (_, make) in KINDS.items():
        made[kind] = tmp_path_factory.mktemp(kind) / f"my-{kind}"
        make().save_pretrained(made[kind])
    return made


def told_config(folder: Path) -> dict[str, str]:
    """Its config as a single file tells it, without what the tensors say."""
    return {CONFIG_KEY + "controlnet": (folder / "config.json").read_text()}


def unit(model: Any, path: Path, family: str, picture: Image.Image, **options: Any) -> Unit:
    control = unit_of(path, family, options.get("type"))
    network = read_controlnet(control, model)
    usual = Unit(network, network.shown(picture, None), 0.7, "balanced", 1.0, 0.0)
    return replace(usual, **options)


def estimate(model: Any, *units: Unit, cfg_scale: float = 1.0, **options: Any) -> Tensor:
    """One estimate of two pictures from noise."""
    conditioning = options.pop("conditioning", model.encode_prompts("", ""))
    settings = DenoiserSettings(cfg_scale, SIDE, SIDE, controls=units, **options)
    return model.denoiser(conditioning, settings)(noise(), torch.tensor(0.7).double())


def noise() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, 16, SIDE // 8, SIDE // 8, generator=generator).double()


def close(one: Tensor, other: Tensor) -> bool:
    return bool((one - other).abs().max() < 1e-9)


@pytest.fixture(params=KINDS)
def steered(request, folders, picture) -> tuple[Any, Unit]:
    """A model of each family with a unit of each kind."""
    family, _ = KINDS[request.param]
    model = MODELS[family]()
    return model, unit(model, folders[request.param], family, picture)


def test_a_unit_changes_what_is_drawn_and_a_weight_of_nothing_does_not(steered):
    model, unit = steered
    without = estimate(model)

    assert (estimate(model, unit) - without).abs().max() > 1e-3
    assert torch.equal(estimate(model, replace(unit, weight=0.0)), without)


def test_prompts_in_turn_draw_the_same(steered):
    model, unit = steered
    together = estimate(model, unit, cfg_scale=3.0)

    model.workplace.prompts_in_turn = True

    assert close(estimate(model, unit, cfg_scale=3.0), together)


def test_only_what_is_to_be_drawn_is_steered_where_the_map_counts_more(steered):
    model, unit = steered
    both = model.encode_prompts("", "")

    found = estimate(model, replace(unit, mode="control"), cfg_scale=3.0)

    unsteered = estimate(model, conditioning=Conditioning(both.negative, both.negative))
    assert close(found, unsteered + 3.0 * (estimate(model, unit) - unsteered))


def test_units_add_up(steered):
    model, unit = steered
    half = replace(unit, weight=0.35)

    assert close(estimate(model, half, half), estimate(model, unit))


def test_a_unit_steers_between_its_noise_levels_alone(steered):
    model, unit = steered

    assert torch.equal(estimate(model, replace(unit, begins=0.6)), estimate(model))
    assert torch.equal(estimate(model, replace(unit, ends=0.7)), estimate(model))


def test_a_mask_says_where_it_steers(steered):
    model, unit = steered
    white = torch.ones(1, 1, SIDE, SIDE)

    assert close(estimate(model, replace(unit, mask=white)), estimate(model, unit))
    assert torch.equal(estimate(model, replace(unit, mask=0 * white)), estimate(model))


def test_a_tile_sees_its_part_of_the_map(steered):
    model, unit = steered
    window = Window()
    tile = torch.arange(2, 6)
    window.show(SIDE // 8, tile, tile)
    settings = DenoiserSettings(1.0, 32, 32, controls=(unit,), window=window)
    x, sigma = noise()[..., 2:6, 2:6], torch.tensor(0.7).double()
    found = model.denoiser(model.encode_prompts("", ""), settings)(x, sigma)

    (whole,) = unit.shown
    scale = whole.shape[-1] // (SIDE // 8)
    part = slice(2 * scale, 6 * scale)
    alone = replace(settings, controls=(replace(unit, shown=(whole[..., part, part],)),))
    alone = replace(alone, window=Window())
    assert torch.equal(found, model.denoiser(model.encode_prompts("", ""), alone)(x, sigma))


@pytest.mark.parametrize("placement", ["model", "group", "leaf"])
def test_a_network_that_comes_and_goes_steers_the_same(steered, placement):
    model, unit = steered
    expected = estimate(model, unit)
    (file,) = model.workplace._guests

    model.workplace.want(Placing(guests={file: How(placement, "full")}))

    assert torch.equal(estimate(model, unit), expected)
    assert torch.equal(estimate(model, replace(unit, low_vram=True)), expected)


def test_a_network_in_eight_bits_steers_nearly_the_same(steered):
    model, unit = steered
    expected, without = estimate(model, unit), estimate(model)
    (file,) = model.workplace._guests

    model.workplace.want(Placing(guests={file: How("resident", "fp8")}))

    off = (estimate(model, unit) - expected).std()
    assert 0 < off < 0.2 * (expected - without).std()


def test_residuals_become_weaker_where_the_prompt_counts_more(steered):
    _, unit = steered

    assert strengths_of(unit, 3) == [0.7] * 3
    softer = strengths_of(replace(unit, mode="prompt"), 3)
    assert softer == pytest.approx([0.7, 0.7 * LAST_SHARE**0.5, 0.7 * LAST_SHARE])


def test_networks_of_both_kinds_steer_flux_together(folders, picture):
    model = bare_flux()
    units = [unit(model, folders[kind], "flux1", picture) for kind in ("flux", "xlabs")]

    together = estimate(model, *units, cfg_scale=3.0)

    assert together.isfinite().all()
    assert not close(together, estimate(model, units[0], cfg_scale=3.0))


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_file_steers_the_same(kind, folders, picture, tmp_path):
    family, _ = KINDS[kind]
    model = MODELS[family]()
    folder = folders[kind]
    path = tmp_path / f"{kind}.safetensors"
    save_file(load_file(folder / "diffusion_pytorch_model.safetensors"), path, told_config(folder))

    expected = estimate(model, unit(model, folder, family, picture))

    assert torch.equal(estimate(model, unit(model, path, family, picture)), expected)


@pytest.mark.parametrize(
    ("kind", "sources"),
    [
        ("large", sd3_controlnet_sources),
        ("xlabs", flux_controlnet_sources),
        ("flux", flux_controlnet_sources),
    ],
)
def test_a_file_in_the_original_names_steers_the_same(kind, sources, folders, picture, tmp_path):
    family, _ = KINDS[kind]
    model, folder = MODELS[family](), folders[kind]
    state = load_file(folder / "diffusion_pytorch_model.safetensors")
    path = in_other_names(state, sources, tmp_path / "original.safetensors", told_config(folder))

    expected = estimate(model, unit(model, folder, family, picture))

    assert torch.equal(estimate(model, unit(model, path, family, picture)), expected)


def test_xlabs_convolutions_are_numbered_as_in_their_files():
    names = list(tiny_xlabs_controlnet().state_dict())

    found = {source.name for source in flux_controlnet_sources(names).values()}

    layers = {name.split(".")[1] for name in found if name.startswith("input_hint_block.")}
    assert layers == {"0", "2", "4", "6", "8", "10", "12", "14"}
    assert "pos_embed_input.weight" in found
    assert "double_blocks.0.img_attn.qkv.weight" in found


def test_flux_fill_is_steered_beside_its_own_mask(folders, picture):
    model = bare_flux(channels=384)
    flux = unit(model, folders["flux"], "flux1", picture)

    assert not close(estimate(model, flux), estimate(model))


def test_flux_to_inpaint_sees_the_mask(folders, picture, tmp_path):
    model, folder = bare_flux(), folders["flux"]
    state = load_file(folder / "diffusion_pytorch_model.safetensors")
    state["controlnet_x_embedder.weight"] = torch.randn(32, 68) * 0.2
    path = tmp_path / "inpainting.safetensors"
    save_file(state, path, told_config(folder))
    network = read_controlnet(unit_of(path, "flux1"), model)
    left = Image.new("L", picture.size)
    left.paste(255, (0, 0, SIDE // 2, SIDE))

    shown = network.shown(picture, left)

    (latents,) = shown
    assert latents.shape == (1, 17, SIDE // 8, SIDE // 8)
    assert latents[0, 16].tolist() == [[0.0] * 4 + [1.0] * 4] * 8
    unit = Unit(network, shown, 1.0, "balanced", 1.0, 0.0)
    (unmasked,) = whole = network.shown(picture, None)
    assert unmasked[0, 16].tolist() == [[1.0] * 8] * 8
    assert not close(estimate(model, unit), estimate(model, replace(unit, shown=whole)))


@pytest.mark.parametrize(
    ("kind", "number", "pixels_of"),
    [
        (ControlType.CANNY, 1, lambda levels: levels * 0.5 + 0.5),
        (ControlType.DEPTH, 2, lambda levels: 1 - levels / 127.5),
        (ControlType.BLUR, 0, lambda levels: levels / 127.5 - 1),
    ],
)
def test_maps_for_sd35_large_are_shown_as_it_was_taught(
    kind, number, pixels_of, folders, picture, tmp_path
):
    model, folder = bare_sd3("sd35_large"), folders["large"]
    state = load_file(folder / "diffusion_pytorch_model.safetensors")
    path = tmp_path / "original.safetensors"
    save_file(state | {"control_type": torch.tensor([number])}, path, told_config(folder))
    controls = (
        unit_of(folder, "sd35_large", kind),
        unit_of(path, "sd35_large", ControlType.SOFT_EDGE),  # what the file says counts
    )

    (shown,), (also,) = (read_controlnet(each, model).shown(picture, None) for each in controls)

    levels = torch.from_numpy(np.array(picture)).double().permute(2, 0, 1)[None]
    with torch.no_grad():
        middle = model.vae.encode(pixels_of(levels), return_dict=False)[0].mean
    assert torch.equal(shown, also)
    assert (shown - (middle - 0.0609) * 1.5305).abs().max() < 1e-5


def test_union_models_are_told_what_the_map_shows(picture, tmp_path):
    model = bare_flux()
    tiny_flux_controlnet(num_mode=3).save_pretrained(tmp_path)
    depth = unit(model, tmp_path, "flux1", picture, type=ControlType.DEPTH)

    assert not close(estimate(model, depth), estimate(model, replace(depth, type=ControlType.TILE)))
    for unknown in (None, ControlType.POSE, ControlType.NORMAL):
        with pytest.raises(ModelError, match=r"Canny, Tile, Depth\.$"):
            read_controlnet(unit_of(tmp_path, "flux1", unknown), model)
        with pytest.raises(ModelError, match=r"Canny, Tile, Depth\.$"):
            estimate(model, replace(depth, type=unknown))


def test_networks_for_other_checkpoints_are_refused(folders, tmp_path):
    flux, medium = bare_flux(), bare_sd3("sd35_medium")
    for kind, family, model in (
        ("flux", "sd3", medium),
        ("sd3", "flux1", flux),
        ("sd3", "sd35_medium", medium),
    ):
        with pytest.raises(ModelError, match=f"“my-{kind}” was made for a network of another kind"):
            read_controlnet(unit_of(folders[kind], family), model)
    folder = tmp_path / "unknown"
    tiny_sd3_controlnet(
        "sd35_medium", joint_attention_dim=None, use_pos_embed=False, pooled_projection_dim=192
    ).save_pretrained(folder)
    with pytest.raises(ModelError, match="in a way that Easel does not know"):
        read_controlnet(unit_of(folder, "sd35_medium"), medium)


def test_a_broken_folder_is_named(folders, tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    state = load_file(folders["flux"] / "diffusion_pytorch_model.safetensors")
    del state["controlnet_blocks.1.bias"]
    save_file(state, folder / "diffusion_pytorch_model.safetensors")
    (folder / "config.json").write_text((folders["flux"] / "config.json").read_text())

    with pytest.raises(ModelDamagedError, match=r"“broken” is broken.*controlnet_blocks\.1\.bias"):
        read_controlnet(unit_of(folder, "flux1"), bare_flux())


def test_a_map_beyond_the_known_places_is_refused(folders, picture):
    network = read_controlnet(unit_of(folders["sd3"], "sd3"), bare_sd3("sd3"))

    with pytest.raises(OutOfRangeError, match="up to 192 pixels"):
        network.shown(picture.resize((208, 64)), None)
