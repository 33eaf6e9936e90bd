"""What a changed layer says, compared with the papers' formulas in double precision."""

import math
from collections.abc import Callable, Mapping

import pytest
import torch
from torch import Tensor, nn

from backend.engine.adapters.changed_layer import LayerChanges
from backend.engine.adapters.deltas.base import Delta
from backend.engine.adapters.deltas.making import bias_delta, weight_delta

ALPHA = 3.0
Tensors = dict[str, Tensor]
LAYERS: Mapping[str, Callable[[], nn.Module]] = {
    "linear": lambda: nn.Linear(12, 8),
    "1×1": lambda: nn.Conv2d(12, 8, 1),
    "3×3": lambda: nn.Conv2d(12, 8, 3, stride=2, padding=1),
}


def numbers(*shape: int) -> Tensor:
    return torch.randn(*shape) * 0.3


def places(layer: nn.Module) -> tuple[int, ...]:
    """The shape of a weight behind its outputs and inputs."""
    return tuple(weight(layer).shape[2:])


def weight(layer: nn.Module) -> Tensor:
    return layer.get_parameter("weight")


def lora(layer: nn.Module) -> tuple[Tensors, Tensor]:
    down, up = numbers(4, 12, *places(layer)), numbers(8, 4, *(1 for _ in places(layer)))
    whole = up.double().flatten(1) @ down.double().flatten(1) * (ALPHA / 4)
    return {"down": down, "up": up}, whole


def locon(layer: nn.Module) -> tuple[Tensors, Tensor]:
    ones = tuple(1 for _ in places(layer))
    tensors = {
        "down": numbers(4, 12, *ones),
        "mid": numbers(4, 4, *places(layer)),
        "up": numbers(8, 4, *ones),
    }
    down, up = (tensors[name].double().flatten(1) for name in ("down", "up"))
    each = [up @ tensors["mid"].double()[(..., *at)] @ down for at in spots(layer)]
    return tensors, torch.stack(each, -1).flatten(1) * (ALPHA / 4)


def loha(layer: nn.Module) -> tuple[Tensors, Tensor]:
    inside = 12 * math.prod(places(layer))
    tensors = {
        f"hada_w{number}_{letter}": numbers(*shape)
        for number in (1, 2)
        for letter, shape in (("a", (8, 4)), ("b", (4, inside)))
    }
    one, two = (
        tensors[f"hada_w{number}_a"].double() @ tensors[f"hada_w{number}_b"].double()
        for number in (1, 2)
    )
    return tensors, one * two * (ALPHA / 4)


def loha_tucker(layer: nn.Module) -> tuple[Tensors, Tensor]:
    tensors: Tensors = {}
    products = []
    for number in (1, 2):
        core, up, down = numbers(4, 4, *places(layer)), numbers(4, 8), numbers(4, 12)
        tensors |= {
            f"hada_t{number}": core,
            f"hada_w{number}_a": up,
            f"hada_w{number}_b": down,
        }
        each = [up.double().T @ core.double()[(..., *at)] @ down.double() for at in spots(layer)]
        products.append(torch.stack(each, -1).flatten(1))
    return tensors, products[0] * products[1] * (ALPHA / 4)


def spots(layer: nn.Module) -> list[tuple[int, ...]]:
    """The places of a convolution in order; one without a number for a linear layer."""
    shape = places(layer)
    return (
        [tuple(int(i) for i in at) for at in torch.cartesian_prod(*map(torch.arange, shape))]
        if shape
        else [()]
    )


def lokr(layer: nn.Module) -> tuple[Tensors, Tensor]:
    one, two = numbers(2, 3), numbers(4, 4, *places(layer))
    return {"lokr_w1": one, "lokr_w2": two}, kronecker(one, two)


def lokr_low_rank(layer: nn.Module) -> tuple[Tensors, Tensor]:
    one = numbers(2, 3)
    up, down = numbers(4, 2), numbers(2, 4 * math.prod(places(layer)))
    two = (up.double() @ down.double()).view(4, 4, *places(layer))
    whole = kronecker(one, two) * (ALPHA / 2)
    return {"lokr_w1": one, "lokr_w2_a": up, "lokr_w2_b": down}, whole


