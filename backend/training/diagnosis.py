"""What the curve of a training means in plain words, and what to change.

The loss of one step mostly tells how noisy its picture was. So each step is compared with the mean
of its own band of noise levels, and thirds of the training with each other, not steps.
"""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, pstdev

from backend.schema.events import Remedy
from backend.schema.fields import Scalar
from backend.schema.training import TrainingRequest
from backend.schema.training_story import Diagnosis, Measured, Validated

_ENOUGH = 60
"""Steps before anything but numbers that overflow is told."""
_CHUNKS = 8
_SWINGS = 0.12
"""How far from a straight line the loss may be, against its mean."""
_BEYOND_CHANCE = 3.0
"""How many times as far as steps that differ by chance would be."""
_GAINED = 0.02
"""Less than this is no gain."""
_WORSE = 1.05
"""How much higher than the lowest the validation loss may be."""
_SEEN = 0.02
"""A smaller change of the sample pictures is hardly seen, of 1 for black that became white."""
_ROSE = 4.0
"""How many times its lowest a smoothed loss may become before it counts as broken."""


def diagnoses(
    asked: TrainingRequest,
    measured: Sequence[Measured],
    validated: Sequence[Validated] = (),
    changed: float | None = None,
) -> tuple[Diagnosis, ...]:
    """What is wrong so far, the worst first; nothing where all is well or it is too early.

    Args:
        asked: The training, of which remedies change some settings.
        measured: Its steps; they may be thinned out.
        validated: The losses on pictures that were held back.
        changed: How far the last sample pictures are from those of the checkpoint alone, as the
            mean difference of their values from 0 to 1; None where there are none.
    """
    if _exploded(measured):
        return (_broke(asked, measured),)
    if len(measured) < _ENOUGH:
        return ()
    told: list[Diagnosis] = []
    best = _best_before_end(validated)
    if best is not None:
        told.append(_overfits(asked, best))
    if _swings(measured):
        told.append(_oscillates(asked))
    half = measured[-1].step * 2 >= asked.learning.steps
    if changed is not None and changed < _SEEN and half and asked.dataset.trigger:
        told.append(_not_learned(asked))
    elif changed is None and half and best is None and _gain(measured) < _GAINED:
        told.append(_flat(asked))
    return tuple(told)


