"""What the supervisor needs of an engine, whether it is a process, a thread or driven by hand."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from backend.channel.messages import ToEngine


@dataclass(frozen=True)
class EngineExit:
    """How an engine ended."""

    exit_code: int | None
    """As `subprocess` tells it: negative for a signal; None when it never started."""
    last_words: str = ""
    """The end of what it wrote to its log."""


class EngineClient(Protocol):
    """One life of an engine."""

    def send(self, message: ToEngine) -> None:
        """Hand it a message; one that the engine does not live to read is dropped."""
        ...

    def kill(self) -> None:
        """End it at once; nothing that it has not sent yet is waited for."""
        ...


OnMessage = Callable[[bytes], None]
"""Receives each message of the engine, as JSON, in order."""
OnExit = Callable[[EngineExit], None]
"""Called once, after the last message."""
Launch = Callable[[OnMessage, OnExit], EngineClient]
"""Starts an engine. Both callables are called from another thread.

Raises:
    OSError: When it cannot be started at all.
"""
