"""What every training stage shares: a time budget, checkpoints, averages, curves."""

import argparse
import json
import math
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch
from torch import Tensor, nn

from recipes.starter.places import WORK

PAUSE = WORK / "pause"
"""While this file exists, every training waits (touch it before a benchmark)."""

_LOWEST_PRIORITY = 19


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long a stage trains in all, over every resumption, and under which name."""

    name: str
    minutes: float
    seed: int = 7

    @property
    def state_file(self) -> Path:
        """The full training state."""
        return WORK / f"{self.name}.state.pt"

    @property
    def curve_file(self) -> Path:
        """One JSON object a line."""
        return WORK / f"{self.name}.jsonl"


def plan_parser(name: str, minutes: float, description: str | None) -> argparse.ArgumentParser:
    """Make a parser with the options that every stage has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--minutes", type=float, default=minutes, help="time in all")
    parser.add_argument("--name", default=name, help="names state and curve")
    parser.add_argument("--threads", type=int, default=1, help="more only on an idle machine")
    return parser


def read_plan(options: argparse.Namespace) -> Plan:
    """Take the plan out of parsed options, and keep to its number of threads."""
    torch.set_num_threads(options.threads)
    return Plan(name=options.name, minutes=options.minutes)


def lower_priority() -> None:
    """Let every other process go first; Windows knows no such call and goes on as it is."""
    if sys.platform != "win32":
        os.nice(max(0, _LOWEST_PRIORITY - os.nice(0)))


class Clock:
    """Counts training time over resumptions; says when to save and when to stop.

    SIGTERM and SIGINT end the training at the next step, so that it can save its state.
    """

    def __init__(self, plan: Plan, seconds: float = 0.0, save_every: float = 240.0) -> None:
        self.seconds = seconds
        self._limit = plan.minutes * 60
        self._save_every = save_every
        self._last = time.monotonic()
        self._saved = seconds
        self._stopped = False

    def listen(self) -> None:
        """Lower this process's priority and take signals; call once, in the main thread."""
        lower_priority()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)

    @property
    def share(self) -> float:
        """The share of the plan that is done, 0–1."""
        return min(1.0, self.seconds / self._limit)

    def running(self) -> bool:
        """Count the last step's time, wait while paused, and say whether to go on."""
        now = time.monotonic()
        self.seconds += now - self._last
        while PAUSE.exists() and not self._stopped:
            time.sleep(1)
        self._last = time.monotonic()
        return not self._stopped and self.seconds < self._limit

    def due(self) -> bool:
        """Say, once every few minutes, that a checkpoint is due."""
        if self.seconds - self._saved < self._save_every:
            return False
        self._saved = self.seconds
        return True

    def _stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._stopped = True


@dataclass(frozen=True)
class Course:
    """What differs between trainings that save when it is due and log as they go."""

    step: Callable[[Clock, int], float]
    """Takes one step, numbered from 0 since the process began, and returns its error."""
    counted: Callable[[], dict[str, float]]
    """How far the training is, over all resumptions."""
    judged: Callable[[], dict[str, float]]
    """How good it is now; takes a while."""
    save: Callable[[float], None]
    """Writes everything down, with the seconds of training until now."""
    log_every: int = 50


def follow(plan: Plan, clock: Clock, course: Course) -> None:
    """Train until the plan's time is used up or a signal comes, then save.

    Args:
        plan: How long, and under which name.
        clock: Listens for signals already.
        course: What is trained.
    """
    errors: deque[float] = deque(maxlen=course.log_every)
    step = 0
    while clock.running():
        errors.append(course.step(clock, step))
        step += 1
        figures = {**course.counted(), "seconds": clock.seconds, "error": mean(errors)}
        if clock.due():
            course.save(clock.seconds)
            log(plan, {**figures, **course.judged()})
        elif step % course.log_every == 0:
            log(plan, figures)
    course.save(clock.seconds)
    log(plan, {**course.counted(), "seconds": clock.seconds, **course.judged()})


def rate(share: float, step: int, hold: float = 0.4, warm_up: int = 80) -> float:
    """Scale of the learning rate: linear warm-up, constant, then cosine to zero.

    Args:
        share: the share of the plan that is done, 0–1.
        step: steps since this process started, because optimizer state may be new.
        hold: the share from which the cosine starts.
        warm_up: steps of warm-up.
    """
    fall = 0.0 if share < hold else (share - hold) / (1 - hold)
    return min(1.0, (step + 1) / warm_up) * (0.5 + 0.5 * math.cos(math.pi * min(1.0, fall)))


class Average:
    """An exponential moving average of a module's parameters, or of some."""

    def __init__(self, source: nn.Module | list[nn.Parameter], decay: float = 0.998) -> None:
        every = source.parameters() if isinstance(source, nn.Module) else source
        self._parameters = list(every)
        self.values = [parameter.detach().clone() for parameter in self._parameters]
        self._decay = decay

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move towards the current parameters, faster in the first steps."""
        decay = min(self._decay, (1 + step) / (10 + step))
        for value, parameter in zip(self.values, self._parameters, strict=True):
            value.lerp_(parameter, 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange average and parameters; a second call restores both."""
        for parameter, value in zip(self._parameters, self.values, strict=True):
            kept = parameter.detach().clone()
            parameter.copy_(value)
            value.copy_(kept)


def save_state(plan: Plan, state: dict[str, object]) -> None:
    """Write the training state so that a crash leaves the old or the new one."""
    part = plan.state_file.with_suffix(".part")
    torch.save(state, part)
    part.replace(plan.state_file)


def log(plan: Plan, figures: dict[str, float]) -> None:
    """Append one line to the stage's curve and show it."""
    line = json.dumps({key: round(value, 5) for key, value in figures.items()})
    with plan.curve_file.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    print(line, flush=True)


def mean(values: Iterable[float]) -> float:
    """Average some figures; nothing gives nan."""
    kept = list(values)
    return sum(kept) / len(kept) if kept else math.nan


def precision() -> torch.autocast:
    """Compute in bfloat16 where the processor has it, which is 1.5 × faster; else as usual."""
    capable = bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
    return torch.autocast("cpu", torch.bfloat16, enabled=capable)


def channels_last(batch: Tensor) -> Tensor:
    """Store a batch of pictures in the order that is fastest on CPUs."""
    return batch.contiguous(memory_format=torch.channels_last)
