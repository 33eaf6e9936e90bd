"""Memory and times in words."""

from backend.memory.estimate import GIB, MIB

_MINUTE = 60
_HOUR = 3600


def gigabytes(size: int) -> str:
    """In GB as memory is sold, of 2³⁰ bytes, or in MB where that is little: “1.5 GB”, “20 MB”."""
    return f"{size / GIB:.1f} GB" if size >= GIB / 10 else f"{size / MIB:.0f} MB"


def about(seconds: float) -> str:
    """A predicted time, as exact as it is known: “about 12 s”, “about 3 min”."""
    if seconds < _MINUTE:
        return f"about {max(1, round(seconds))} s"
    if seconds < _HOUR:
        return f"about {round(seconds / _MINUTE)} min"
    return f"about {seconds / _HOUR:.1f} h"
