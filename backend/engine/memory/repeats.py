"""Answers operations on tensors without contents that it has seen before, without doing them.

What an operation makes of tensors without contents depends on their shapes alone, and a network
does the same few hundred operations again in each of its blocks. PyTorch works out each result
anew, in Python, which takes ten times as long as looking it up.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor
from torch.utils.flop_counter import flop_registry, sdpa_flop_count

ATTENTION = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu  # noqa: SLF001
"""As the kernels do it that never hold the matrix of scores."""
_COUNTED = cast("Mapping[object, Callable[..., object]]", flop_registry)
Operation = Callable[..., object]


class Done(NamedTuple):
    """What an operation made, and how many multiplications and additions it took."""

    made: object
    operations: int


class _Form(NamedTuple):
    """All that a tensor without contents has."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype

    def made(self) -> Tensor:
        return torch.empty_strided(self.shape, self.stride, dtype=self.dtype, device="meta")


class Repeats:
    """Does operations, and remembers the forms of what they made; of one default dtype."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[tuple[_Form | None, ...] | _Form, int]] = {}
        self._sharing: set[Operation] = set()
        """Operations that change a tensor, or whose result shares one's memory."""

    def __call__(
        self, operation: Operation, args: Sequence[object], kwargs: Mapping[str, object]
    ) -> Done:
        """Do the operation, on the device “meta”."""
        if operation in self._sharing:
            made = operation(*args, **kwargs)
            return Done(made, _operations(operation, args, made))
        key = (operation, _key(args), *((name, _key(value)) for name, value in kwargs.items()))
        known = self._known.get(key)
        if known is None:
            return self._first(key, operation, args, kwargs)
        forms, operations = known
        if isinstance(forms, _Form):
            return Done(forms.made(), operations)
        return Done(tuple(None if form is None else form.made() for form in forms), operations)

    def _first(
        self,
        key: Hashable,
        operation: Operation,
        args: Sequence[object],
        kwargs: Mapping[str, object],
    ) -> Done:
        made = operation(*args, **kwargs)
        done = Done(made, _operations(operation, args, made))
        results = cast("tuple[object, ...]", made if isinstance(made, tuple) else (made,))
        if _changes(operation) or not all(_can_be_made_again(each, args) for each in results):
            self._sharing.add(operation)
            return done
        forms = tuple(_form(each) if isinstance(each, Tensor) else None for each in results)
        whole = forms if isinstance(made, tuple) else cast("_Form", forms[0])
        self._known[key] = (whole, done.operations)
        return done


def _operations(operation: object, args: Sequence[object], made: object) -> int:
    packet: object = getattr(operation, "overloadpacket", None)
    if packet is ATTENTION:
        query, key, value = (cast("Tensor", each).shape for each in args[:3])
        return sdpa_flop_count(query, key, value)
    count = _COUNTED.get(packet)
    return 0 if count is None else cast("int", count(*args, out_val=made))


def _form(tensor: Tensor) -> _Form:
    return _Form(tuple(tensor.shape), tensor.stride(), tensor.dtype)


def _key(value: object) -> Hashable:
    if isinstance(value, Tensor):
        return _form(value)
    if isinstance(value, list | tuple):
        return tuple(map(_key, cast("Sequence[object]", value)))
    return (type(value), value)  # 1, 1.0 and True are equal, and give results of other dtypes


def _changes(operation: Operation) -> bool:
    return cast("torch._ops.OpOverload", operation)._schema.is_mutable  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _can_be_made_again(result: object, args: Sequence[object]) -> bool:
    """Whether nothing but its form tells a result apart from any other."""
    if result is None:
        return True
    if not isinstance(result, Tensor):
        return False
    place = result.untyped_storage()
    given = [each for each in args if isinstance(each, Tensor)]
    shares = any(each.untyped_storage()._cdata == place._cdata for each in given)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return not shares and _form(result).made().untyped_storage().nbytes() == place.nbytes()
