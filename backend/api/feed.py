"""The feed as server-sent events, without holding a server's worker thread."""

import asyncio
import concurrent.futures
import contextlib
import logging
import threading
from collections.abc import AsyncGenerator

from backend.api.verbs import Jobs
from backend.schema.errors import EaselError
from backend.schema.jobs import Actor, FeedItem

LOG = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 15.0
_LOOK_SECONDS = 0.5


async def feed_events(
    jobs: Jobs, actor: Actor, heartbeat: float = HEARTBEAT_SECONDS
) -> AsyncGenerator[str]:
    """Every item of the feed as an event, with a comment after `heartbeat` silent seconds.

    One thread of its own waits for the items. It hands over one at a time, so that a slow reader
    holds back its own subscription, which knows what may be dropped. The stream ends where the
    subscription fails; a page that reconnects learns why.
    """
    pump = _Pump(jobs, actor, asyncio.get_running_loop())
    threading.Thread(target=pump.run, name="feed", daemon=True).start()
    try:
        while True:
            try:
                item = await asyncio.wait_for(pump.items.get(), heartbeat)
            except TimeoutError:
                yield ": still here\n\n"
                continue
            if item is None:
                return
            yield f"data: {item.model_dump_json()}\n\n"
    finally:
        pump.stop.set()


class _Pump:
    """Carries items from a subscription, which blocks, into an event loop."""

    def __init__(self, jobs: Jobs, actor: Actor, loop: asyncio.AbstractEventLoop) -> None:
        self._jobs = jobs
        self._actor = actor
        self._loop = loop
        self.items: asyncio.Queue[FeedItem | None] = asyncio.Queue(maxsize=1)
        self.stop = threading.Event()

    def run(self) -> None:
        """Carry until told to stop, or until the event loop has ended."""
        # RuntimeError: the loop is closed. CancelledError: it is closing, and ended our hand-over.
        with contextlib.suppress(RuntimeError, concurrent.futures.CancelledError):
            try:
                self._follow()
            except EaselError as error:
                LOG.warning("feed.ended actor=%s error=%s", self._actor.id, error)
            finally:
                self._hand_over(None)

    def _follow(self) -> None:
        with self._jobs.follow(self._actor) as subscription:
            while not self.stop.is_set():
                item = subscription.next(_LOOK_SECONDS)
                if item is not None:
                    self._hand_over(item)

    def _hand_over(self, item: FeedItem | None) -> None:
        """Wait until the reader has room, or is gone."""
        if self.stop.is_set():
            return
        putting = self.items.put(item)
        try:
            waiting = asyncio.run_coroutine_threadsafe(putting, self._loop)
        except RuntimeError:
            putting.close()
            raise
        while not self.stop.is_set():
            with contextlib.suppress(TimeoutError):
                waiting.result(_LOOK_SECONDS)
                return
        waiting.cancel()
