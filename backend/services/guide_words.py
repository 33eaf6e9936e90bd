"""How the guided start says things: where, how long, and why not."""

from backend.memory.estimate import GIB
from backend.schema.memory import MemoryState
from backend.schema.sizes import readable_bytes

ASSUMED_SPEED = 10e6
"""Bytes a second, while no download has told."""
_MINUTE = 60
_LONG = 90
"""Minutes that are told as hours."""
_HALF_AN_HOUR = 1800
_MOST_SECONDS = 90
"""Seconds that are told as such."""


def where(memory: MemoryState) -> str:
    """“your 8 GB card”, or “this computer” where there is none."""
    if memory.kind != "cuda":
        return "this computer"
    return f"your {memory.total_bytes / GIB:.0f} GB card"


def download_words(size: int, speed: float | None) -> str:
    """How long a download takes, and at which speed where nobody knows how fast this line is."""
    minutes = size / (speed or ASSUMED_SPEED) / _MINUTE
    if minutes > _LONG:
        words = f"about {minutes / _MINUTE:.0f} hours"
    elif minutes < 1:
        words = "less than a minute"
    else:
        words = f"about {minutes:.0f} minute{'s' if round(minutes) > 1 else ''}"
    return words if speed else f"{words} at {ASSUMED_SPEED / 1e6:.0f} MB/s"


def drawing_words(learned: float | None, guessed: float) -> str:
    """How long a picture takes; empty where that is not known and not long.

    Args:
        learned: Seconds, as this machine's own runs tell.
        guessed: Seconds on a usual machine of this kind.
    """
    if learned is None and guessed > _HALF_AN_HOUR / 3:
        return "A picture may take half an hour on this computer."
    if learned is None:
        return "A picture takes minutes on this computer." if guessed > _MOST_SECONDS else ""
    if learned <= _MOST_SECONDS:
        return f"A picture takes about {max(1, round(learned))} s."
    return f"A picture takes about {learned / _MINUTE:.0f} minutes."


def refusal_for_space(missing: int) -> str:
    """That the disk has too little room."""
    return (
        f"The disk of the models folder lacks {readable_bytes(missing)} for it. "
        "Make room, then look again."
    )
