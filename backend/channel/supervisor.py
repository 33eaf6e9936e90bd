"""Starts the engine on first need, watches it, and starts it again when it dies."""

import json
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from backend.channel.client import EngineClient, EngineExit, Launch
from backend.channel.exits import describe_exit
from backend.channel.messages import (
    FROM_ENGINE,
    PROTOCOL_VERSION,
    Heartbeat,
    JobEvent,
    Ready,
    ShutDown,
    ToEngine,
)
from backend.schema.events import Event
from backend.schema.jobs import DeviceView

State = Literal["stopped", "starting", "ready", "restarting"]


@dataclass(frozen=True)
class Patience:
    """How long the supervisor waits, in seconds."""

    ready: float = 120.0
    """For a started engine to import torch and say that it is ready."""
    silence: float = 15.0
    """Without a heartbeat, before a ready engine counts as dead."""
    restarts: tuple[float, ...] = (0.0, 1.0, 3.0, 10.0)
    """Before each start again; after as many deaths in a row, nobody tries by itself."""
    settled: float = 60.0
    """A ready engine that lived this long may die anew without counting the deaths before."""
    goodbye: float = 2.0
    """For an engine that was told to shut down."""


@dataclass(frozen=True)
class EngineDeath:
    """What became of an engine that ended without being asked to."""

    sentence: str
    """Begins with “The engine”, says what happened and ends with a full stop."""
    exit_code: int | None
    last_words: str
    wanted: bool = False
    """Whether Easel killed it on purpose, to end a job that did not obey."""


class EngineListener(Protocol):
    """Hears about the engine; always from the supervisor's one thread, in order."""

    def engine_changed(self) -> None:
        """The supervisor's state or the device changed."""
        ...

    def engine_told(self, job: str, event: Event) -> None:
        """A job told something."""
        ...

    def engine_died(self, death: EngineDeath) -> None:
        """The engine ended, and whatever ran in it with it; nothing more comes from it."""
        ...

    def tick(self) -> None:
        """Some time passed, at most about a second."""
        ...


