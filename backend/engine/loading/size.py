"""How large a checkpoint is, in words."""

from pathlib import Path

from backend.schema.sizes import readable_bytes


def size_of(path: Path) -> int:
    """The bytes of a file, or of the safetensors files in a folder."""
    files = [path] if path.is_file() else path.rglob("*.safetensors")
    return sum(file.stat().st_size for file in files)


def readable_size(path: Path) -> str:
    """The size of a file, or of the safetensors files in a folder, such as "44 MB"."""
    return readable_bytes(size_of(path))


def state_of(path: Path) -> str:
    """What changes with a file, or with those of a folder; empty where it is gone."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    states = [(each.name, each.stat()) for each in files if each.is_file()]
    return " ".join(f"{name} {it.st_size} {it.st_mtime_ns}" for name, it in states)
