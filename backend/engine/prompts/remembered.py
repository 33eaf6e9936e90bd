"""The last prompts that an encoder read, kept: who changes a word encodes only that prompt."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from backend.engine.families.base import Encoded
from backend.engine.prompts.reading import Reading

REMEMBERED = 16

EncodePrompts = Callable[[Sequence[str], Reading], tuple[Encoded, ...]]
"""Encodes prompts to the same number of tokens."""
Said = TypeVar("Said")


class Remembered(Generic[Said]):
    """What one encoder said of the last prompts, or pictures."""

    def __init__(self, most: int = REMEMBERED) -> None:
        """Know nothing yet; `most` is how many are kept."""
        self._most = most
        self._recent: OrderedDict[Hashable, Said] = OrderedDict()

    def get(self, prompt: Hashable, encode: Callable[[], Said]) -> Said:
        """What it said of this prompt, which it is asked where that is not known."""
        if prompt not in self._recent:
            self._recent[prompt] = encode()
        self._recent.move_to_end(prompt)
        while len(self._recent) > self._most:
            self._recent.popitem(last=False)
        return self._recent[prompt]
