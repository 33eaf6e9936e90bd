"""Trains the judge on composed art, blurred, turned and recoloured at random.

Run `python -m recipes.starter.train_judge --minutes 3` after `build_data`. A new judge makes new
figures, so it replaces the frozen one only on purpose: `--into FILE`.
"""

import json
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from recipes.starter.catalogue import read_catalogue
from recipes.starter.examples import shuffled_indices
from recipes.starter.judge import SIDE, Judge
from recipes.starter.places import EXAMPLES, PIXELS, WORK
from recipes.starter.training import Average, Clock, Plan, log, mean, plan_parser, rate, read_plan

BATCH = 64
_RATE = 2e-3
_HELD_OUT = 10
"""One stored picture in this many is kept for measuring."""
_TURN, _ZOOM, _SHIFT = 0.2, 0.15, 0.12
_LOG_EVERY = 100


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Pictures (N × 3 × 64 × 64, 0–1) with the number of the subject of each."""

    pictures: Tensor
    labels: Tensor


def read_shown() -> tuple[Shown, Shown]:
    """Read the stored pictures of single subjects; return those to learn and those to test."""
    numbers = {subject.words[0]: n for n, subject in enumerate(read_catalogue().subjects)}
    rows = json.loads(EXAMPLES.read_text("utf-8"))
    labelled = [
        (index, numbers[row["single"]["words"][0]])
        for index, row in enumerate(rows)
        if row["single"] is not None and row["single"]["words"][0] in numbers
    ]
    test = [pair for position, pair in enumerate(labelled) if position % _HELD_OUT == 0]
    learn = [pair for position, pair in enumerate(labelled) if position % _HELD_OUT]
    return _read(learn), _read(test)


def _read(pairs: list[tuple[int, int]]) -> Shown:
    pixels: npt.NDArray[np.uint8] = np.load(PIXELS, mmap_mode="r")
    chosen = torch.from_numpy(pixels[[index for index, _ in pairs]])
    small = torch.cat([
        functional.interpolate(part.permute(0, 3, 1, 2).float() / 255, (SIDE, SIDE), mode="area")
        for part in chosen.split(BATCH)
    ])  # fmt: skip
    return Shown(pictures=small, labels=torch.tensor([label for _, label in pairs]))


def disturb(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, move, zoom, blur, recolour, shade and dapple pictures, each its own way.

    A generated picture is softer and less straight than art; the judge must not hang on either.
    """
    count = len(pictures)

    def chance(*shape: int) -> Tensor:
        return torch.rand((count, *shape), generator=generator)

    def spread(*shape: int) -> Tensor:
        return chance(*shape) * 2 - 1

    angle, zoom = spread() * _TURN, 1 + spread() * _ZOOM
    turn = torch.stack([
        torch.stack([zoom * angle.cos(), -zoom * angle.sin(), spread() * _SHIFT], 1),
        torch.stack([zoom * angle.sin(), zoom * angle.cos(), spread() * _SHIFT], 1),
    ], 1)  # fmt: skip
    grid = functional.affine_grid(turn, list(pictures.shape), align_corners=False)
    moved = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    order = torch.stack([torch.randperm(3, generator=generator) for _ in range(count)])
    kept = chance(1) < 0.6
    order = torch.where(kept, torch.arange(3), order)
    moved = moved.gather(1, order[:, :, None, None].expand_as(moved))
    soft = functional.avg_pool2d(moved, 5, 1, 2, count_include_pad=False)
    softness = chance(1, 1, 1)
    mixed = moved * (1 - softness) + soft * softness
    shaded = (mixed - 0.5) * (1 + 0.25 * spread(1, 1, 1)) + 0.5 + 0.08 * spread(3, 1, 1)
    dapple = functional.interpolate(
        torch.randn((count, 3, 12, 12), generator=generator), (SIDE, SIDE), mode="bilinear"
    )
    return (shaded + 0.12 * chance(1, 1, 1) * dapple).clamp(0, 1)


def accuracy(judge: Judge, shown: Shown) -> float:
    """Return the share of disturbed held-out pictures that the judge names right."""
    generator = torch.Generator().manual_seed(0)
    right = 0
    with torch.no_grad():
        for pictures, labels in zip(
            shown.pictures.split(BATCH), shown.labels.split(BATCH), strict=True
        ):
            right += int((judge(disturb(pictures, generator)).argmax(1) == labels).sum())
    return right / len(shown.labels)


def train(plan: Plan, target: Path) -> None:
    """Train until the plan's time is used up, then write the averaged weights as float16."""
    torch.manual_seed(plan.seed)
    learn, test = read_shown()
    judge = Judge(len(read_catalogue().subjects))
    optimizer = torch.optim.AdamW(judge.parameters(), lr=_RATE, weight_decay=0.05)
    average, clock = Average(judge), Clock(plan)
    clock.listen()
    generator = torch.Generator().manual_seed(plan.seed)
    batches = shuffled_indices(len(learn.labels), BATCH, plan.seed)
    errors: deque[float] = deque(maxlen=_LOG_EVERY)
    step = 0
    while clock.running():
        chosen = next(batches)
        error = functional.cross_entropy(
            judge(disturb(learn.pictures[chosen], generator)), learn.labels[chosen]
        )
        error.backward()
        for group in optimizer.param_groups:
            group["lr"] = _RATE * rate(clock.share, step, hold=0.3)
        optimizer.step()
        optimizer.zero_grad()
        step += 1
        average.update(step)
        errors.append(float(error.detach()))
        if step % _LOG_EVERY == 0:
            log(plan, {"steps": step, "seconds": clock.seconds, "error": mean(errors)})
    average.swap()
    log(plan, {"steps": step, "seconds": clock.seconds, "accuracy": accuracy(judge, test)})
    halves = {name: value.half().contiguous() for name, value in judge.state_dict().items()}
    save_file(halves, target)


def main() -> None:
    """Parse the command line and train."""
    parser = plan_parser("judge", 3, __doc__)
    parser.add_argument("--into", type=Path, default=WORK / "judge.safetensors")
    options = parser.parse_args()
    train(read_plan(options), options.into)


if __name__ == "__main__":
    main()