def lokr_tucker(layer: nn.Module) -> tuple[Tensors, Tensor]:
    first_up, first_down = numbers(2, 2), numbers(2, 3)
    core, up, down = numbers(2, 2, *places(layer)), numbers(2, 4), numbers(2, 4)
    each = [up.double().T @ core.double()[(..., *at)] @ down.double() for at in spots(layer)]
    two = torch.stack(each, -1).view(4, 4, *places(layer))
    tensors = {
        "lokr_w1_a": first_up,
        "lokr_w1_b": first_down,
        "lokr_t2": core,
        "lokr_w2_a": up,
        "lokr_w2_b": down,
    }
    return tensors, kronecker(first_up.double() @ first_down.double(), two) * (ALPHA / 2)


def kronecker(one: Tensor, two: Tensor) -> Tensor:
    """Block by block, as it is defined."""
    one, two = one.double(), two.double()
    rows = [torch.cat([number * two for number in row], 1) for row in one]
    return torch.cat(rows).flatten(1)


def difference(layer: nn.Module) -> tuple[Tensors, Tensor]:
    whole = numbers(*weight(layer).shape)
    return {"difference": whole}, whole.double().flatten(1)


KINDS = {
    "LoRA": lora,
    "LoHa": loha,
    "LoKr": lokr,
    "LoKr low rank": lokr_low_rank,
    "difference": difference,
}
CONVOLUTION_KINDS = {"LoCon": locon, "LoHa Tucker": loha_tucker, "LoKr Tucker": lokr_tucker}
CASES = [
    *((kind, layer) for kind in KINDS for layer in LAYERS),
    *((kind, "3×3") for kind in CONVOLUTION_KINDS),
]


def made(tensors: Tensors, layer: nn.Module) -> Delta:
    delta = weight_delta(tensors, lambda rank: ALPHA / rank if rank else 1.0)
    assert delta is not None
    own = weight(layer)
    assert (delta.rows, delta.row_size) == (own.shape[0], own[0].numel())
    return delta.fitted(lambda rows: rows, own.shape)


def said(layer: nn.Module, *changes: tuple[float, Delta], tensor: str = "weight") -> Tensor:
    """What a layer says with changes; without them it is as it was."""
    seen = seen_by(layer)
    before = layer(seen)
    take_off = LayerChanges.of(layer, {tensor: changes}, torch.float32).put_on(layer)
    changed = layer(seen)
    take_off()
    assert torch.equal(layer(seen), before)
    return changed


def seen_by(layer: nn.Module) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(2, 5, 12) if isinstance(layer, nn.Linear) else torch.randn(2, 12, 6, 6)


def expected(layer: nn.Module, changed: Tensor) -> Tensor:
    """What a layer with this weight says, in double precision."""
    return exact_layer(layer, changed)(seen_by(layer).double()).float()


def exact_layer(layer: nn.Module, changed: Tensor) -> nn.Module:
    exact = type(layer)(*arguments(layer)).double()
    exact.load_state_dict({"weight": changed.view(weight(layer).shape), "bias": layer.bias})  # pyright: ignore[reportArgumentType]
    return exact


def arguments(layer: nn.Module) -> tuple[object, ...]:
    if isinstance(layer, nn.Conv2d):
        return (12, 8, layer.kernel_size, layer.stride, layer.padding)
    return (12, 8)


@pytest.fixture(autouse=True)
def _same_numbers():
    torch.manual_seed(0)
    with torch.no_grad():
        yield


@pytest.mark.parametrize(("kind", "where"), CASES)
@pytest.mark.parametrize("strength", [1.0, -0.6])
def test_a_change_acts_as_its_paper_says(kind, where, strength):
    layer = LAYERS[where]()
    tensors, whole = (KINDS | CONVOLUTION_KINDS)[kind](layer)

    changed = said(layer, (strength, made(tensors, layer)))

    wanted = expected(layer, weight(layer).double().flatten(1) + strength * whole)
    assert torch.allclose(changed, wanted, atol=2e-5)


@pytest.mark.parametrize(
    ("where", "few"), [("linear", (1, 2, 12)), ("1×1", (1, 12, 1, 2)), ("3×3", (1, 12, 2, 2))]
)
def test_a_layer_that_reads_little_says_the_same_by_another_way(where, few):
    layer = LAYERS[where]()
    tensors, whole = lora(layer)
    changes = LayerChanges.of(layer, {"weight": [(0.7, made(tensors, layer))]}, torch.float32)
    assert changes.low is not None
    exact = exact_layer(layer, weight(layer).double().flatten(1) + 0.7 * whole)

    for seen, beside in ((torch.randn(few), True), (seen_by(layer), False)):
        assert changes.low.is_less_beside(layer, seen) is beside
        take_off = changes.put_on(layer)
        assert torch.allclose(layer(seen), exact(seen.double()).float(), atol=2e-5)
        take_off()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("where", LAYERS)
