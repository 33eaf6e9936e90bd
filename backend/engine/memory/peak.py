"""The peak of live bytes while a module runs, with no weights read and nothing computed."""

import weakref
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, cast

import torch
from torch import Tensor
from torch.nn import Module
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from backend.engine.memory.repeats import ATTENTION, Repeats

_CONVOLUTION = torch.ops.aten.convolution.default
_ENLARGING = torch.ops.aten.upsample_nearest2d.default
Build = Callable[[], Module]
Call = Callable[[Module], object]


class Peak(NamedTuple):
    """The most bytes that lived at once."""

    bytes: int
    on_processor: int
    """With what a processor's kernels hold while they work."""
    operations: int
    """How many multiplications and additions the call took."""


class LivePeak(TorchDispatchMode):
    """Follows the storages of tensors that are made while the mode is on."""

    def __init__(self, existing: Sequence[Tensor], repeats: Repeats) -> None:
        """Follow all but `existing`, such as weights: a view of one must not count."""
        super().__init__()
        self._repeats = repeats
        self._sizes = {_key(tensor): 0 for tensor in existing}
        self._now = 0
        self.bytes = 0
        """The most that lived at once."""
        self.on_processor = 0
        """The same with what a processor's kernels hold while they work."""
        self.operations = 0
        """Multiplications and additions until now."""

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Run an operation, and note what it made."""
        made, operations = self._repeats(func, args, kwargs or {})
        before = self._now
        for leaf in tree_leaves(made):
            if isinstance(leaf, Tensor):
                self._follow(leaf)
        held = before + processor_room(func, args, made)
        self.on_processor = max(self.on_processor, self._now, held)
        self.operations += operations
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


def processor_room(func: object, args: Sequence[object], made: object) -> int:
    """The most bytes that a processor's kernel holds beside what it is given.

    Convolutions wider than one pixel work on blocks of channels, into which they copy pictures and
    weights, and out of which they copy the result. Enlarging goes by way of channels last.
    Measured with torch.profiler on oneDNN's kernels, and tested.
    """
    if func is _ENLARGING and isinstance(made, Tensor):
        return cast("Tensor", args[0]).nbytes + 2 * made.nbytes
    if func is _CONVOLUTION and isinstance(made, Tensor):
        picture, weight = cast("Sequence[Tensor]", args[:2])
        if weight.shape[2:] != (1, 1):
            return made.nbytes + max(made.nbytes, picture.nbytes + weight.nbytes)
    return 0


def _key(tensor: Tensor) -> int:
    """The same for all views of a storage."""
    return tensor.untyped_storage()._cdata  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


class AttentionInBlocks(TorchFunctionMode):
    """Attention as the kernels do it that never hold the matrix of scores."""

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Call a function of torch, attention by another name."""
        if func is scaled_dot_product_attention:
            return _in_blocks(*cast("Sequence[Tensor]", args), **(kwargs or {}))
        return func(*args, **(kwargs or {}))


def _in_blocks(query: Tensor, key: Tensor, value: Tensor, *_: object, **__: object) -> Tensor:
    return ATTENTION(query, key, value)[0]


def peaks(build: Build, calls: Sequence[Call], dtype: torch.dtype) -> list[Peak]:
    """The peak of activations in bytes at each of the calls of one module, and its operations.

    Attention counts as the kernels do it that never hold the matrix of scores; the processor's
    does so everywhere. What libraries of graphics cards need beside tensors is not seen.
    """
    found: list[Peak] = []
    repeats = Repeats()
    with without_weights(build, dtype) as module:
        for call in calls:
            with LivePeak([*module.parameters(), *module.buffers()], repeats) as peak:
                call(module)
            found.append(Peak(peak.bytes, peak.on_processor, peak.operations))
    return found


@contextmanager
def without_weights(build: Build, dtype: torch.dtype) -> Generator[Module]:
    """A module whose tensors have shapes and no contents, and so has all that it makes within.

    It is on the device “meta”, where nothing is drawn at random and nothing computed.
    """
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device("meta"), torch.no_grad(), AttentionInBlocks():
            yield build()
    finally:
        torch.set_default_dtype(before)
