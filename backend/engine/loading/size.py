"""How large a checkpoint is, in words."""

from pathlib import Path

UNIT = 1000.0


def size_of(path: Path) -> int:
    """The bytes of a file, or of the safetensors files in a folder."""
    files = [path] if path.is_file() else path.rglob("*.safetensors")
    return sum(file.stat().st_size for file in files)


def readable_size(path: Path) -> str:
    """The size of a file, or of the safetensors files in a folder, such as "44 MB"."""
    size = float(size_of(path))
    for unit in ("B", "kB", "MB"):
        if size < UNIT:
            return f"{size:.0f} {unit}"
        size /= UNIT
    return f"{size:.1f} GB"
