"""Weights on one device and work on another, without a graphics card.

Fake tensors have no numbers, but each knows its device, and a call that mixes two devices fails as
it would on a card. What passes on the processor alone can still be wrong: there all are at home.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

import pytest
import torch
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from PIL import Image
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from backend.engine.adapters.changed_layer import LayerChanges
from backend.engine.adapters.deltas.base import Delta
from backend.engine.adapters.deltas.decomposed import Decomposed
from backend.engine.adapters.deltas.low_rank import LowRank
from backend.engine.control import unit as steering_unit
from backend.engine.families.unet_controls import Asked, Steering
from backend.engine.families.unet_pictures import cross_attentions, reading_pictures
from backend.engine.loading.components import own_names
from backend.engine.loading.kept import Kept
from backend.engine.loading.origin import Origin
from backend.engine.loading.weights import Weights
from backend.engine.memory.carrier import AtOnce, Carrier, Unit
from backend.engine.memory.placed import Ground, Placed
from backend.engine.memory.placing import How
from backend.engine.memory.weight import Tally
from backend.engine.memory.workplace import Workplace
from backend.engine.window import Window
from backend.schema.memory import Storage
from backend.schema.memory_settings import Placement

CARD = torch.device("cuda", 0)
Order = Literal["none", "before", "after"]


class OnItsOwnStream:
    """Brings the next unit early, and hands it out only to who waits for it."""

    def __init__(self) -> None:
        self.begun: list[Unit] = []
        self.early = 0

    def parked(self, kept: Kept) -> Kept:
        return kept

    def begin(self, unit: Unit) -> None:
        if unit not in self.begun:
            self.begun.append(unit)

    def bring(self, unit: Unit) -> None:
        self.early += unit in self.begun
        self.forget(unit)
        for weight in unit.weights:
            weight.come(CARD)

    def forget(self, unit: Unit) -> None:
        if unit in self.begun:
            self.begun.remove(unit)


def unet() -> nn.Module:
    return UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(32, 64),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=4,
        layers_per_block=1,
        norm_num_groups=8,
    )


def flux() -> nn.Module:
    return FluxTransformer2DModel(
        in_channels=16,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=24,
        guidance_embeds=True,
        axes_dims_rope=(4, 6, 6),
    )


def call_unet(module: nn.Module) -> torch.Tensor:
    latents = torch.empty(2, 4, 16, 16, device=CARD)
    prompts = torch.empty(2, 24, 32, device=CARD)
    return module(latents, torch.empty(1, device=CARD), prompts).sample


def call_flux(module: nn.Module) -> torch.Tensor:
    return module(
        hidden_states=torch.empty(1, 16, 16, device=CARD),
        encoder_hidden_states=torch.empty(1, 8, 32, device=CARD),
        pooled_projections=torch.empty(1, 24, device=CARD),
        timestep=torch.empty(1, device=CARD),
        guidance=torch.empty(1, device=CARD),
        img_ids=torch.zeros(16, 3, device=CARD),
        txt_ids=torch.zeros(8, 3, device=CARD),
        return_dict=False,
    )[0]


NETWORKS = {"unet": (unet, call_unet), "flux": (flux, call_flux)}


PLACEMENTS = ("resident", "model", "group", "leaf")
STORAGES = ("full", "stored", "fp8")
CASES = [
    *product(["unet"], PLACEMENTS, STORAGES, ["none", "before", "after"]),
    *product(["flux"], PLACEMENTS, ["fp8"], ["before", "after"]),
]


@dataclass(frozen=True)
class Held:
    """A file of weights in half precision whose tensors are in memory: mapped ones have numbers."""

    tensors: Mapping[str, torch.Tensor]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.tensors)

    def shape(self, name: str) -> torch.Size:
        return self.tensors[name].shape

    def tensor(self, name: str) -> torch.Tensor:
        return self.tensors[name]

    def kept(self, name: str) -> Kept:
        return Kept(self.tensors[name])


@dataclass(frozen=True)
class HeldOrigin(Origin):
    """Where the tensors of a held file lie."""

    file: Held

    @contextmanager
    def opened(self) -> Generator[Weights]:
        yield Weights(self.place, self.file.names, "", self.file)


@pytest.fixture(scope="module")
def files() -> Mapping[str, Held]:
    return {
        name: Held({key: each.half() for key, each in build().state_dict().items()})
        for name, (build, _) in NETWORKS.items()
    }


def exchange(module: nn.Module, change: Callable[[torch.Tensor], torch.Tensor]) -> nn.Module:
    """Do what `Module.to` does: torch's own cannot exchange fake tensors."""
    for child in module.children():
        exchange(child, change)
    for name, parameter in list(module.named_parameters(recurse=False)):
        setattr(module, name, nn.Parameter(change(parameter), requires_grad=False))
    return module


