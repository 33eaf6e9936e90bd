"""What follows from the goal of a training: every setting that a beginner need not know.

Published defaults differ; these are between them, with alpha = rank so that a learning rate means
the same at every rank. Sources: the presets of kohya's sd-scripts, OneTrainer and ai-toolkit; for
the starter, `benchmarks/style.py`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from backend.schema.fields import Scalar
from backend.schema.training import Goal

_FEWEST, _MOST = 500, 4000
"""Steps; fewer teach little, and more are learned by heart."""
_SMALL_STEPS = 200
"""Of the starter: after those, its pictures no longer change for the better."""
_SHOWN, _SMALL_SHOWN = 8, 4
"""How often something is shown on the way."""
_ENOUGH_TO_HOLD_BACK = 20
_SIDE_OF_SMALL = 256
_LARGE = ("sdxl", "sd3", "sd35_medium", "sd35_large", "flux1")
_FLOWS = ("sd3", "sd35_medium", "sd35_large", "flux1")


@dataclass(frozen=True)
class _Way:
    """What a goal wants of a training."""

    rank: int
    exposures: int
    """How often each picture is seen."""
    layers: str
    flip: float
    preservation: float


_WAYS: Mapping[Goal, _Way] = {
    "style": _Way(rank=32, exposures=50, layers="all", flip=0.0, preservation=1.0),
    "character": _Way(rank=16, exposures=100, layers="blocks", flip=0.0, preservation=0.5),
    "likeness": _Way(rank=16, exposures=100, layers="blocks", flip=0.0, preservation=0.5),
    "object": _Way(rank=8, exposures=80, layers="blocks", flip=0.5, preservation=0.5),
}


def settings_of(
    goal: Goal, family: str, side: int, pictures: int, *, trigger: bool = True
) -> dict[str, Scalar]:
    """The settings that follow, by their dotted ids.

    Args:
        goal: What is to be learned.
        family: The checkpoint's family.
        side: Of the pictures that the checkpoint draws, in pixels.
        pictures: How many there are to learn from, each as often as it counts.
        trigger: Whether a word calls what is learned, so that the rest can stay as it is.
    """
    way, small = _WAYS[goal], side <= _SIDE_OF_SMALL
    batch = 4 if small else 1 if family in _LARGE else 2
    steps = _SMALL_STEPS if small else _steps(pictures, way.exposures, batch)
    shown = max(1, steps // (_SMALL_SHOWN if small else _SHOWN))
    return {
        "dataset.resolution": side,
        "dataset.place": "end" if small or goal == "style" else "front",
        "dataset.flip": way.flip,
        "dataset.caption_dropout": 0.0 if small else 0.05,
        "dataset.validation": 0.1 if pictures >= _ENOUGH_TO_HOLD_BACK else 0.0,
        "network.rank": 16 if small else way.rank,
        "network.layers": "all" if small else way.layers,
        "learning.steps": steps,
        "learning.batch": batch,
        "learning.optimiser": "adamw" if small else "adamw8bit",
        "learning.rate": 1.5e-3 if small else None,
        "learning.schedule": "cosine",
        "learning.warm_up": 0.05,
        "loss.weighting": "none" if family in _FLOWS else "min_snr",
        "loss.preservation": way.preservation if trigger else 0.0,
        "samples.every": shown,
        "save_every": max(1, steps // 4),
    }


def _steps(pictures: int, exposures: int, batch: int) -> int:
    wanted = math.ceil(pictures * exposures / batch)
    return min(max(wanted, _FEWEST), _MOST)
