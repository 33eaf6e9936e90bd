"""Sending a click's request exactly once, however often the page repeats it."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from backend.schema.jobs import JobView

_REMEMBERED = 500


@dataclass
class _Click:
    lock: threading.Lock = field(default_factory=threading.Lock)
    job: JobView | None = None


class Clicks:
    """The clicks of late, each with the job that it became.

    The page gives every click a token and repeats the click when no answer came, for instance
    because the connection broke after the job was queued. A repeated click gets the same job.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clicks: OrderedDict[str, _Click] = OrderedDict()

    def once(self, token: str, submit: Callable[[], JobView]) -> JobView:
        """The job of this click; `submit` runs again only where it raised before.

        Raises:
            EaselError: What `submit` raises.
        """
        with self._lock:
            click = self._clicks.setdefault(token, _Click())
            while len(self._clicks) > _REMEMBERED:
                self._clicks.popitem(last=False)
        with click.lock:
            if click.job is None:
                click.job = submit()
            return click.job
