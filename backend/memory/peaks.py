"""How much more or less than planned this machine's devices really took, kept in a small file.

Weights are known to the byte, so a peak that differs from its plan tells about what is beside
them: activations, what libraries work in, and what the driver takes.
"""

from pathlib import Path

from backend.memory.kept import KeptInFile
from backend.memory.pace import network_of
from backend.schema.base import Frozen
from backend.schema.memory import PlanView, Workload

LEAST, MOST = 0.5, 2.0
"""What lies beyond is no measure of this network, but of something else that ran."""
LATEST = 5
"""So many runs are remembered. Only when so many took less than planned is less planned."""
_BESIDE = ("Activations", "Reserve")


class Taken(Frozen):
    """What one device took with one network."""

    device: str
    """Its name."""
    network: str
    """Its family, and which of the family's tables it has."""
    ratios: tuple[float, ...]
    """Of the latest runs, the last one last: what was taken beside weights, for 1 in the tables."""


class PeakBook:
    """Remembers; a file that cannot be read counts as empty."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def learn(self, device: str, workload: Workload, ratio: float) -> None:
        """Remember a run.

        Args:
            device: The device's name.
            workload: What was drawn.
            ratio: See `ratio_of`.

        Raises:
            OSError: When the file cannot be written.
        """
        known = _Peaks.read(self._path).taken
        network = network_of(workload)
        before = next(
            (one for one in known if (one.device, one.network) == (device, network)), None
        )
        earlier = before.ratios if before else ()
        ratios = (*earlier, min(max(ratio, LEAST), MOST))[-LATEST:]
        now = Taken(device=device, network=network, ratios=ratios)
        rest = tuple(one for one in known if one is not before)
        _Peaks(taken=(*rest, now)).write(self._path)

    def correction(self, device: str, workload: Workload) -> float:
        """How many times as much as the tables say to plan with: the most of the latest runs.

        A run that took more counts at once, since planning too little costs a failure; planning too
        much costs only time, so less is planned only when enough runs agree.
        """
        network = network_of(workload)
        for one in _Peaks.read(self._path).taken:
            if (one.device, one.network) == (device, network):
                most = max(one.ratios, default=1.0)
                return most if most > 1 or len(one.ratios) == LATEST else 1.0
        return 1.0


class _Peaks(KeptInFile):
    """The file: the latest last."""

    taken: tuple[Taken, ...] = ()


def ratio_of(view: PlanView, peak_bytes: int, correction: float) -> float:
    """What was taken beside weights, for 1 in the tables.

    Args:
        view: The plan of the run.
        peak_bytes: The most that was taken.
        correction: The one that the plan was made with.
    """
    beside = sum(piece.bytes for piece in view.pieces if piece.label in _BESIDE)
    return correction * (1 + (peak_bytes - view.peak_bytes) / beside)
