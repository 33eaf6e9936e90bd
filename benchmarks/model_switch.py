"""What switching between models costs: `.venv/bin/python -m benchmarks.model_switch`.

Draws with two copies of the starter model in turns, once where both fit into memory and once where
only one does, and prints the seconds that a switch takes and how the process's memory grows.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from backend.engine.context import Context
from backend.engine.residency import ROOM_TO_DRAW, Residency, bytes_of
from backend.engine.run import generate
from backend.places import Places
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.schema.resolved import ResolvedModel, ResolvedRequest, ResolvedSampling, ResolvedSize

ROOT = Path(__file__).resolve().parent.parent
STARTER = ROOT / "models" / "starter"
SWITCHES = 50
WARM_UP = 3
"""Switches until the allocators have what they need."""


@dataclass(frozen=True)
class Switching:
    """What it brought, one number for each switch."""

    seconds: Sequence[float]
    resident_bytes: Sequence[int]

    @property
    def growth(self) -> int:
        """The bytes by which the memory grew since the first switches."""
        return self.resident_bytes[-1] - self.resident_bytes[WARM_UP - 1]


def main() -> int:
    """Measure both ways."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.model_switch", description=__doc__)
    parser.add_argument("--switches", type=int, default=SWITCHES)
    switches = parser.parse_args().switches
    for room, name in ((2, "both fit"), (1, "one fits")):
        with tempfile.TemporaryDirectory() as folder:
            found = switched(Path(folder), switches, room)
        typical = sorted(found.seconds)[len(found.seconds) // 2]
        print(
            f"{name}: {typical:.2f} s a switch with its picture, {found.growth / 2**20:+.1f} MiB "
            f"after {switches} switches ({found.resident_bytes[-1] / 2**20:.0f} MiB in all)"
        )
    return 0


def switched(folder: Path, switches: int, room: int) -> Switching:
    """Draw a small picture after each switch.

    Args:
        folder: For the second model and the pictures.
        switches: How many, more than `WARM_UP`.
        room: How many of the two models fit into memory.
    """
    second = folder / "second"
    shutil.copytree(STARTER, second)
    models = (_model(STARTER), _model(second))
    budget = room * bytes_of(models[0]) + 1
    residency = Residency(lambda _: budget + ROOM_TO_DRAW - residency.held_bytes)
    kept: dict[str, object] = {"residency": residency}
    places = Places(ROOT, folder / "outputs", folder / "data", ROOT / "models")
    process = psutil.Process()
    seconds: list[float] = []
    resident: list[int] = []
    for number in range(switches):
        context = Context(f"{number:012x}", places, created=0.0, kept=kept)
        started = time.perf_counter()
        for _ in generate(_request(models[number % 2]).model_dump(mode="json"), context):
            pass
        seconds.append(time.perf_counter() - started)
        resident.append(process.memory_info().rss)
    return Switching(seconds, resident)


def _model(path: Path) -> ResolvedModel:
    return ResolvedModel(
        checkpoint=path.name, name=path.name, path=str(path), family="sd15", sha256="0" * 64
    )


def _request(model: ResolvedModel) -> ResolvedRequest:
    return ResolvedRequest(
        prompt=PromptSettings(positive="a red apple"),
        model=model,
        size=ResolvedSize(width=64, height=64),
        sampling=ResolvedSampling(sampler="euler", schedule="simple", steps=1, cfg_scale=1.0),
        seed=1,
        batch=BatchSettings(),
    )


if __name__ == "__main__":
    raise SystemExit(main())