@pytest.fixture
def without_numbers(monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(nn.Module, "_apply", exchange)
    with FakeTensorMode(allow_non_fake_inputs=True), torch.no_grad():
        yield


def placed(files, network: str, *, carrier: Carrier, on_disk: bool = False) -> Placed:
    with torch.device("meta"):
        module = NETWORKS[network][0]().eval()
    sources = own_names(list(module.state_dict()))
    nowhere = Path("network.safetensors")
    origin = HeldOrigin("the network", nowhere, "", sources, torch.float32, files[network])
    return Placed(module, origin, Ground(CARD, carrier, Tally(), on_disk))


def settle(part: Placed, placement: Placement, storage: Storage = "full") -> None:
    for _ in part.settle(How(placement, storage), part.ground):
        pass


def add_adapter(part: Placed) -> None:
    """Change some layers beside them and some in their weights, with numbers as files are read."""
    modules: list[nn.Module] = []
    for name, layer in part.module.named_modules():
        if not name.endswith((".to_q", ".to_v")):
            continue
        assert isinstance(layer, nn.Linear)
        delta: Delta = LowRank(
            torch.zeros(4, layer.in_features), torch.zeros(layer.out_features, 4), 1
        )
        if name.endswith(".to_v"):
            delta = Decomposed(delta, torch.ones(layer.out_features, 1))
        changes = LayerChanges.of(layer, {"weight": [(1.0, delta)]}, part.origin.dtype)
        changes.put_on(layer)
        modules += changes.modules
    part.take_along(modules)


@pytest.mark.usefixtures("without_numbers")
@pytest.mark.parametrize(("network", "placement", "storage", "order"), CASES)
def test_everything_meets_on_the_card(files, network, placement, storage, order: Order):
    part = placed(files, network, carrier=AtOnce(CARD))
    if order == "before":
        settle(part, "resident")
        add_adapter(part)
    settle(part, placement, storage)
    if order == "after":
        add_adapter(part)

    part.come()
    made = NETWORKS[network][1](part.module)
    assert made.device == CARD

    part.leave()
    own = {getattr(owner, name).device for owner, name in part._own.values()}
    kept = {weight._here.rows.device for weight in part._whole.weights if weight._here}
    if placement == "resident":
        assert kept == {CARD}
    else:
        assert (own, kept) == ({torch.device("meta")}, set())
        assert part.ground.tally.now == 0


@pytest.mark.usefixtures("without_numbers")
@pytest.mark.parametrize("placement", PLACEMENTS)
def test_pictures_that_are_read_meet_the_network_on_the_card(files, placement):
    part = placed(files, "unet", carrier=AtOnce(CARD))
    settle(part, placement)
    add_adapter(part)
    asked = Asked(
        latents=torch.empty(2, 4, 16, 16, device=CARD),
        time=torch.empty(1, device=CARD),
        states=torch.empty(2, 24, 32, device=CARD),
        added={},
        negatives=1,
    )
    mask = torch.ones(1, 1, 128, 128)
    told = steering_unit.Unit(Read(), (), 0.5, "control", begins=1.0, ends=0.0, mask=mask)
    steering = Steering([told], Window(), Workplace(CARD))

    part.come()
    with reading_pictures(part.module, steering, asked):
        made = part.module(asked.latents, asked.time, asked.states).sample

    assert made.device == CARD


class Read:
    """Stands in for a control model whose picture is read."""

    module = nn.Module()

    def shown(self, picture: Image.Image, mask: Image.Image | None) -> tuple[torch.Tensor, ...]:
        return ()

    def read(self, shown: tuple[torch.Tensor, ...], rows: int, negatives: int) -> torch.Tensor:
        width = sum(2 * layer.width for layer in cross_attentions(unet()))
        return torch.empty(rows, 4, width, device=CARD)


@pytest.mark.usefixtures("without_numbers")
@pytest.mark.parametrize("placement", ["group", "leaf"])
@pytest.mark.parametrize("network", NETWORKS)
def test_after_the_first_call_all_but_one_unit_come_early(files, network, placement):
    carrier = OnItsOwnStream()
    part = placed(files, network, carrier=carrier)
    settle(part, placement)
    call = NETWORKS[network][1]

    part.come()
    call(part.module)
    assert carrier.early == 0
    call(part.module)
    first = carrier.early
    call(part.module)

    assert first >= len(part._streamed) - 1
    assert carrier.early == 2 * first + 1 or carrier.early == 2 * first
    part.leave()
    assert carrier.begun == []
    assert part.ground.tally.now == 0


@pytest.mark.usefixtures("without_numbers")
def test_a_part_that_waits_on_the_disk_comes_to_the_card(files):
    part = placed(files, "unet", carrier=AtOnce(CARD), on_disk=True)
    settle(part, "group")

    part.come()

    assert call_unet(part.module).device == CARD
    assert part.parked_bytes == 0


@pytest.mark.usefixtures("without_numbers")
def test_what_waits_cannot_be_called(files):
    part = placed(files, "unet", carrier=AtOnce(CARD))
    settle(part, "model")

    with pytest.raises(RuntimeError, match="same device"):
        call_unet(part.module)


@pytest.mark.usefixtures("without_numbers")
def test_an_adapter_stays_through_a_change_of_placement(files):
    part = placed(files, "unet", carrier=AtOnce(CARD))
    settle(part, "resident")
    add_adapter(part)
    for placement in ("leaf", "model", "resident"):
        settle(part, placement)
        part.come()
        assert call_unet(part.module).device == CARD
        assert part.ground.tally.now >= adapter_bytes(part) > 0
    before, own = part.ground.tally.now, adapter_bytes(part)
    part.take_along(())
    assert part.ground.tally.now == before - own


def adapter_bytes(part: Placed) -> int:
    return sum(weight._here.bytes for weight in part._along.weights if weight._here)
