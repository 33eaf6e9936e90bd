"""What ControlNets add to transformers meets on the card, without a card.

Fake tensors have no numbers, but a call that mixes two devices fails as it would there.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from backend.engine.control.networks.flux_controlnet import FluxControlNet
from backend.engine.control.networks.sd3_controlnet import Sd3ControlNet
from backend.engine.control.unit import Unit
from backend.engine.families.base import DenoiserSettings, Encoded
from backend.engine.memory.workplace import Workplace
from backend.schema.control_types import ControlType
from backend.schema.controls import ControlMode
from tests.fixtures.bare_models import bare_flux, bare_sd3
from tests.fixtures.tiny_controlnets import (
    tiny_flux_controlnet,
    tiny_large_controlnet,
    tiny_sd3_controlnet,
    tiny_xlabs_controlnet,
)

CARD = torch.device("cuda", 0)
SIDE = 64
KINDS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "sd3": lambda: (bare_sd3("sd3"), tiny_sd3_controlnet("sd3")),
    "large": lambda: (bare_sd3("sd35_large"), tiny_large_controlnet()),
    "union": lambda: (bare_flux(), tiny_flux_controlnet(num_mode=10)),
    "xlabs": lambda: (bare_flux(), tiny_xlabs_controlnet()),
}


def exchange(module: nn.Module, change: Callable[[Tensor], Tensor]) -> nn.Module:
    """Do what `Module.to` does: torch's own cannot exchange fake tensors."""
    for child in module.children():
        exchange(child, change)
    for name, parameter in list(module.named_parameters(recurse=False)):
        setattr(module, name, nn.Parameter(change(parameter), requires_grad=False))
    for name, buffer in list(module.named_buffers(recurse=False)):
        setattr(module, name, change(buffer))
    return module


def moved(encoded: Encoded) -> Encoded:
    assert encoded.pooled is not None
    return Encoded(encoded.states.to(CARD), encoded.pooled.to(CARD))


@pytest.mark.parametrize("mode", ["control", "prompt"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_added_meets_on_the_card(kind: str, mode: ControlMode, monkeypatch) -> None:
    monkeypatch.setattr(nn.Module, "_apply", exchange)
    sigma, mask = torch.tensor(0.7).double(), torch.ones(1, 1, SIDE, SIDE)
    with FakeTensorMode(allow_non_fake_inputs=True):
        model, module = KINDS[kind]()
        model.transformer.to(CARD)
        module.double().to(CARD)
        model = replace(model, workplace=Workplace(CARD))
        network = (
            FluxControlNet(module, model, "tiny")
            if kind in ("union", "xlabs")
            else Sd3ControlNet(module, model, None)
        )
        shown = torch.empty(1, 3, SIDE, SIDE) if kind == "xlabs" else torch.empty(1, 16, 8, 8)
        unit = Unit(network, (shown,), 0.5, mode, 1.0, 0.0, ControlType.CANNY, mask)
        settings = DenoiserSettings(3.0, SIDE, SIDE, controls=(unit, unit))
        said = model.encode_prompts("", "")
        said = replace(said, positive=moved(said.positive), negative=moved(said.negative))
        latents = torch.empty(2, 16, 8, 8, device=CARD, dtype=torch.float64)
        found = model.denoiser(said, settings)(latents, sigma)

    assert found.device == CARD
    assert found.shape == (2, 16, 8, 8)