@pytest.mark.parametrize("of", ["outputs", "inputs"])
@pytest.mark.parametrize("strength", [1.0, 0.4])
def test_dora_gives_the_changed_weight_its_magnitudes(kind, where, of, strength):
    layer = LAYERS[where]()
    tensors, whole = KINDS[kind](layer)
    own = weight(layer).double()
    moved = own + whole.view(own.shape)
    if of == "outputs":
        magnitudes = torch.rand(8, *[1] * (own.ndim - 1))
        norm = moved.flatten(1).norm(dim=1).view(magnitudes.shape)
    else:
        magnitudes = torch.rand(1, 12, *[1] * (own.ndim - 2))
        norm = moved.transpose(0, 1).flatten(1).norm(dim=1).view(magnitudes.shape)
    decomposed = moved * (magnitudes.double() / norm)

    changed = said(layer, (strength, made(tensors | {"magnitudes": magnitudes}, layer)))

    wanted = expected(layer, own + strength * (decomposed - own))
    assert torch.allclose(changed, wanted, atol=2e-5)


def test_changes_of_one_layer_add_up():
    layer = LAYERS["3×3"]()
    kinds = [lora(layer), lora(layer), loha(layer), difference(layer)]
    strengths = [1.0, -0.5, 0.7, 0.2]

    changes = [(s, made(tensors, layer)) for s, (tensors, _) in zip(strengths, kinds, strict=True)]

    moved = sum(s * whole for s, (_, whole) in zip(strengths, kinds, strict=True))
    wanted = expected(layer, weight(layer).double().flatten(1) + moved)
    assert torch.allclose(said(layer, *changes), wanted, atol=2e-5)
    assert len(list(LayerChanges.of(layer, {"weight": changes}, torch.float32).modules)) == 3, (
        "what can be is computed as one"
    )


def test_a_bias_changes_by_a_difference_or_with_the_second_matrix():
    layer = LAYERS["linear"]()
    added, up_bias = numbers(8), numbers(8)
    for tensors, change in (
        ({"bias_difference": added}, added),
        ({"down": numbers(4, 12), "up": numbers(8, 4), "up_bias": up_bias}, up_bias * ALPHA / 4),
    ):
        delta = bias_delta(tensors, lambda rank: ALPHA / rank)
        assert delta is not None
        plain = layer(seen_by(layer))
        assert torch.allclose(said(layer, (0.5, delta), tensor="bias"), plain + 0.5 * change)


def test_a_normalisation_changes_by_differences():
    for layer in (nn.LayerNorm(12), nn.GroupNorm(4, 12), nn.RMSNorm(12)):
        seen = torch.randn(2, 12, 12)
        change = numbers(12)
        delta = weight_delta({"difference": change}, lambda _: 1.0)
        assert delta is not None
        plain = layer(seen)
        take_off = LayerChanges.of(layer, {"weight": [(0.5, delta)]}, torch.float32).put_on(layer)
        changed = layer(seen)
        take_off()
        assert torch.equal(layer(seen), plain)
        layer.weight.add_(change * 0.5)
        assert torch.allclose(changed, layer(seen), atol=1e-6)


def test_after_a_call_that_fails_the_layer_has_its_own_weight():
    layer = LAYERS["linear"]()
    own = weight(layer)
    delta = made(difference(layer)[0], layer)
    take_off = LayerChanges.of(layer, {"weight": [(1.0, delta)]}, torch.float32).put_on(layer)

    with pytest.raises(RuntimeError):
        layer(torch.randn(2, 7))

    assert weight(layer) is own
    take_off()


def test_half_precision_stays_half():
    layer = LAYERS["linear"]().to(torch.bfloat16)
    tensors, whole = lora(layer)
    half = {name: tensor.half() for name, tensor in tensors.items()}
    seen = seen_by(layer).bfloat16()

    changes = LayerChanges.of(layer, {"weight": [(1.0, made(half, layer))]}, torch.bfloat16)
    take_off = changes.put_on(layer)
    changed = layer(seen)
    take_off()

    assert changed.dtype == torch.bfloat16
    wanted = expected(layer.float(), weight(layer).double().flatten(1) + whole)
    assert torch.allclose(changed.float(), wanted, atol=0.05)
