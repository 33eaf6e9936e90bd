"""What the LoRAs of a training are called, and where they lie."""

from pathlib import Path

from backend.places import Places
from backend.schema.training import ResolvedTraining


def lora_of(wanted: ResolvedTraining, step: int | None = None) -> str:
    """The name by which a prompt calls a training's LoRA.

    Args:
        wanted: The training.
        step: After which a checkpoint was kept; None for the LoRA at the end.
    """
    last = step in (None, wanted.asked.learning.steps)
    return wanted.name if last else f"{wanted.name}-{step:06d}"


def lora_file_of(places: Places, wanted: ResolvedTraining, step: int | None = None) -> Path:
    """Where it lies; those of checkpoints are in a folder of their own."""
    folder, name = places.models / "loras", lora_of(wanted, step)
    if name != wanted.name:
        folder = folder / wanted.name
    return folder / f"{name}.safetensors"
