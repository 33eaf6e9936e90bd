"""The feed as server-sent events, without holding a server's worker thread."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator

from backend.api.verbs import Jobs
from backend.schema.jobs import Actor, FeedItem

HEARTBEAT_SECONDS = 15.0
_LOOK_SECONDS = 0.5


async def feed_events(
    jobs: Jobs, actor: Actor, heartbeat: float = HEARTBEAT_SECONDS
) -> AsyncGenerator[str]:
    """Every item of the feed as an event, with a comment after `heartbeat` silent seconds.

    One thread of its own waits for the items. It hands over one at a time, so that a slow reader
    holds back its own subscription, which knows what may be dropped.
    """
    items: asyncio.Queue[FeedItem] = asyncio.Queue(maxsize=1)
    stop = threading.Event()
    loop = asyncio.get_running_loop()

    def pump() -> None:
        with jobs.follow(actor) as subscription, contextlib.suppress(RuntimeError):
            while not stop.is_set():
                item = subscription.next(_LOOK_SECONDS)
                if item is not None:
                    _hand_over(item, items, loop, stop)

    threading.Thread(target=pump, name="feed", daemon=True).start()
    try:
        while True:
            try:
                item = await asyncio.wait_for(items.get(), heartbeat)
            except TimeoutError:
                yield ": still here\n\n"
            else:
                yield f"data: {item.model_dump_json()}\n\n"
    finally:
        stop.set()


def _hand_over(
    item: FeedItem,
    items: asyncio.Queue[FeedItem],
    loop: asyncio.AbstractEventLoop,
    stop: threading.Event,
) -> None:
    """Wait until the reader has room; a loop that is closed raises RuntimeError, which ends it."""
    if loop.is_closed():
        raise RuntimeError("the server has stopped")
    waiting = asyncio.run_coroutine_threadsafe(items.put(item), loop)
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            waiting.result(_LOOK_SECONDS)
            return
    waiting.cancel()
