"""How units steer a UNet: their modes, masks and weights, whatever is drawn at once, wherever
their weights lie."""

from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from backend.engine.adapters.adapter import read_adapter
from backend.engine.adapters.fitting import Chosen
from backend.engine.adapters.wearing import wearing
from backend.engine.control.hints import as_hint, as_share
from backend.engine.control.unit import Unit
from backend.engine.families.base import Conditioning, DenoiserSettings
from backend.engine.memory.placing import How, Placing
from backend.engine.tiled_denoiser import TiledDenoiser
from backend.engine.window import Window
from backend.schema.control_types import ControlType
from backend.schema.errors import ModelError
from backend.schema.models import Family, ModelKind, Role
from tests.fixtures.loaded import loaded
from tests.fixtures.tiny_controls import (
    asked_unit,
    bar_map,
    ready_unit,
    ring_map,
    save_single,
    tiny_adapter,
    tiny_controlnet,
    tiny_union,
)
from tests.fixtures.tiny_unets import save_tiny_sd15, save_tiny_sdxl

pytestmark = pytest.mark.usefixtures("one_thread")

SIDE, SIGMA = 64, torch.tensor(3.0)
ADAPTED = {
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_sd15(tmp_path_factory.mktemp("sd15"), **ADAPTED).folder


@pytest.fixture(scope="module")
def model(folder):
    return loaded("sd15", folder)


@pytest.fixture(scope="module")
def controlnet(folder, tmp_path_factory):
    return save_single(tiny_controlnet(folder), tmp_path_factory.mktemp("c") / "n.safetensors")


@pytest.fixture(scope="module")
def adapter(tmp_path_factory):
    return save_single(tiny_adapter(), tmp_path_factory.mktemp("t") / "a.safetensors")


@pytest.fixture(scope="module")
def unit(model, controlnet):
    return ready_unit(asked_unit(controlnet), model, ring_map())


@pytest.fixture(scope="module")
def other(model, adapter):
    return ready_unit(asked_unit(adapter, kind=ModelKind.T2I_ADAPTER), model, bar_map())


@pytest.fixture(scope="module")
def prompts(model) -> Conditioning:
    return model.encode_prompts("a red apple", "blurry")


def latents(pictures: int = 1, side: int = SIDE) -> Tensor:
    random = torch.Generator().manual_seed(1)
    return torch.randn(pictures, 4, side // 8, side // 8, generator=random) * SIGMA


def drawn(model, prompts, *units: Unit, cfg: float = 5.0, x: Tensor | None = None) -> Tensor:
    settings = DenoiserSettings(cfg, SIDE, SIDE, controls=units)
    return model.denoiser(prompts, settings)(latents() if x is None else x, SIGMA)


def differs(one: Tensor, other: Tensor) -> bool:
    return (one - other).abs().max().item() > 1e-4


def close(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, atol=1e-4)


def test_only_between_the_noise_levels_of_its_steps(model, prompts, unit):
    without = drawn(model, prompts)
    assert differs(drawn(model, prompts, replace(unit, begins=3.0, ends=2.9)), without)
    for begins, ends in ((2.9, 0.0), (5.0, 3.0)):
        silent = drawn(model, prompts, replace(unit, begins=begins, ends=ends))
        assert torch.equal(silent, without)


def test_units_of_both_kinds_add_up(model, prompts, unit, other):
    both = drawn(model, prompts, unit, other)
    assert differs(both, drawn(model, prompts, unit))
    assert differs(both, drawn(model, prompts, other))
    twice = drawn(model, prompts, unit, unit)
    assert close(twice, drawn(model, prompts, replace(unit, weight=2.0)))


def test_one_network_follows_several_maps_in_one_go(model, prompts, unit):
    second = replace(unit, shown=unit.network.shown(bar_map(), None), weight=0.5)
    calls: list[int] = []
    hook = unit.network.module.register_forward_pre_hook(
        lambda _, seen: calls.append(len(seen[0])), with_kwargs=False
    )
    together = drawn(model, prompts, unit, second)
    assert calls == [4]
    model.workplace.prompts_in_turn = True
    in_turn = drawn(model, prompts, unit, second)
    model.workplace.prompts_in_turn = False
    hook.remove()
    assert calls == [4, 1, 1, 1, 1]
    assert close(together, in_turn)


def test_the_same_whatever_is_drawn_at_once(model, prompts, unit, other):
    x, units = latents(3), (unit, replace(other, mode="control"))
    all_at_once = drawn(model, prompts, *units, x=x)
    for number in range(3):
        alone = drawn(model, prompts, *units, x=x[number : number + 1])
        assert close(alone, all_at_once[number : number + 1])
    model.workplace.prompts_in_turn = True
    in_turn = drawn(model, prompts, *units, x=x)
    model.workplace.prompts_in_turn = False
    assert close(in_turn, all_at_once)


def test_several_prompts_and_none_that_is_negative(model, unit):
    pair = model.encode_prompts("a red apple", "blurry", "a table")
    assert differs(drawn(model, pair, unit), drawn(model, pair))
    alone = model.encode_prompts("a red apple", "blurry")
    controlled = replace(unit, mode="control")
    assert differs(drawn(model, alone, unit, cfg=1.0), drawn(model, alone, cfg=1.0))
    assert differs(drawn(model, alone, controlled, cfg=1.0), drawn(model, alone, cfg=1.0))


def test_modes_weigh_by_depth_and_leave_the_negative_prompt_alone(model, prompts, unit):
    """As A1111's extension: depth weights 0.825^(12 - i), and nothing for the negative prompt."""
    module, scaled = unit.network.module, latents() * (SIGMA**2 + 1).rsqrt()
    time = model.levels.timestep(SIGMA).float()
    seen = scaled.repeat(2, 1, 1, 1)
    states = torch.cat([prompts.negative.states, prompts.positive.states])
    hint = as_hint(ring_map(), None, 0.0)

    def by_hand(*, positive_only: bool) -> Tensor:
        with torch.no_grad():
            down, mid = module(seen, time, states, hint.repeat(2, 1, 1, 1), return_dict=False)
            told = [each * 0.825 ** (12 - place) for place, each in enumerate((*down, mid))]
            if positive_only:
                told = [torch.cat([each[:1] * 0, each[1:]]) for each in told]
            output = model.unet(
                seen,
                time,
                states,
                down_block_additional_residuals=tuple(told[:-1]),
                mid_block_additional_residual=told[-1],
                return_dict=False,
            )[0]
        negative, positive = output.chunk(2)
        return latents() - (negative + 5.0 * (positive - negative)) * SIGMA

    for mode, positive_only in (("prompt", False), ("control", True)):
        found = drawn(model, prompts, replace(unit, mode=mode))
        assert close(found, by_hand(positive_only=positive_only))
        assert differs(found, drawn(model, prompts, unit))


def test_a_mask_keeps_it_to_a_part(model, prompts, unit):
    nowhere = replace(unit, mask=torch.zeros(1, 1, SIDE, SIDE))
    everywhere = replace(unit, mask=torch.ones(1, 1, SIDE, SIDE))
    assert close(drawn(model, prompts, nowhere), drawn(model, prompts))
    assert close(drawn(model, prompts, everywhere), drawn(model, prompts, unit))
    half = Image.new("L", (SIDE, SIDE))
    half.paste(255, (0, 0, SIDE // 2, SIDE))
    halved = drawn(model, prompts, replace(unit, mask=as_share(half)))
    assert differs(halved, drawn(model, prompts, unit))
    assert differs(halved, drawn(model, prompts))


def test_a_shuffled_map_tells_what_not_where(model, prompts, unit):
    shuffled = replace(unit, type=ControlType.SHUFFLE)
    assert differs(drawn(model, prompts, shuffled), drawn(model, prompts, unit))
    assert differs(drawn(model, prompts, shuffled), drawn(model, prompts))


def test_each_tile_is_steered_by_its_part_of_the_map(model, prompts, controlnet, adapter):
    """Until the next tile is mixed in, it is drawn as if there were nothing else."""
    wide = Image.new("RGB", (2 * SIDE, SIDE))
    wide.paste(ring_map(), (0, 0))
    wide.paste(bar_map(), (SIDE, 0))
    for asked in (asked_unit(controlnet), asked_unit(adapter, kind=ModelKind.T2I_ADAPTER)):
        unit = ready_unit(asked, model, wide)
        window = Window()
        settings = DenoiserSettings(5.0, SIDE, SIDE, controls=(unit,), window=window)
        tiled = TiledDenoiser(model.denoiser(prompts, settings), SIDE // 8, window=window)
        random = torch.Generator().manual_seed(2)
        x = torch.randn(1, 4, SIDE // 8, 2 * SIDE // 8, generator=random) * SIGMA
        found = tiled(x, SIGMA)
        assert window.rows is None
        left = replace(unit, shown=tuple(each[..., : each.shape[-1] // 2] for each in unit.shown))
        first = drawn(model, prompts, left, x=x[..., : SIDE // 8])
        assert close(found[..., :4], first[..., :4])  # beyond, the next tile is mixed in


def test_a_union_model_refuses_what_it_did_not_learn(tmp_path):
    folder = save_tiny_sdxl(tmp_path / "sdxl").folder
    place = save_single(tiny_union(folder), tmp_path / "u.safetensors")
    model = loaded("sdxl", folder)
    prompts = model.encode_prompts("a red apple", "")
    unit = ready_unit(asked_unit(place, family=Family.SDXL), model, ring_map())
    for kind, words in ((ControlType.TILE, "did not learn"), (None, "is not told")):
        with pytest.raises(ModelError, match=words):
            drawn(model, prompts, replace(unit, type=kind))
    assert differs(
        drawn(model, prompts, replace(unit, type=ControlType.DEPTH)),
        drawn(model, prompts, replace(unit, type=ControlType.POSE)),
    )


def test_an_inpainting_model_is_told_what_is_to_be_painted(model, controlnet):
    mask = Image.new("L", (SIDE, SIDE))
    mask.paste(255, (0, 0, SIDE, SIDE // 2))
    hint = as_hint(ring_map(), mask, -1.0)
    assert (hint[:, :, : SIDE // 2] == -1).all()
    assert torch.equal(hint[:, :, SIDE // 2 :], as_hint(ring_map(), None, 0.0)[:, :, SIDE // 2 :])
    plain = ready_unit(asked_unit(controlnet), model, ring_map())
    painted = ready_unit(asked_unit(controlnet), model, ring_map(), painted=mask)
    assert differs(plain.shown[0], painted.shown[0])


@pytest.mark.parametrize(
    "lies",
    [
        ("resident", "ram", True),
        ("model", "ram", False),
        ("model", "disk", True),
        ("group", "ram", False),
        ("leaf", "disk", True),
    ],
)
def test_the_same_wherever_its_weights_lie(model, prompts, folder, controlnet, lies):
    placement, parked, low_vram = lies
    how = How(placement)
    alone = How("model") if low_vram and placement == "resident" else how
    parts: dict[Role, How] = {"diffusion_model": how, "clip_l": how}
    elsewhere = loaded("sd15", folder, placing=Placing(parts, parked, {str(controlnet): alone}))
    steers = ready_unit(asked_unit(controlnet, low_vram=low_vram), elsewhere, ring_map())
    unit = ready_unit(asked_unit(controlnet), model, ring_map())
    assert torch.equal(drawn(elsewhere, prompts, steers), drawn(model, prompts, unit))
    module = steers.network.module
    stays = placement == "resident" or (placement == "model" and not low_vram)
    block = module.get_submodule("down_blocks.0.resnets")
    there = [not each.is_meta for each in block.parameters()]
    assert all(there) if stays and not low_vram else not any(there)
    drawn(elsewhere, prompts, replace(steers, begins=1.0))  # past its end
    if placement == "model":
        assert all(each.is_meta for each in module.parameters())


def test_a_lora_changes_the_network_and_not_what_steers_it(model, prompts, unit, tmp_path):
    """Both have layers of the same names."""
    layer = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    size = model.unet.get_submodule(layer).weight.shape
    torch.manual_seed(0)
    name = "lora_unet_" + layer.replace(".", "_")
    pair = {"lora_down.weight": torch.randn(4, size[1]), "lora_up.weight": torch.randn(size[0], 4)}
    path = tmp_path / "lora.safetensors"
    save_file({f"{name}.{part}": tensor for part, tensor in pair.items()}, path)
    alone, steered = drawn(model, prompts), drawn(model, prompts, unit)
    with wearing(model.workplace, [Chosen(read_adapter(path))]):
        assert differs(drawn(model, prompts), alone)
        assert differs(drawn(model, prompts, unit), drawn(model, prompts))
        query = unit.network.module.get_submodule(layer)
        assert "forward" not in vars(query)
    assert torch.equal(drawn(model, prompts, unit), steered)


def test_a_guest_goes_when_nobody_asks_for_it(folder, controlnet):
    own = loaded("sd15", folder, placing=Placing(guests={str(controlnet): How()}))
    before = own.workplace.tally.now
    unit = ready_unit(asked_unit(controlnet), own, ring_map())
    assert own.workplace.houses(unit.network.module)
    assert own.workplace.bytes_here == own.workplace.tally.now > before
    assert not own.workplace.dismiss()
    own.workplace.want(Placing())
    assert own.workplace.bytes_here == before
    assert own.workplace.dismiss()
    assert not own.workplace.houses(unit.network.module)
    assert own.workplace.tally.now == before
