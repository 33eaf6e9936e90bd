"""How fast something goes, measured over the last seconds."""

from collections import deque

_WINDOW_SECONDS = 10.0
_LEAST_SECONDS = 0.5


class Speedometer:
    """Tells bytes a second from counts and the times at which they were told."""

    def __init__(self) -> None:
        self._told: deque[tuple[float, int]] = deque()

    def speed(self, at: float, count: int) -> float | None:
        """The speed now; None while too little is known.

        Args:
            at: Seconds by any clock that only goes on.
            count: Bytes done in all; fewer than before means that it began again.
        """
        told = self._told
        if told and count < told[-1][1]:
            told.clear()
        told.append((at, count))
        while at - told[0][0] > _WINDOW_SECONDS:
            told.popleft()
        seconds = at - told[0][0]
        return (count - told[0][1]) / seconds if seconds >= _LEAST_SECONDS else None
