"""Adapters come off without a trace: under every placement and storage, and after every failure."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from backend.engine.adapters.adapter import Adapter, LayerChange
from backend.engine.adapters.changed_layer import LayerChanges
from backend.engine.adapters.deltas.base import Delta
from backend.engine.adapters.deltas.decomposed import Decomposed
from backend.engine.adapters.deltas.difference import Difference
from backend.engine.adapters.deltas.kronecker import Kronecker
from backend.engine.adapters.deltas.low_rank import LowRank
from backend.engine.adapters.fitting import Chosen
from backend.engine.adapters.wearing import wearing
from backend.engine.families.base import DenoiserSettings
from backend.engine.memory.placing import How, Placing
from backend.schema.errors import ModelError
from tests.fixtures.base_weights import fingerprint, is_plain
from tests.fixtures.layouts import Case
from tests.fixtures.layouts import write as write_checkpoint
from tests.fixtures.loaded import loaded
from tests.fixtures.stored import Precision
from tests.fixtures.tiny_families import TINY_FAMILIES

pytestmark = pytest.mark.usefixtures("one_thread")
ROLES = ("diffusion_model", "clip_l", "t5xxl")


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> Callable[[str], Any]:
    """A UNet in scaled fp8, and a transformer in GGUF's blocks."""

    def load(family: str) -> Any:
        folder = tmp_path_factory.mktemp(family)
        tiny = TINY_FAMILIES[family].save(folder / "it")
        kind = {"sd15": ("whole", Precision.E4M3), "flux1": ("gguf", Precision.Q8_0)}[family]
        return loaded(family, write_checkpoint(Case(family, *kind), tiny, folder))

    return cache(load)


def arrange(model: Any, placement: str, storage: str, parked: str) -> None:
    part: Any = How(placement, storage)  # pyright: ignore[reportArgumentType]
    how: Any = dict.fromkeys(ROLES, part)
    how["vae"] = How("resident" if placement == "resident" else "model")
    for _ in model.workplace.arrange(Placing(how, parked)):  # pyright: ignore[reportArgumentType]
        pass


def said(model: Any) -> Tensor:
    torch.manual_seed(3)
    conditioning = model.encode_prompts("a red apple", "blurry")
    denoise = model.denoiser(conditioning, DenoiserSettings(2.0, 32, 32, guidance=3.0))
    return denoise(torch.randn(1, model.latent_format.channels, 4, 4), torch.tensor(0.7))


def every_kind(model: Any) -> Adapter:
    """An adapter of each kind in turn for the layers of the attentions."""
    torch.manual_seed(5)
    changes: list[LayerChange] = []
    for part in ("diffusion_model", "clip_l"):
        for name, shape in model.workplace.parts[part].shapes.items():
            layer, _, tensor = name.rpartition(".")
            if tensor == "weight" and any(word in layer for word in ("to_q", "to_v", "q_proj")):
                changes.append(LayerChange(layer, kind(len(changes), shape), None))
    return Adapter("every kind", changes)


