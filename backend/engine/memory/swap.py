"""Noticing that the machine's memory ran short, and that it works from its disk instead."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psutil

from backend.schema.events import Warned

MUCH = 256 * 2**20
"""Bytes read back from the disk while a job runs, from which on it is slow because of that. Less
is read when another program wakes up."""
SENTENCE = (
    "The memory of this computer ran short, and it works from its disk, which is many times as "
    "slow: close other programs, or choose a smaller size or model."
)


def read_back() -> int:
    """Bytes that the system read back from its swap file since it started; 0 if it does not say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # systems that do not say
        return psutil.swap_memory().sin


@dataclass
class SwapWatch:
    """Watches a job from now on."""

    let_go: Callable[[], object]
    """Lets go of what is only kept for later jobs."""
    read_back: Callable[[], int] = read_back
    _before: int = field(init=False)
    _told: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._before = self.read_back()

    def news(self) -> Iterator[Warned]:
        """Where much was read back, let go of what can wait, and tell it, once."""
        if not self._told and self.read_back() - self._before >= MUCH:
            self._told = True
            self.let_go()
            yield Warned(sentence=SENTENCE)
