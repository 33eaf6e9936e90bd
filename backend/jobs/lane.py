"""The host lane: slow work of the page's process, such as hashing, one piece after the other."""

import queue
import threading

from backend.jobs.ports import Work


class HostLane:
    """A thread that does what it is given, in order."""

    def __init__(self) -> None:
        self._work: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="host lane", daemon=True).start()

    def put(self, work: Work) -> None:
        """Do `work` soon."""
        self._work.put(work)

    def close(self) -> None:
        """Take nothing more; what is under way ends with the program."""
        self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()