def _exploded(measured: Sequence[Measured]) -> bool:
    """Whether numbers overflowed, or the smoothed loss rose to many times its lowest."""
    if any(not math.isfinite(each.loss) for each in measured):
        return True
    settled = [each.average for each in measured[_ENOUGH // 3 :]]
    return bool(settled) and settled[-1] > _ROSE * min(settled) and settled[-1] > 1.0


def _relative(measured: Sequence[Measured]) -> list[float]:
    """Each step's loss against the mean of its bands; 1 is usual."""
    count = max((len(each.bands) for each in measured), default=0)
    means = [_mean(each.bands[band] for each in measured if each.bands) for band in range(count)]
    whole = _mean(each.loss for each in measured) or 1.0
    return [_against(each, means) if any(each.bands) else each.loss / whole for each in measured]


def _against(step: Measured, means: Sequence[float]) -> float:
    pairs = zip(step.bands, means, strict=True)
    return _mean(loss / mean for loss, mean in pairs if loss is not None and mean) or 1.0


def _mean(values: Iterable[float | None]) -> float:
    there = [each for each in values if each is not None]
    return fmean(there) if there else 0.0


def _gain(measured: Sequence[Measured]) -> float:
    """How much lower the last third is than the first, as a share."""
    losses = _relative(measured)
    third = len(losses) // 3
    return 1 - fmean(losses[-third:]) / fmean(losses[:third])


def _swings(measured: Sequence[Measured]) -> bool:
    """Whether the second half goes up and down by more than chance."""
    losses = _relative(measured[len(measured) // 2 :])
    size = len(losses) // _CHUNKS
    chunks = [losses[place * size : (place + 1) * size] for place in range(_CHUNKS)]
    means = [fmean(each) for each in chunks]
    spread = pstdev(_straightened(means))
    chance = fmean(pstdev(each) for each in chunks) / math.sqrt(size)
    return spread > _SWINGS * fmean(means) and spread > _BEYOND_CHANCE * chance


def _straightened(values: Sequence[float]) -> list[float]:
    """The values without the line through them (least squares)."""
    middle = (len(values) - 1) / 2
    mean = fmean(values)
    square = sum((place - middle) ** 2 for place in range(len(values)))
    slope = sum((place - middle) * each for place, each in enumerate(values)) / square
    return [each - mean - slope * (place - middle) for place, each in enumerate(values)]


def _best_before_end(validated: Sequence[Validated]) -> int | None:
    """The step with the lowest validation loss, where it has clearly risen since."""
    if len(validated) < 4:  # noqa: PLR2004  fewer show no direction
        return None
    best = min(validated, key=lambda each: each.loss)
    last = fmean(each.loss for each in validated[-2:])
    return best.step if validated[-2].step > best.step and last > _WORSE * best.loss else None


def _broke(asked: TrainingRequest, measured: Sequence[Measured]) -> Diagnosis:
    last = next((each for each in measured if not math.isfinite(each.loss)), measured[-1])
    return Diagnosis(
        code="exploded",
        sentence=f"It broke at step {last.step}: the loss became far too large.",
        hint="Steps were too long: learn more slowly. What was saved before is kept.",
        remedies=(_slower(asked, 4), *_clipped(asked)),
    )


def _overfits(asked: TrainingRequest, best: int) -> Diagnosis:
    dropout: dict[str, Scalar] = {"network.dropout": max(0.1, asked.network.dropout)}
    return Diagnosis(
        code="overfitting",
        sentence=f"It learns the pictures by heart: since step {best} it gets worse on those that "
        "were held back.",
        hint=f"Use the checkpoint nearest to step {best}; more and more varied pictures help most.",
        remedies=(
            Remedy(label=f"Learn {best} steps", fields={"learning.steps": best}),
            Remedy(label="Leave some out at each step", fields=dropout),
        ),
    )


def _oscillates(asked: TrainingRequest) -> Diagnosis:
    steadier: dict[str, Scalar] = {
        "learning.accumulation": min(64, asked.learning.accumulation * 4)
    }
    return Diagnosis(
        code="oscillating",
        sentence="The loss swings up and down more than chance explains.",
        hint="Steps are too long, or too few pictures make one.",
        remedies=(
            _slower(asked, 2),
            Remedy(label="Four times the batches a step", fields=steadier),
        ),
    )


def _flat(asked: TrainingRequest) -> Diagnosis:
    return Diagnosis(
        code="flat",
        sentence="The loss does not fall: it hardly learns.",
        hint="That can be right for a small change; sample pictures tell. Else learn faster.",
        remedies=(
            _faster(asked, 3),
            Remedy(label="Show sample pictures", fields={"samples.every": asked.save_every}),
        ),
    )


def _not_learned(asked: TrainingRequest) -> Diagnosis:
    longer: dict[str, Scalar] = {"learning.steps": min(100_000, asked.learning.steps * 2)}
    rank: dict[str, Scalar] = {"network.rank": min(256, asked.network.rank * 2)}
    return Diagnosis(
        code="trigger not learned",
        sentence=f"“{asked.dataset.trigger}” changes hardly anything yet: samples look like those "
        "of the checkpoint alone.",
        hint="Learn faster or longer, and see that sample prompts say the trigger word.",
        remedies=(
            _faster(asked, 3),
            Remedy(label="Twice the steps", fields=longer),
            Remedy(label="Twice the rank", fields=rank),
        ),
    )


def _slower(asked: TrainingRequest, times: int) -> Remedy:
    rate = asked.learning.learning_rate / times
    return Remedy(label=f"Learning rate {rate:.2g}", fields={"learning.rate": max(1e-7, rate)})


def _faster(asked: TrainingRequest, times: int) -> Remedy:
    rate = min(10.0, asked.learning.learning_rate * times)
    return Remedy(label=f"Learning rate {rate:.2g}", fields={"learning.rate": rate})


def _clipped(asked: TrainingRequest) -> tuple[Remedy, ...]:
    if 0 < asked.learning.clip <= 1:
        return ()
    return (Remedy(label="Clip gradients at 1", fields={"learning.clip": 1.0}),)
