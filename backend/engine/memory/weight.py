"""One tensor of a module, which may lie elsewhere while the module does not work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import Module, Parameter

from backend.engine.loading.kept import Kept

Fetch = Callable[[], Kept]
"""Takes a tensor from where it lies: from the machine's memory, or from its file."""


@dataclass
class Tally:
    """The bytes of weights on a device, now and at the most."""

    now: int = 0
    most: int = 0

    def add(self, count: int) -> None:
        """Count bytes that came, or went where it is negative."""
        self.now += count
        self.most = max(self.most, self.now)


@dataclass(eq=False)
class Weight:
    """A tensor of a module: away, on the device as it is kept, or there as it computes.

    Away, an empty tensor on the meta device stands in its place, which has its shape and dtype; a
    call of the module then fails instead of computing with something else.
    """

    owners: Sequence[tuple[Module, str]]
    """The modules that have it, and its name in each."""
    shape: torch.Size
    dtype: torch.dtype
    """That the module computes with."""
    fetch: Fetch
    tally: Tally
    _here: Kept | None = field(default=None, init=False)
    _widened: int = field(default=0, init=False)

    @property
    def modules(self) -> frozenset[Module]:
        """Those that have it."""
        return frozenset(module for module, _ in self.owners)

    @property
    def narrow(self) -> bool:
        """Whether it is on the device in fewer bytes than it computes with."""
        return self._here is not None and self._here.unpack is not None

    @property
    def bytes_here(self) -> int:
        """What it takes of the device's memory now, beside what `widen` made."""
        return 0 if self._here is None else self._here.bytes

    def come(self, device: torch.device) -> None:
        """Bring it to the device."""
        if self._here is not None:
            return
        self._here = self.fetch().brought(device)
        self.tally.add(self._here.bytes)
        if not self.narrow:
            self._show(self._here.rows)

    def leave(self) -> None:
        """Take it away."""
        self.narrow_again()
        if self._here is not None:
            self.tally.add(-self._here.bytes)
            self._here = None
            self.hide()

    def hide(self) -> None:
        """Put an empty tensor into its place."""
        self._show(torch.empty(self.shape, dtype=self.dtype, device="meta"))

    def widen(self) -> None:
        """Make what the module computes with, where it is kept narrow."""
        if self._here is None or self._here.unpack is None or self._widened:
            return
        wide = self._here.numbers().to(self.dtype).view(self.shape)
        self._widened = wide.nbytes
        self.tally.add(self._widened)
        self._show(wide)

    def narrow_again(self) -> None:
        """Let go of what `widen` made."""
        if self._widened:
            self.tally.add(-self._widened)
            self._widened = 0
            self.hide()

    def used_on(self, stream: torch.cuda.Stream) -> None:
        """Tell the allocator that work on another stream uses it."""
        if self._here is not None:
            self._here.rows.record_stream(stream)

    def _show(self, tensor: Tensor) -> None:
        parameter = Parameter(tensor, requires_grad=False)
        for module, name in self.owners:
            trained = isinstance(getattr(module, name), Parameter)
            setattr(module, name, parameter if trained else tensor)
