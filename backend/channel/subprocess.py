"""An engine in a process of its own."""

import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from backend.channel.client import EngineExit, OnExit, OnMessage
from backend.channel.messages import KEY_VARIABLE, ToEngine
from backend.places import Places

ENGINE_ENVIRONMENT = {
    # Without it even the alignment of a mapped file changes the last bits of a picture.
    "MKL_CBWR": "AUTO,STRICT",
    # Threads that wait for each other sleep. Where they spin, and other programs want the processor
    # too, a small model's picture takes ten times as long; asleep they cost it a third on an idle
    # machine, and a large model nothing.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Models come from the library; nothing is fetched behind a person's back.
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUTF8": "1",
}
LOG_LIMIT = 5_000_000
LAST_WORDS_BYTES = 4_000
LAST_WORDS_LINES = 40  # a crash in native code begins its trace with what happened


class SubprocessEngines:
    """Starts engines as `python -m backend.engine`; calling it is a `Launch`."""

    def __init__(self, places: Places, arguments: Sequence[str] = ()) -> None:
        self._arguments = tuple(arguments)
        self._log = places.data / "logs" / "engine.log"
        self._environment = {
            **ENGINE_ENVIRONMENT,
            "EASEL_OUTPUTS": str(places.outputs),
            "EASEL_DATA": str(places.data),
            "EASEL_MODELS": str(places.models),
        }

    def __call__(self, on_message: OnMessage, on_exit: OnExit) -> "SubprocessEngine":
        """Start one engine.

        Raises:
            OSError: When the process cannot be made.
        """
        log = EngineLog(self._log)
        return SubprocessEngine(self._arguments, self._environment, log, (on_message, on_exit))


class EngineLog:
    """The file that takes what one engine writes to stdout and stderr."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begin = 0
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > LOG_LIMIT:
                path.replace(path.with_suffix(".old.log"))
            self._begin = path.stat().st_size if path.exists() else 0

    def descriptor(self) -> int:
        """A file descriptor to write to, or `subprocess.DEVNULL` where there can be no file."""
        try:
            return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError:  # a full disk or a read-only folder must not keep the engine from starting
            return subprocess.DEVNULL

    def last_words(self) -> str:
        """The last lines that were written since this log began."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self._begin, size - LAST_WORDS_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.strip().splitlines()[-LAST_WORDS_LINES:])


class SubprocessEngine:
    """One engine process, its connection, and the thread that reads from it."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log: EngineLog,
        handlers: tuple[OnMessage, OnExit],
    ) -> None:
        self._on_message, self._on_exit = handlers
        self._log = log
        self._sending = threading.Lock()
        self._connection: Connection[bytes, bytes] | None = None
        key = secrets.token_bytes(32)
        self._listener = Listener(authkey=key)
        output = log.descriptor()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "backend.engine", *self._address(), *arguments],
                cwd=Path(__file__).resolve().parents[2],
                env={**os.environ, **environment, KEY_VARIABLE: key.hex()},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        except OSError:
            self._listener.close()
            raise
        finally:
            if output != subprocess.DEVNULL:
                os.close(output)
        threading.Thread(target=self._read, name="engine reader", daemon=True).start()
        threading.Thread(target=self._watch, name="engine watch", daemon=True).start()

    def send(self, message: ToEngine) -> None:
        """Hand the engine a message; one that it does not live to read is dropped."""
        with self._sending, suppress(OSError):
            if self._connection is not None:
                self._connection.send_bytes(message.model_dump_json().encode())

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def _address(self) -> tuple[str, str]:
        return "--address", str(self._listener.address)

    def _read(self) -> None:
        with suppress(OSError, EOFError, AuthenticationError):
            self._connection = self._listener.accept()
            while True:
                self._on_message(self._connection.recv_bytes())
        # The pipe is drained: whatever the engine told before it died has been heard.
        exit_code = self._process.wait()
        self._listener.close()
        if self._connection is not None:
            with self._sending:
                self._connection.close()
        self._on_exit(EngineExit(exit_code, self._log.last_words()))

    def _watch(self) -> None:
        """Free the reader when the process dies before it connects; `accept` knows no time-out."""
        self._process.wait()
        with suppress(OSError, EOFError, AuthenticationError):
            Client(self._listener.address).close()
