"""How large something is, in words."""

_UNIT = 1000.0


def readable_bytes(count: float) -> str:
    """A number of bytes as people know files by: 6_938_078_334 is “6.9 GB”, 44_000_000 “44 MB”."""
    for unit in ("B", "kB", "MB"):
        if count < _UNIT:
            return f"{count:.0f} {unit}"
        count /= _UNIT
    return f"{count:.1f} GB"
