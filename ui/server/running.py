"""Running several HTTP servers as one, and ending them in order."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Self

import uvicorn
from starlette.types import ASGIApp

_GOODBYE_SECONDS = 1
"""For answers that are under way; feeds never end by themselves."""
_Handler = Callable[[int, FrameType | None], object] | int | None


@dataclass(frozen=True)
class Door:
    """An application and the sockets on which it answers."""

    app: ASGIApp
    sockets: Sequence[socket.socket]


class Server(uvicorn.Server):
    """A server that leaves the signals to whoever runs several of them."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.opened = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the door."""
        await super().startup(sockets)
        self.opened.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the door. Answers that are cut off now, such as feeds, are no errors to log."""
        logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take none."""
        yield


class Life:
    """From the start of the program to its end: signals become an orderly stop.

    Use it as a context manager around everything. Ctrl+C, `kill` and a closed terminal raise
    KeyboardInterrupt until servers run, and then end these; a second one does not wait for
    answers that are under way. What comes after the servers is not disturbed any more.
    """

    def __init__(self) -> None:
        """Begin without servers."""
        self._servers: list[Server] = []
        self._stopping = False
        self._before: dict[signal.Signals, _Handler] = {}

    def __enter__(self) -> Self:
        """Take over the signals, but not those that somebody had us ignore, as `nohup` does."""
        for number in _signals():
            handler = signal.getsignal(number)
            if handler is not signal.SIG_IGN:
                self._before[number] = handler
                signal.signal(number, self._stop)
        return self

    def __exit__(self, *details: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def serve(self, doors: Sequence[Door], ready: Callable[[], None]) -> None:
        """Answer on all doors until a signal comes; `ready` is called once they are open."""
        self._servers = [_server(door) for door in doors]
        asyncio.run(self._serve(doors, ready))

    async def _serve(self, doors: Sequence[Door], ready: Callable[[], None]) -> None:
        async with asyncio.TaskGroup() as group:
            for server, door in zip(self._servers, doors, strict=True):
                group.create_task(server.serve(list(door.sockets)))
            for server in self._servers:
                await server.opened.wait()
            ready()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        again, self._stopping = self._stopping, True
        for server in self._servers:
            server.should_exit, server.force_exit = True, again
        if not self._servers and not again:
            raise KeyboardInterrupt


def _server(door: Door) -> Server:
    config = uvicorn.Config(
        door.app,
        lifespan="on",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # nobody in front of us is to be believed about who calls
        timeout_graceful_shutdown=_GOODBYE_SECONDS,
    )
    return Server(config)


def _signals() -> tuple[signal.Signals, ...]:
    ended = "SIGBREAK" if os.name == "nt" else "SIGHUP"
    return signal.SIGINT, signal.SIGTERM, getattr(signal, ended)
