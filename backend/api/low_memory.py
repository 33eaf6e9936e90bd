"""`--medvram` and `--lowvram`, as AUTOMATIC1111's web UI has them: less memory in one word."""

from collections.abc import Mapping

import click

from backend.schema.memory_settings import MemorySettings

_FLAGS: Mapping[str, tuple[MemorySettings, str]] = {
    # The later one takes less, and goes before the earlier.
    "medvram": (MemorySettings(placement="model"), "Keep only the part at work on the device."),
    "lowvram": (
        MemorySettings(placement="group", tiling="tiled"),
        "Bring the model to the device block by block, and decode in tiles.",
    ),
}


def low_memory_options() -> list[click.Parameter]:
    """Both flags."""
    return [
        click.Option([f"--{name}"], is_flag=True, help=words) for name, (_, words) in _FLAGS.items()
    ]


def low_memory_of(values: dict[str, object]) -> MemorySettings:
    """What the flags decided; they are taken out of the command's values."""
    decided = MemorySettings()
    for name, (settings, _) in _FLAGS.items():
        if values.pop(name, False):
            decided = settings.over(decided)
    return decided
