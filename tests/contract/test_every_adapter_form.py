"""A LoRA in every form changes every family as its numbers say.

The oracle is the same checkpoint with the change added to its weights before they are loaded, under
the names that the form has: so the way from a name to our layers is not asked of itself.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from backend.engine.adapters.adapter import read_adapter
from backend.engine.adapters.fitting import Chosen
from backend.engine.adapters.wearing import wearing
from backend.engine.families import flux1, sd3_loading
from backend.engine.families.base import DenoiserSettings
from backend.engine.loading.components import own_names
from backend.engine.loading.files import CheckpointFiles
from backend.engine.loading.origin import Origin
from backend.schema.models import Role
from tests.fixtures.adapter_files import (
    ENCODERS,
    FORMS,
    AdapterFile,
    layers_of,
    lora_for,
    write,
)
from tests.fixtures.loaded import loaded
from tests.fixtures.tiny_checkpoint import TinyCheckpoint
from tests.fixtures.tiny_families import TINY_FAMILIES

pytestmark = pytest.mark.usefixtures("one_thread")
FAMILIES = [family for family in TINY_FAMILIES if family != "sd35_large"]  # as SD 3, but larger
CASES = [
    *(("kohya", family) for family in FAMILIES),
    *(("comfyui", family) for family in FAMILIES),
    *(("diffusers", family) for family in ("sd15", "sdxl", "sd3", "flux1")),
    *(("onetrainer", family) for family in ("sdxl", "sd35_medium", "flux1")),
    *(("peft", family) for family in ("sd2", "flux1")),
    ("first diffusers", "sd15"),
]
"""That every form fits every family in its published size is tested by names alone."""
NETWORK: Role = "diffusion_model"


@pytest.fixture(scope="module", autouse=True)
def tokenizers_are_made_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flux1, "t5_tokenizer", cache(flux1.t5_tokenizer))
        patch.setattr(sd3_loading, "t5_tokenizer", cache(sd3_loading.t5_tokenizer))
        yield


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> Callable[[str], tuple[TinyCheckpoint, Any]]:
    """A family's checkpoint as a single file of the original layout."""

    def load(family: str) -> tuple[TinyCheckpoint, Any]:
        folder = tmp_path_factory.mktemp(family)
        tiny = TINY_FAMILIES[family].save(folder / "it")
        path = tiny.save(folder / "whole.safetensors")
        prediction = TINY_FAMILIES[family].prediction
        return tiny, loaded(family, CheckpointFiles(path, folder, {}, prediction))

    return cache(load)


def said(model: Any) -> Tensor:
    """What the network says of one picture, once it has read two prompts."""
    torch.manual_seed(3)
    conditioning = model.encode_prompts("a red apple", "blurry")
    denoise = model.denoiser(conditioning, DenoiserSettings(2.0, 32, 32, guidance=3.0))
    return denoise(torch.randn(1, model.latent_format.channels, 4, 4), torch.tensor(0.7))


@pytest.mark.parametrize(("form", "family"), CASES)
def test_a_lora_changes_what_its_numbers_say(opened, tmp_path, form, family):
    tiny, model = opened(family)
    prefix = TINY_FAMILIES[family].network
    original = {n.removeprefix(prefix): t for n, t in tiny.tensors.items() if n.startswith(prefix)}
    states = {role: part.module.state_dict() for role, part in model.workplace.parts.items()}
    if FORMS[form].original(family):
        states[NETWORK] = original
    roles: list[Role] = [NETWORK, *ENCODERS[family]]
    made = lora_for(FORMS[form], family, {role: layers_of(states[role]) for role in roles})
    path = write(FORMS[form], family, made, tmp_path)
    before = said(model)

    with wearing(model.workplace, [Chosen(read_adapter(path), 0.8, 0.5, str(path))]):
        changed = said(model)
    assert torch.equal(said(model), before)

    with merged(model, made, states, tmp_path, original=FORMS[form].original(family)):
        wanted = said(model)
    assert not torch.allclose(wanted, before, atol=1e-2)
    assert torch.allclose(changed, wanted, atol=1e-3, rtol=1e-3)
    assert torch.equal(said(model), before)


@contextmanager
def merged(
    model: Any,
    made: AdapterFile,
    states: Mapping[Role, Mapping[str, Tensor]],
    folder: Path,
    *,
    original: bool,
) -> Generator[None]:
    """Have a checkpoint's parts read from files in which the change is a part of the weights."""
    parts = model.workplace.parts
    origins: dict[Role, Origin] = {role: parts[role].origin for role in states}
    for role, state in states.items():
        strength = 0.8 if role == NETWORK else 0.5
        changed = {name: tensor.clone() for name, tensor in state.items()}
        for (of, layer), change in made.changes.items():
            if of == role:
                changed[f"{layer}.weight"] += strength * change
        path = folder / f"{role}.safetensors"
        save_file(changed, path)
        as_it_was = original and role == NETWORK
        sources = origins[role].sources if as_it_was else own_names(state)
        read_from(model, role, replace(origins[role], place=path, prefix="", sources=sources))
        model.workplace.mark(role, str(path))
    yield
    for role, origin in origins.items():
        read_from(model, role, origin)
        model.workplace.mark(role, None)


def read_from(model: Any, role: Role, origin: Origin) -> None:
    part = model.workplace.parts[role]
    part.origin = origin
    for _ in part.settle(part.how, part.ground):
        pass
