"""Weights that wait elsewhere: really away, there in time, and the picture is the same."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from backend.engine.families import flux1, sd3_loading
from backend.engine.loading.source import Filling
from backend.engine.memory.blocks import blocks_of
from backend.engine.memory.placing import How, Placing
from backend.schema.memory_settings import Placement
from tests.fixtures.drawing import Drawn, drawn
from tests.fixtures.layouts import Case, write
from tests.fixtures.loaded import checkpoint_files, loaded
from tests.fixtures.stored import Precision
from tests.fixtures.tiny_checkpoint import TinyCheckpoint
from tests.fixtures.tiny_families import TINY_FAMILIES

pytestmark = pytest.mark.usefixtures("one_thread")

FAMILIES = ("sd15", "sdxl", "sd3", "flux1")
ROLES = ("diffusion_model", "vae", "clip_l", "clip_g", "clip_h", "t5xxl")


@pytest.fixture(scope="module", autouse=True)
def tokenizers_are_made_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flux1, "t5_tokenizer", cache(flux1.t5_tokenizer))
        patch.setattr(sd3_loading, "t5_tokenizer", cache(sd3_loading.t5_tokenizer))
        yield


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Callable[[str], TinyCheckpoint]:
    return cache(lambda family: TINY_FAMILIES[family].save(tmp_path_factory.mktemp(family) / "it"))


@pytest.fixture(scope="module")
def opened(tiny, tmp_path_factory) -> Callable[[str], Any]:
    """A family's checkpoint with all of it in memory."""

    def load(family: str) -> Any:
        return loaded(family, checkpoint_files(family, tiny(family).folder))

    return cache(load)


def placing(placement: Placement, parked: str = "ram", storage: str = "full") -> Placing:
    """All parts so; the VAE comes whole or not at all, and is always exact."""
    how = {role: How(placement, storage) for role in ROLES}  # pyright: ignore[reportArgumentType]
    how["vae"] = How("resident" if placement == "resident" else "model")
    return Placing(how, parked)  # pyright: ignore[reportArgumentType]


def arrange(model: Any, wanted: Placing) -> None:
    for _ in model.workplace.arrange(wanted):
        pass


def parts_of(model: Any) -> dict[str, nn.Module]:
    return {role: part.module for role, part in model.workplace._parts.items()}


def size(module: nn.Module) -> int:
    """The bytes of what files hold of it, each tensor once."""
    tensors = module.state_dict(keep_vars=True).values()
    return sum({id(tensor): tensor.nbytes for tensor in tensors}.values())


def is_away(module: nn.Module) -> bool:
    return all(tensor.is_meta for tensor in module.state_dict(keep_vars=True).values())


@contextmanager
def watched(model: Any) -> Generator[list[int]]:
    """The bytes of weights on the device at every call of a module."""
    seen: list[int] = []
    hook = register_module_forward_pre_hook(lambda *_: seen.append(model.workplace.tally.now))
    try:
        yield seen
    finally:
        hook.remove()


@pytest.fixture(scope="module")
def expected(opened) -> Callable[[str], Drawn]:
    return cache(lambda family: drawn(opened(family)))


@pytest.mark.parametrize("parked", ["ram", "disk"])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_picture_is_the_same_wherever_weights_lie(opened, expected, family, parked):
    whole, model = expected(family), opened(family)

    for placement in ("model", "group", "leaf", "resident"):
        arrange(model, placing(placement, parked))
        forget_prompts(model)
        assert drawn(model).equals(whole), placement


def forget_prompts(model: Any) -> None:
    """Have the next drawing read its prompts again."""
    for reader in readers_of(model.encode):
        reader._remembered._recent.clear()


def readers_of(encode: Any) -> list[Any]:
    """The readers inside a function that encodes prompts."""
    found: list[Any] = []
    holders = [
        getattr(encode, "__self__", None),
        *getattr(encode, "args", ()),
        *(cell.cell_contents for cell in getattr(encode, "__closure__", None) or ()),
    ]
    for held in holders:
        for each in held if isinstance(held, tuple) else (held,):
            if hasattr(each, "_remembered"):
                found.append(each)
            elif callable(each):
                found += readers_of(each)
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_weights_on_the_device_never_exceed_what_the_placement_allows(opened, expected, family):
    expected(family)
    model = opened(family)
    arrange(model, placing("resident"))
    sizes = {role: size(part) for role, part in parts_of(model).items()}
    vae = sizes["vae"]
    networks = [part for role, part in parts_of(model).items() if role != "vae"]
    outside_and_block = max(
        size(part) - sum(map(size, blocks_of(part))) + max(map(size, blocks_of(part)))
        for part in networks
    )
    layer = max(own(module) for part in networks for module in part.modules())
    allowed = {
        "resident": sum(sizes.values()),
        "model": max(sizes.values()),
        "group": max(vae, outside_and_block),
        "leaf": max(vae, layer),
    }

    most: dict[str, int] = {}
    for placement in ("resident", "model", "group", "leaf"):
        arrange(model, placing(placement))
        forget_prompts(model)
        with watched(model) as seen:
            drawn(model)
        most[placement] = max(seen)
        assert max(seen) <= allowed[placement], placement
        assert placement != "resident" or min(seen) == allowed[placement]
    assert most["resident"] > most["model"] >= most["group"] >= most["leaf"] >= vae


