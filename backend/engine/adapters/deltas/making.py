"""Making a change from the tensors that a file holds for one layer."""

from collections.abc import Callable, Mapping

from torch import Tensor

from backend.engine.adapters.deltas.base import Delta, UnsuitableError
from backend.engine.adapters.deltas.decomposed import Decomposed
from backend.engine.adapters.deltas.difference import Difference
from backend.engine.adapters.deltas.hadamard import Hadamard, tucker_factor
from backend.engine.adapters.deltas.kronecker import Kronecker, factor, tucker
from backend.engine.adapters.deltas.low_rank import LowRank

Slots = Mapping[str, Tensor]
"""The tensors of a layer by what they are; see `endings`."""
Scale = Callable[[int], float]
"""What a change of some rank is multiplied by; 0 for one without a rank."""
_KINDS = (
    ("down", ("down", "up")),
    ("hada_w1_a", ("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b")),
    ("difference", ("difference",)),
)


def weight_delta(slots: Slots, scale: Scale) -> Delta | None:
    """The change of a layer's weight; None where only the bias changes.

    Raises:
        UnsuitableError: When a tensor is missing, or two do not belong together.
    """
    try:
        direction = _direction(slots, scale)
    except RuntimeError as error:  # torch's word for shapes that do not meet
        raise UnsuitableError("its tensors do not belong together") from error
    if direction is None:
        if slots.keys() & {"magnitudes", "output_magnitudes", "up", "mid"}:
            raise UnsuitableError("half is missing")
        return None
    if "output_magnitudes" in slots:  # peft's, which for convolutions lie along another dimension
        return Decomposed(direction, slots["output_magnitudes"].flatten())
    return Decomposed(direction, slots["magnitudes"]) if "magnitudes" in slots else direction


def bias_delta(slots: Slots, scale: Scale) -> Delta | None:
    """The change of a layer's bias; None where it stays."""
    if "up_bias" in slots and "down" in slots:
        return Difference(slots["up_bias"], scale(len(slots["down"])))
    return Difference(slots["bias_difference"]) if "bias_difference" in slots else None


def _direction(slots: Slots, scale: Scale) -> Delta | None:
    if any(name.startswith("lokr_") for name in slots):
        return _kronecker(slots, scale)
    for mark, needed in _KINDS:
        if mark not in slots:
            continue
        if not slots.keys() >= set(needed):
            raise UnsuitableError("half is missing")
        return {"down": _low_rank, "hada_w1_a": _hadamard, "difference": _difference}[mark](
            slots, scale
        )
    return None


def _low_rank(slots: Slots, scale: Scale) -> LowRank:
    down, up = slots["down"], slots["up"].flatten(1)
    times = scale(len(down))
    if up.shape[1] != len(down):
        raise UnsuitableError("its two matrices have different ranks")
    if "mid" in slots:
        return LowRank.with_middle(down.flatten(1), slots["mid"], up, times)
    return LowRank(down, up, times)


def _hadamard(slots: Slots, scale: Scale) -> Hadamard:
    first, second = _factor(slots, 1, scale(len(slots["hada_w1_b"]))), _factor(slots, 2, 1.0)
    if first.rows != second.rows or first.row_size != second.row_size:
        raise UnsuitableError("its two products have different sizes")
    return Hadamard(first, second)


def _factor(slots: Slots, number: int, scale: float) -> LowRank:
    up, down = slots[f"hada_w{number}_a"], slots[f"hada_w{number}_b"]
    core = slots.get(f"hada_t{number}")
    if core is not None:
        return tucker_factor(core, up, down, scale)
    if up.shape[1] != len(down):
        raise UnsuitableError("its two matrices have different ranks")
    return LowRank(down, up, scale)


def _kronecker(slots: Slots, scale: Scale) -> Kronecker:
    get = slots.get
    first = factor(get("lokr_w1"), get("lokr_w1_a"), get("lokr_w1_b"))
    core, up, down = get("lokr_t2"), get("lokr_w2_a"), get("lokr_w2_b")
    if core is not None and up is not None and down is not None:
        second: Tensor | None = tucker(core, up, down)
    else:
        second = factor(get("lokr_w2"), up, down)
    if first is None or second is None:
        raise UnsuitableError("half is missing")
    ranked = down if down is not None else get("lokr_w1_b")
    return Kronecker(first, second, scale(0 if ranked is None else len(ranked)))


def _difference(slots: Slots, scale: Scale) -> Difference:
    del scale  # it is full strength as it is
    return Difference(slots["difference"])
