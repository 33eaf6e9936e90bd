"""How large a checkpoint is, in words."""

from pathlib import Path

UNIT = 1000.0


def readable_size(path: Path) -> str:
    """The size of a file, or of the safetensors files in a folder, such as "44 MB"."""
    files = [path] if path.is_file() else path.rglob("*.safetensors")
    size = float(sum(file.stat().st_size for file in files))
    for unit in ("B", "kB", "MB"):
        if size < UNIT:
            return f"{size:.0f} {unit}"
        size /= UNIT
    return f"{size:.1f} GB"