def own(module: nn.Module) -> int:
    tensors = (*module.parameters(recurse=False), *module.buffers(recurse=False))
    return sum(tensor.nbytes for tensor in tensors)


@pytest.mark.parametrize("parked", ["ram", "disk"])
def test_what_does_not_work_is_away_and_cannot_be_called(opened, parked):
    model = opened("sd15")
    arrange(model, placing("model", parked))
    unet, encoder, vae = (parts_of(model)[role] for role in ("diffusion_model", "clip_l", "vae"))

    with model.workplace.at_work(unet):
        assert (is_away(unet), is_away(encoder), is_away(vae)) == (False, True, True)
        with pytest.raises((RuntimeError, NotImplementedError)):
            vae.decode(torch.zeros(1, 4, 4, 4))  # pyright: ignore[reportCallIssue]
    with model.workplace.at_work(vae):
        assert (is_away(unet), is_away(encoder), is_away(vae)) == (True, True, False)
        assert model.workplace.tally.now == size(vae)
    assert model.workplace.parked_bytes == (0 if parked == "disk" else model_bytes(opened))


def model_bytes(opened: Callable[[str], Any]) -> int:
    model = opened("sd15")
    parked = model.workplace.placing
    arrange(model, placing("resident"))
    found = sum(map(size, parts_of(model).values()))
    arrange(model, parked)
    return found


@pytest.mark.parametrize("placement", ["model", "group", "leaf"])
def test_after_a_call_that_failed_nothing_stays_behind(opened, expected, placement):
    whole, model = expected("sd15"), opened("sd15")
    arrange(model, placing(placement))
    unet = parts_of(model)["diffusion_model"]

    def fail(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    hook = unet.mid_block.register_forward_hook(fail)  # pyright: ignore[reportCallIssue, reportAttributeAccessIssue]
    with pytest.raises(torch.OutOfMemoryError):
        drawn(model)
    hook.remove()  # pyright: ignore[reportAttributeAccessIssue]
    with model.workplace.at_work(model.vae):
        assert is_away(unet)

    forget_prompts(model)
    assert drawn(model).equals(whole)


@pytest.mark.parametrize(
    ("family", "layout", "precision"),
    [
        ("sdxl", "whole", Precision.FP16),
        ("sdxl", "whole", Precision.SCALED),
        ("sd3", "whole", Precision.E4M3),
        ("flux1", "gguf", Precision.Q8_0),
    ],
    ids=str,
)
@pytest.mark.parametrize("placement", ["resident", "leaf"])
def test_weights_kept_as_in_the_file_draw_the_same_in_less_room(
    tiny, tmp_path, family, layout, precision, placement
):
    files = write(Case(family, layout, precision), tiny(family), tmp_path)
    model = loaded(family, files)
    whole, full = drawn(model), model.workplace.tally.now

    arrange(model, placing(placement, storage="stored"))
    forget_prompts(model)

    assert drawn(model).equals(whole)
    network = parts_of(model)["diffusion_model"]
    with model.workplace.at_work(network):
        assert model.workplace.tally.now < 0.8 * full


def test_a_change_of_placement_that_failed_is_made_good(opened, expected, monkeypatch):
    whole, model = expected("sd15"), opened("sd15")
    arrange(model, placing("resident"))
    read = Filling.go_on
    refused = iter([True])

    def refuse(filling: Filling, *arguments: Any) -> None:
        if next(refused, False):
            raise torch.OutOfMemoryError("CUDA out of memory.")
        read(filling, *arguments)

    monkeypatch.setattr(Filling, "go_on", refuse)
    model.workplace.want(placing("model"))
    forget_prompts(model)

    with pytest.raises(torch.OutOfMemoryError):
        drawn(model)

    assert drawn(model).equals(whole)
    assert model.workplace.placing == placing("model")