def kind(number: int, shape: torch.Size) -> Delta:
    rows, columns = shape
    low = LowRank(torch.randn(2, columns) * 0.2, torch.randn(rows, 2) * 0.2, 1.0)
    kinds: list[Delta] = [
        low,
        Decomposed(low, torch.rand(rows, 1)),
        Kronecker(torch.randn(2, 2), torch.randn(rows // 2, columns // 2) * 0.1, 1.0),
        Difference(torch.randn(rows, columns) * 0.1),
    ]
    return kinds[number % len(kinds)]


@pytest.mark.parametrize(
    ("storage", "parked"), [("full", "ram"), ("stored", "disk"), ("fp8", "ram")]
)
@pytest.mark.parametrize(
    ("family", "placement"),
    [*(("sd15", each) for each in ("resident", "model", "group", "leaf")), ("flux1", "group")],
)
def test_weights_stay_what_they_are(opened, family, placement, storage, parked):
    model = opened(family)
    arrange(model, placement, storage, parked)
    plain, before = said(model), fingerprint(model)
    chosen = [Chosen(every_kind(model), 0.8, 0.5, "it")]

    with wearing(model.workplace, chosen):
        changed = said(model)
        assert not is_plain(model)
        assert fingerprint(model) == before

    assert not torch.allclose(changed, plain, atol=1e-3)
    assert fingerprint(model) == before
    assert is_plain(model)
    assert torch.equal(said(model), plain)
    with wearing(model.workplace, chosen):
        assert torch.equal(said(model), changed)


@pytest.mark.parametrize("placement", ["resident", "leaf"])
def test_a_change_of_placement_while_they_are_on_keeps_them(opened, placement):
    model = opened("sd15")
    arrange(model, "model", "full", "ram")
    plain, before = said(model), fingerprint(model)

    with wearing(model.workplace, [Chosen(every_kind(model), mark="it")]):
        changed = said(model)
        arrange(model, placement, "full", "ram")
        assert torch.equal(said(model), changed)
        arrange(model, "model", "full", "ram")

    assert torch.equal(said(model), plain)
    assert fingerprint(model) == before


def test_numbers_of_adapters_count_as_long_as_they_are_on(opened):
    model = opened("sd15")
    arrange(model, "resident", "full", "ram")
    adapter = every_kind(model)
    before = model.workplace.tally.now
    own = sum(
        parameter.nbytes
        for layer in adapter.layers
        if layer.weight is not None
        for parameter in layer.weight.parameters()
    )

    with wearing(model.workplace, [Chosen(adapter)]):
        assert model.workplace.tally.now == before + own
    assert model.workplace.tally.now == before


@pytest.mark.parametrize("placement", ["resident", "model", "group", "leaf"])
def test_a_drawing_that_fails_leaves_nothing(opened, placement):
    model = opened("sd15")
    arrange(model, placement, "full", "ram")
    plain, before = said(model), fingerprint(model)
    middle = model.unet.mid_block
    hook = middle.register_forward_hook(fail)

    with (
        pytest.raises(torch.OutOfMemoryError),
        wearing(model.workplace, [Chosen(every_kind(model), mark="it")]),
    ):
        said(model)
    hook.remove()

    assert is_plain(model)
    assert fingerprint(model) == before
    assert torch.equal(said(model), plain)


@pytest.mark.parametrize("fails_at", [1, 3, 8])
def test_putting_on_that_fails_on_the_way_leaves_nothing(opened, monkeypatch, fails_at):
    model = opened("sd15")
    arrange(model, "resident", "full", "ram")
    plain, before = said(model), fingerprint(model)
    sort, calls = LayerChanges.of, iter(range(1, 1000))

    def fails(*arguments: Any) -> LayerChanges:
        return fail() if next(calls) == fails_at else sort(*arguments)

    monkeypatch.setattr(LayerChanges, "of", fails)
    with (
        pytest.raises(torch.OutOfMemoryError),
        wearing(model.workplace, [Chosen(every_kind(model), mark="it")]),
    ):
        pass

    assert is_plain(model)
    assert fingerprint(model) == before
    assert model.workplace.changed_by(model.unet) is None
    assert torch.equal(said(model), plain)


def fail(*_: object) -> Any:
    raise torch.OutOfMemoryError("CUDA out of memory.")


def test_an_adapter_that_fits_in_part_is_refused_before_anything_changes(opened):
    model = opened("sd15")
    fits = every_kind(model)
    stranger = LayerChange("double_blocks.0.img_attn.qkv", Difference(torch.zeros(4, 4)), None)
    half = Adapter("half", [*fits.layers, stranger])

    with (
        pytest.raises(ModelError) as error,
        wearing(model.workplace, [Chosen(fits), Chosen(half)]),
    ):
        pass

    count = len(fits.layers)
    assert f"only {count} of the {count + 1} layers" in error.value.sentence
    assert "double_blocks.0.img_attn.qkv" in error.value.hint
    assert is_plain(model)


def test_an_adapter_of_another_family_is_refused_with_how_much_of_it_fits(opened):
    adapter = every_kind(opened("flux1"))

    with pytest.raises(ModelError) as error, wearing(opened("sd15").workplace, [Chosen(adapter)]):
        pass

    assert f"none of the {len(adapter.layers)} layers" in error.value.sentence
