"""How fast this machine draws, learned from its own runs and kept in a small file."""

import math
from pathlib import Path

from backend.memory.estimate import SCALE, Parts
from backend.memory.guests import Guests
from backend.memory.kept import KeptInFile
from backend.memory.placements import operations_of_step
from backend.memory.tables import load_tables
from backend.schema.base import Frozen
from backend.schema.memory import Workload

_NEWS = 0.3
"""How much a new run counts beside all before it."""


class Pace(Frozen):
    """How fast one device was with one network at one size."""

    device: str
    """Its name."""
    network: str
    """Its family, and which of the family's tables it has."""
    pixels: int
    """Of the picture."""
    operations: float
    """By the second."""


class PaceBook:
    """Remembers; a file that cannot be read counts as empty."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def last_device(self) -> str:
        """The name of the device that drew last; empty before the first run."""
        paces = _Paces.read(self._path).paces
        return paces[-1].device if paces else ""

    def learn(
        self, device: str, workload: Workload, seconds: float, slow_down: float = 1.0
    ) -> None:
        """Remember a run.

        Args:
            device: The device's name.
            workload: All that was drawn in the run.
            seconds: The time spent in the model's networks.
            slow_down: How many times as long it took as with all of the model on the device.

        Raises:
            ModelError: When nothing is known of the family.
            OSError: When the file cannot be written.
        """
        if seconds <= 0:
            return
        paces = _Paces.read(self._path).paces
        key = (device, network_of(workload), workload.width * workload.height)
        rate = work_of(workload) * slow_down / seconds
        before = next((pace for pace in paces if _key(pace) == key), None)
        if before is not None:
            rate = (1 - _NEWS) * before.operations + _NEWS * rate
        now = Pace(device=key[0], network=key[1], pixels=key[2], operations=rate)
        rest = tuple(pace for pace in paces if pace is not before)
        _Paces(paces=(*rest, now)).write(self._path)

    def rate(self, device: str, workload: Workload) -> float | None:
        """The operations a second at the size that is nearest; None before the first run."""
        network, pixels = network_of(workload), workload.width * workload.height
        paces = [
            pace
            for pace in _Paces.read(self._path).paces
            if (pace.device, pace.network) == (device, network)
        ]
        near = min(paces, key=lambda pace: abs(math.log(pace.pixels / pixels)), default=None)
        return near and near.operations


class _Paces(KeptInFile):
    """The file: the latest last."""

    paces: tuple[Pace, ...] = ()


def network_of(workload: Workload) -> str:
    """Which table the denoising network has."""
    network = next(part for part in workload.parts if part.role == "diffusion_model")
    table = load_tables().find(workload.family, network.parameters)
    return f"{workload.family} {table.name if table else ''}".strip()


def work_of(workload: Workload) -> float:
    """The operations that all of it takes.

    Raises:
        ModelError: When nothing is known of the family, or a part is missing.
    """
    parts = Parts.of(workload, "cpu", load_tables())
    pixels = workload.width * workload.height // SCALE**2
    reading = sum(encoder.table.operations_at(0) for encoder in parts.encoders)
    guests = Guests.of(workload.guests, parts.control, parts.network)
    step = workload.batch * operations_of_step(parts.network, guests, workload)
    decoding = workload.batch * parts.vae.table.operations_at(pixels)
    return workload.prompts * (reading + workload.steps * step) + decoding


def _key(pace: Pace) -> tuple[str, str, int]:
    return (pace.device, pace.network, pace.pixels)
