"""Starts the engine process: `python -m backend.engine --address ADDRESS --kinds MODULE...`."""

import argparse
import faulthandler
import importlib
import logging
import os
import queue
import signal
import sys
import threading
from collections.abc import Sequence
from multiprocessing.connection import Client, Connection

from backend.channel.messages import (
    KEY_VARIABLE,
    TO_ENGINE,
    FromEngine,
    Heartbeat,
    Ready,
    ToEngine,
)
from backend.engine.context import JobFunction
from backend.engine.device import describe_device
from backend.engine.worker import Worker
from backend.locks import HeldLock
from backend.places import default_places
from backend.schema.errors import AlreadyRunningError

LOG = logging.getLogger("backend.engine")

DEFAULT_KINDS = ("backend.engine.run",)
HEARTBEAT_SECONDS = 1.0
LOCK_SECONDS = 10.0  # an orphaned engine exits by itself, but may be in the middle of a model call


def main(arguments: Sequence[str] | None = None) -> int:
    """Connect to the page's process, then work until it says so or goes away."""
    options = _parse(arguments)
    faulthandler.enable()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the page's: it shuts us down in order
    key = bytes.fromhex(os.environ.pop(KEY_VARIABLE))
    link = Link(Client(options.address, authkey=key))
    places = default_places()
    lock = HeldLock(places.data / "engine.lock")
    if not lock.take(str(os.getpid()), seconds=options.lock_seconds):
        raise AlreadyRunningError(
            f"Another engine (process {lock.holder}) still uses the data folder.",
            "End it, then try again.",
        )
    modules = [importlib.import_module(module) for module in options.kinds]
    kinds: dict[str, JobFunction] = {}
    for module in modules:
        kinds |= module.KINDS
    worker = Worker(kinds, places, link.send)
    link.send(Ready(pid=os.getpid(), device=describe_device()))
    link.keep_beating()
    for module in modules:
        if hasattr(module, "prepare"):
            module.prepare()
    run(worker, link.inbox)
    lock.release()
    return 0


def run(worker: Worker, inbox: "queue.SimpleQueue[ToEngine]") -> None:
    """Obey messages as they come, and advance jobs in between."""
    while not worker.stopped:
        try:
            worker.receive(inbox.get(block=worker.idle))
        except queue.Empty:
            worker.step()


class Link:
    """The connection to the page's process, safe to send on from any thread."""

    def __init__(self, connection: "Connection[bytes, bytes]") -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self.inbox: queue.SimpleQueue[ToEngine] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="reader", daemon=True).start()

    def send(self, message: FromEngine) -> None:
        """Send one message, as JSON."""
        body = message.model_dump_json().encode()
        with self._sending:
            try:
                self._connection.send_bytes(body)
            except OSError:  # the page's process is gone
                os._exit(0)

    def keep_beating(self) -> None:
        """Tell from now on that the engine is alive."""
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                self.inbox.put(TO_ENGINE.validate_json(self._connection.recv_bytes()))
        except (EOFError, OSError):
            # The page's process is gone: nobody wants what we make, and nobody else would free the
            # memory. Not sys.exit, which would wait for a job in the middle of a model call.
            os._exit(0)
        except ValueError:
            LOG.exception("channel.unreadable")
            os._exit(1)

    def _beat(self) -> None:
        pause = threading.Event()
        while not pause.wait(HEARTBEAT_SECONDS):
            self.send(Heartbeat(device=describe_device()))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m backend.engine", description=__doc__)
    parser.add_argument("--address", required=True, help="where the page's process listens")
    parser.add_argument(
        "--lock-seconds",
        type=float,
        default=LOCK_SECONDS,
        help="how long to wait until an engine before this one has left the data folder",
    )
    parser.add_argument(
        "--kinds",
        nargs="+",
        default=DEFAULT_KINDS,
        metavar="MODULE",
        help="modules whose KINDS say which jobs this engine does",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