class Supervisor:
    """Keeps one engine alive from the first `start` to `close`.

    Everything that happens is put into one queue and handled by one thread, so that the listener
    hears an engine's last event before its death, and its death before the next one is ready.
    """

    def __init__(
        self, launch: Launch, listener: EngineListener, patience: Patience | None = None
    ) -> None:
        self._launch = launch
        self._listener = listener
        self._patience = patience or Patience()
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._client: EngineClient | None = None
        self._state: State = "stopped"
        self._device: DeviceView | None = None
        self._gave_up: EngineDeath | None = None
        self._reason = ""
        self._kill_wanted = False
        self._deaths = 0
        self._deadline = 0.0
        self._ready_since = 0.0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._thread.start()

    @property
    def state(self) -> State:
        """Where the engine is in its life."""
        return self._state

    @property
    def device(self) -> DeviceView | None:
        """What the engine computes with; None until it was ready once."""
        return self._device

    @property
    def gave_up(self) -> EngineDeath | None:
        """The last death, when the engine died so often in a row that nobody tries any more."""
        return self._gave_up

    def start(self) -> None:
        """Have an engine: starts one unless there is one or will be one soon. Does not wait."""
        self._inbox.put(self._start)

    def send(self, message: ToEngine) -> None:
        """Hand the engine a message; dropped when there is none."""
        client = self._client
        if client is not None:
            client.send(message)

    def kill(self) -> None:
        """End the engine at once, because a job does not obey; it is started again."""
        self._inbox.put(self._kill)

    def close(self) -> None:
        """Shut the engine down and wait until it has ended."""
        self._inbox.put(self._close)
        self._thread.join()

    def _run(self) -> None:
        while not self._closing:
            patience = self._until_next()
            expected = time.monotonic() + patience
            with suppress(queue.Empty):
                self._inbox.get(timeout=patience)()
            away = time.monotonic() - expected
            if away > self._patience.silence / 2:
                # We were away ourselves (a suspended laptop, a debugger): no reason to blame it.
                self._deadline += away
            self._look_after()
            self._listener.tick()

    def _until_next(self) -> float:
        return min(max(self._deadline - time.monotonic(), 0.0), 1.0) if self._waits else 1.0

    @property
    def _waits(self) -> bool:
        return self._state != "stopped" and not self._reason

    def _look_after(self) -> None:
        if not self._waits or time.monotonic() < self._deadline:
            return
        if self._state == "restarting":
            self._begin()
        elif self._state == "starting":
            self._end(f"was not ready after {self._patience.ready:.0f} seconds and was ended")
        else:
            self._end(
                f"gave no sign of life for {self._patience.silence:.0f} seconds and was ended"
            )

    def _start(self) -> None:
        if self._state == "stopped":
            self._deaths = 0
            self._gave_up = None
            self._begin()

    def _begin(self) -> None:
        self._reason = ""
        self._kill_wanted = False
        self._deadline = time.monotonic() + self._patience.ready
        self._change("starting")
        try:
            self._client = self._launch(self._on_message, self._on_exit)
        except OSError as error:
            self._died(EngineExit(None, str(error)))

    def _end(self, reason: str) -> None:
        """Kill the engine; its death will be told with this reason."""
        self._reason = reason
        if self._client is not None:
            self._client.kill()

    def _kill(self) -> None:
        if self._client is not None and self._state == "ready":
            self._kill_wanted = True
            self._end("was ended because a job did not stop")

    def _on_message(self, body: bytes) -> None:
        self._inbox.put(partial(self._hear, body))

    def _on_exit(self, end: EngineExit) -> None:
        self._inbox.put(partial(self._died, end))

    def _hear(self, body: bytes) -> None:
        version = _version(body)
        if version != PROTOCOL_VERSION:
            self._deaths = len(self._patience.restarts)  # the next one would say the same
            self._end(
                f"speaks version {version} of Easel's messages, but this program version "
                f"{PROTOCOL_VERSION}: Easel was changed while it ran, so please start it again"
            )
            return
        try:
            message = FROM_ENGINE.validate_json(body)
        except ValueError as error:
            self._end(f"said something that cannot be understood ({error})")
            return
        if self._state == "ready" and not self._reason:
            self._deadline = time.monotonic() + self._patience.silence
        match message:
            case Ready():
                self._ready_since = time.monotonic()
                self._deadline = self._ready_since + self._patience.silence
                self._device = message.device
                self._change("ready")
            case Heartbeat():
                self._device = message.device
                self._listener.engine_changed()
            case JobEvent():
                self._listener.engine_told(message.job, message.event)

    def _died(self, end: EngineExit) -> None:
        self._client = None
        if self._closing:
            return
        if self._state == "ready" and time.monotonic() - self._ready_since > self._patience.settled:
            self._deaths = 0
        what = self._reason or describe_exit(end.exit_code)
        death = EngineDeath(
            f"The engine {what}.", end.exit_code, end.last_words, wanted=self._kill_wanted
        )
        self._reason = ""
        if self._deaths < len(self._patience.restarts):
            self._deadline = time.monotonic() + self._patience.restarts[self._deaths]
            self._state = "restarting"
        else:
            self._gave_up = death
            self._state = "stopped"
        self._deaths += not self._kill_wanted
        self._listener.engine_died(death)
        self._listener.engine_changed()

    def _close(self) -> None:
        self._closing = True
        client = self._client
        if client is None:
            return
        if self._state == "ready":
            client.send(ShutDown())
        else:
            client.kill()
        self._wait_for_exit(time.monotonic() + self._patience.goodbye)
        if self._client is not None:
            client.kill()
            self._wait_for_exit(time.monotonic() + self._patience.goodbye)

    def _wait_for_exit(self, deadline: float) -> None:
        while self._client is not None and time.monotonic() < deadline:
            with suppress(queue.Empty):
                item = self._inbox.get(timeout=max(deadline - time.monotonic(), 0.0))
                if isinstance(item, partial) and item.func == self._died:
                    item()

    def _change(self, state: State) -> None:
        self._state = state
        self._listener.engine_changed()


def _version(body: bytes) -> object:
    """The version that a `Ready` names, read before anything else of it is believed."""
    message = json.loads(body) if body.startswith(b'{"type":"ready"') else {}
    return message.get("version", PROTOCOL_VERSION)
