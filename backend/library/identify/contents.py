"""A header's tensors with the questions that recognisers ask of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from backend.formats.header import TensorInfo


@dataclass(frozen=True)
class Contents:
    """Tensors by name, of a file or of a part of it."""

    tensors: Mapping[str, TensorInfo]

    @cached_property
    def roots(self) -> frozenset[str]:
        """The first word of every name, before its first dot."""
        return frozenset(name.partition(".")[0] for name in self.tensors)

    @cached_property
    def _lines(self) -> str:
        """All names as lines of one text, which is searched much faster than they one by one."""
        return "".join(f"\n{name}" for name in self.tensors) + "\n"

    def has(self, *names: str) -> bool:
        """Whether all these tensors are there."""
        return all(name in self.tensors for name in names)

    def shape(self, name: str) -> tuple[int, ...]:
        """A tensor's shape; empty where it is absent."""
        tensor = self.tensors.get(name)
        return tensor.shape if tensor else ()

    def size(self, name: str, axis: int) -> int:
        """A tensor's length along an axis; 0 where it is absent or has no such axis."""
        shape = self.shape(name)
        return shape[axis] if -len(shape) <= axis < len(shape) else 0

    def under(self, prefix: str) -> "Contents":
        """The tensors whose names begin with `prefix`, named without it."""
        if not prefix:
            return self
        cut = len(prefix)
        return Contents(
            {name[cut:]: t for name, t in self.tensors.items() if name.startswith(prefix)}
        )

    def ending(self, *endings: str) -> str:
        """The first name that ends so; empty where none does."""
        found = (self._lines.find(f"{ending}\n") for ending in endings)
        place = min((place for place in found if place >= 0), default=-1)
        if place < 0:
            return ""
        start, end = self._lines.rfind("\n", 0, place) + 1, self._lines.find("\n", place)
        return self._lines[start:end]

    def count(self, prefix: str) -> int:
        """How many numbered blocks there are: one more than the highest `N` in `prefix` + `N.`."""
        cut = len(prefix)
        numbers = (name[cut:].partition(".")[0] for name in self.tensors if name.startswith(prefix))
        return 1 + max((int(number) for number in numbers if _is_index(number)), default=-1)


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4  # noqa: PLR2004 (four digits)
