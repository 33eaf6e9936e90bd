"""The learning rate over time.

Source of the cosine with restarts: Loshchilov and Hutter 2016, “SGDR” (arXiv:1608.03983), equation
5, with cycles of the same length.
"""

import math

from backend.schema.training_learning import LearningSettings


def share_at(step: int, asked: LearningSettings) -> float:
    """The share of its highest rate that a step, counted from 0, is taken at; from 0 to 1."""
    warm = round(asked.steps * asked.warm_up)
    if step < warm:
        return (step + 1) / (warm + 1)
    done = (step - warm) / max(1, asked.steps - warm)
    match asked.schedule:
        case "constant":
            return 1.0
        case "linear":
            return 1 - done
        case "cosine":
            return _cosine(done)
        case "restarts":
            return _cosine(done * asked.cycles % 1)


def _cosine(done: float) -> float:
    return 0.5 + 0.5 * math.cos(math.pi * done)
