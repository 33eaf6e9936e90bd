"""Control models of every layout become the same modules, bit for bit; what is no use is told."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import pytest
import torch
from safetensors.torch import save_file

from backend.engine.control.networks.controlnet_parts import CONTROLNET
from backend.engine.control.registry import find_network
from backend.engine.loading.files import family_configs
from backend.engine.loading.original.controlnet import controlnet_sources
from backend.engine.loading.original.t2i_adapter import (
    light_t2i_adapter_sources,
    t2i_adapter_sources,
)
from backend.engine.loading.weights import Weights
from backend.schema.control_types import ControlType
from backend.schema.errors import ModelError
from backend.schema.models import Family, ModelKind
from tests.fixtures.loaded import loaded
from tests.fixtures.tiny_controls import (
    asked_unit,
    ready_unit,
    ring_map,
    save_single,
    tiny_adapter,
    tiny_controlnet,
    tiny_union,
)
from tests.fixtures.tiny_unets import save_tiny_sd2, save_tiny_sd15, save_tiny_sdxl

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    save = {Family.SD15: save_tiny_sd15, Family.SD2: save_tiny_sd2, Family.SDXL: save_tiny_sdxl}
    return {
        family: make(tmp_path_factory.mktemp(family.value)).folder for family, make in save.items()
    }


@pytest.fixture(scope="module")
def models(checkpoints):
    return {family: loaded(family.value, folder) for family, folder in checkpoints.items()}


def assert_the_same(read, module):
    states = read.state_dict(), module.state_dict()
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@pytest.mark.parametrize("family", [Family.SD15, Family.SD2, Family.SDXL])
def test_a_controlnet(checkpoints, models, tmp_path, family):
    net = tiny_controlnet(checkpoints[family])
    net.save_pretrained(tmp_path / "folder")
    places = [tmp_path / "folder", save_single(net, tmp_path / "diffusers.safetensors")]
    for prefix in ("control_model.", ""):
        path = tmp_path / f"original{len(prefix)}.safetensors"
        places.append(save_single(net, path, controlnet_sources, prefix))
    for place in places:
        unit = ready_unit(asked_unit(place, family=family), models[family], ring_map())
        assert_the_same(unit.network.module, net)


def test_a_union_model(checkpoints, models, tmp_path):
    net = tiny_union(checkpoints[Family.SDXL])
    net.save_pretrained(tmp_path / "folder")
    for place in (tmp_path / "folder", save_single(net, tmp_path / "u.safetensors")):
        asked = asked_unit(place, family=Family.SDXL, type=ControlType.CANNY)
        assert_the_same(ready_unit(asked, models[Family.SDXL], ring_map()).network.module, net)


@pytest.mark.parametrize("kind", ["full_adapter", "light_adapter"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_t2i_adapter(models, tmp_path, kind, channels):
    adapter = tiny_adapter(kind, in_channels=channels)
    adapter.save_pretrained(tmp_path / "folder")
    naming = light_t2i_adapter_sources if kind == "light_adapter" else t2i_adapter_sources
    original = save_single(adapter, tmp_path / "original.safetensors", naming)
    for place in (tmp_path / "folder", original):
        asked = asked_unit(place, kind=ModelKind.T2I_ADAPTER)
        unit = ready_unit(asked, models[Family.SD15], ring_map())
        assert_the_same(unit.network.module, adapter)
        assert [tuple(each.shape[2:]) for each in unit.shown] == [(8, 8), (4, 4)]


def test_one_of_another_size_is_refused(checkpoints, models, tmp_path):
    place = save_single(tiny_controlnet(checkpoints[Family.SDXL]), tmp_path / "n.safetensors")
    asked = asked_unit(place, family=Family.SD15)
    with pytest.raises(ModelError, match="another kind or size than the checkpoint's"):
        ready_unit(asked, models[Family.SD15], ring_map())


def test_a_control_lora_is_refused(models, tmp_path):
    place = tmp_path / "control-lora.safetensors"
    save_file(
        {"lora_controlnet": torch.zeros(0), "input_hint_block.0.weight": torch.ones(1)}, place
    )
    with pytest.raises(ModelError, match="is a Control-LoRA"):
        ready_unit(asked_unit(place), models[Family.SD15], ring_map())


def test_families_without_such_models_are_refused():
    with pytest.raises(ModelError, match=r"cannot steer SD 2\.x by a T2I-Adapter"):
        find_network(ModelKind.T2I_ADAPTER, Family.SD2)


@dataclass(frozen=True)
class Header:
    """What a file's header tells of its tensors."""

    shapes: Mapping[str, torch.Size]

    @property
    def names(self):
        return self.shapes.keys()

    def shape(self, name: str) -> torch.Size:
        return self.shapes[name]


SMALL = {"down_block_types": ["DownBlock2D"] * 3, "mid_block_type": "UNetMidBlock2D"}
"""As the small ControlNets for SDXL have no attention."""


@pytest.mark.parametrize(
    ("family", "changes", "last"),
    [("sd15", {}, 11), ("sd2", {}, 11), ("sdxl", {}, 8), ("sdxl", SMALL, 8)],
)
def test_published_sizes_are_read_off_a_file_in_the_original_names(family, changes, last):
    published = json.loads(family_configs(family).joinpath("controlnet.json").read_text())
    with torch.device("meta"):
        whole = CONTROLNET.build({**published, **changes})
    state = whole.state_dict()
    named = controlnet_sources(state)
    header = Header({named[name].name: tensor.shape for name, tensor in state.items()})
    assert header.names >= {
        "time_embed.0.weight",
        "input_hint_block.0.weight",
        "input_hint_block.14.bias",
        f"input_blocks.{last}.0.out_layers.3.weight",
        f"zero_convs.{last}.0.weight",
        "middle_block_out.0.bias",
    }
    with torch.device("meta"):
        read = CONTROLNET.build(CONTROLNET.adapt(published, cast("Weights", header)))
    shapes = {name: tensor.shape for name, tensor in read.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in state.items()}
