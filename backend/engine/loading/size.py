"""How large a checkpoint is, in words."""

from pathlib import Path

UNIT = 1000.0


def size_of(path: Path) -> int:
    """The bytes of a file, or of the safetensors files in a folder."""
    files = [path] if path.is_file() else path.rglob("*.safetensors")
    return sum(file.stat().st_size for file in files)


def readable_size(path: Path) -> str:
    """The size of a file, or of the safetensors files in a folder, such as "44 MB"."""
    return readable_bytes(size_of(path))


def readable_bytes(count: float) -> str:
    """A number of bytes in words, such as "44 MB"."""
    for unit in ("B", "kB", "MB"):
        if count < UNIT:
            return f"{count:.0f} {unit}"
        count /= UNIT
    return f"{count:.1f} GB"
