"""How a person has a model fit into memory, where Easel does not choose by itself."""

from collections.abc import Mapping
from typing import Annotated, Literal

from backend.schema.base import Frozen
from backend.schema.fields import Setting

Placement = Literal["resident", "model", "group", "leaf"]
"""Where the weights of a part lie: on the device all the time; there as long as the part works; one
block after the other; one layer after the other."""
Precision = Literal["exact", "fp8"]
"""`exact` keeps weights as the device computes, or as the file has them; never in fewer bits."""
Tiling = Literal["whole", "tiled"]

_PLACEMENTS: Mapping[str, str] = {
    "resident": "Stays on the device",
    "model": "Comes whole, when it works",
    "group": "Comes block by block",
    "leaf": "Comes layer by layer",
}


class MemorySettings(Frozen):
    """What is decided by hand; empty (`None`) means the fastest way that fits."""

    placement: Annotated[
        Placement | None,
        Setting(
            label="Placement",
            help="Where the weights of the model lie. The less stays, the slower it draws.",
            options=_PLACEMENTS,
            short_name="placement",
        ),
    ] = None
    text_placement: Annotated[
        Placement | None,
        Setting(
            label="Text encoders",
            help="Where the weights of the text encoders lie, if not like the rest.",
            options=_PLACEMENTS,
            short_name="text_placement",
        ),
    ] = None
    vae_placement: Annotated[
        Literal["resident", "model"] | None,
        Setting(
            label="VAE placement",
            help="Where the weights of the VAE lie, if not like the rest.",
            options={name: _PLACEMENTS[name] for name in ("resident", "model")},
            short_name="vae_placement",
        ),
    ] = None
    precision: Annotated[
        Precision | None,
        Setting(
            label="Weights",
            help="Eight bits take half the room of sixteen and change the picture a little.",
            options={"exact": "As exact as in the file", "fp8": "In eight bits"},
            short_name="precision",
        ),
    ] = None
    tiling: Annotated[
        Tiling | None,
        Setting(
            label="Decoding",
            help="Tiles take less memory and more time.",
            options={"whole": "The whole picture at once", "tiled": "In tiles"},
            short_name="vae_tiling",
        ),
    ] = None

    def over(self, usual: "MemorySettings") -> "MemorySettings":
        """These, and the usual ones where nothing was decided."""
        decided = {name: value for name, value in self if value is not None}
        return usual.model_copy(update=decided)


class MemoryLimits(Frozen):
    """The most memory that Easel may take, in bytes; None for what there is."""

    device_bytes: int | None = None
    ram_bytes: int | None = None


class UsualMemory(Frozen):
    """What counts on this machine for every picture, where its request says nothing else."""

    settings: MemorySettings = MemorySettings()
    limits: MemoryLimits = MemoryLimits()


class ResolvedMemory(Frozen):
    """How a job may use memory, with this machine's usual settings where it chose none."""

    settings: MemorySettings = MemorySettings()
    limits: MemoryLimits = MemoryLimits()
    operations: float | None = None
    """How many a second this device does of this network, as its own runs told."""
    correction: float = 1.0
    """How many times as much as the tables say it takes beside weights, as its own runs told."""
