"""The peak of live bytes while a module runs, with no weights read and nothing computed."""

import weakref
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import Module
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode, sdpa_flop_count

_ATTENTION = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu  # noqa: SLF001
Build = Callable[[], Module]
Call = Callable[[Module], object]


class LivePeak(TorchDispatchMode):
    """Follows the storages of tensors that are made while the mode is on."""

    def __init__(self, existing: Sequence[Tensor]) -> None:
        """Follow all but `existing`, such as weights: a view of one must not count."""
        super().__init__()
        self._sizes = {_key(tensor): 0 for tensor in existing}
        self._now = 0
        self.bytes = 0
        """The most that lived at once."""

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Run an operation, and note what it made."""
        made = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(made):
            if isinstance(leaf, Tensor):
                self._follow(leaf)
        return made

    def _follow(self, tensor: Tensor) -> None:
        key, storage = _key(tensor), tensor.untyped_storage()
        if key in self._sizes:
            return
        self._sizes[key] = storage.nbytes()
        self._now += storage.nbytes()
        self.bytes = max(self.bytes, self._now)
        weakref.finalize(storage, self._forget, key)

    def _forget(self, key: int) -> None:
        self._now -= self._sizes.pop(key, 0)


def _key(tensor: Tensor) -> int:
    """The same for all views of a storage."""
    return tensor.untyped_storage()._cdata  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


@contextmanager
def nothing_computed(dtype: torch.dtype) -> Generator[None]:
    """Tensors that are made within have shapes, and `dtype` by default, but no contents."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with FakeTensorMode(), torch.device("cpu"), torch.no_grad():
            yield
    finally:
        torch.set_default_dtype(before)


def peaks(build: Build, calls: Sequence[Call], dtype: torch.dtype) -> list[int]:
    """The peak of activations in bytes at each of the calls of one module.

    Attention counts as the kernels do it that never hold the matrix of scores; the processor's
    does so everywhere. What libraries need beside tensors is not seen.
    """
    found: list[int] = []
    with nothing_computed(dtype):
        module = build()
        for call in calls:
            with LivePeak([*module.parameters(), *module.buffers()]) as peak:
                call(module)
            found.append(peak.bytes)
    return found


def operations(build: Build, calls: Sequence[Call]) -> list[int]:
    """How many multiplications and additions each of the calls takes."""
    counted: list[int] = []
    with nothing_computed(torch.float32):
        module = build()
        for call in calls:
            with FlopCounterMode(display=False, custom_mapping={_ATTENTION: _attention}) as counter:
                call(module)
            counted.append(counter.get_total_flops())
    return counted


def _attention(
    query: torch.Size, key: torch.Size, value: torch.Size, *_: object, **__: object
) -> int:
    return sdpa_flop_count(query, key, value)
