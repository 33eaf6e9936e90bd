"""An engine without a process, for tests: the real worker, driven by a thread or by hand."""

import queue
import threading
from collections.abc import Callable
from typing import Protocol

from backend.channel.client import EngineExit, OnExit, OnMessage
from backend.channel.messages import TO_ENGINE, FromEngine, Ready, ToEngine
from backend.schema.jobs import DeviceView

NO_DEVICE = DeviceView(name="none", memory_used=0, memory_total=0)


class Driven(Protocol):
    """What drives a worker; `backend.engine.worker.Worker` has it."""

    @property
    def idle(self) -> bool:
        """Whether only a message can bring work."""
        ...

    @property
    def stopped(self) -> bool:
        """Whether the worker was told to shut down."""
        ...

    def receive(self, message: ToEngine) -> None:
        """Obey one message."""
        ...

    def step(self) -> None:
        """Advance one job by one event."""
        ...


MakeWorker = Callable[[Callable[[FromEngine], None]], Driven]


class InProcessEngine:
    """A worker that is advanced by calling `step`; messages cross as JSON, as in a real engine."""

    def __init__(self, make_worker: MakeWorker, on_message: OnMessage, on_exit: OnExit) -> None:
        self._on_message = on_message
        self._on_exit = on_exit
        self._ended = threading.Event()
        self._worker = make_worker(self._tell)
        self._tell(Ready(pid=0, device=NO_DEVICE))

    @property
    def idle(self) -> bool:
        """Whether only a message can bring work."""
        return self._worker.idle

    def send(self, message: ToEngine) -> None:
        """Obey the message at once; told to shut down, end as a process does."""
        self._worker.receive(TO_ENGINE.validate_json(message.model_dump_json()))
        if self._worker.stopped:
            self._end(EngineExit(0, ""))

    def step(self) -> None:
        """Advance one job by one event."""
        self._worker.step()

    def kill(self) -> None:
        """End as a killed process would."""
        self._end(EngineExit(-9, "killed"))

    def _end(self, how: EngineExit) -> None:
        if not self._ended.is_set():
            self._ended.set()
            self._on_exit(how)

    def _tell(self, message: FromEngine) -> None:
        if not self._ended.is_set():
            self._on_message(message.model_dump_json().encode())


class ThreadedEngine(InProcessEngine):
    """The same, advanced by a thread of its own."""

    def __init__(self, make_worker: MakeWorker, on_message: OnMessage, on_exit: OnExit) -> None:
        self._inbox: queue.SimpleQueue[ToEngine] = queue.SimpleQueue()
        super().__init__(make_worker, on_message, on_exit)
        threading.Thread(target=self._run, name="engine in process", daemon=True).start()

    def send(self, message: ToEngine) -> None:
        """Leave the message for the thread."""
        self._inbox.put(message)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                super().send(self._inbox.get(block=self.idle))
            except queue.Empty:
                self.step()
