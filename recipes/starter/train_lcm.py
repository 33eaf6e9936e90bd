"""Trains the starter's LCM-LoRA, with which four steps are enough.

Run `python -m recipes.starter.train_lcm --minutes 90`. The starter teaches itself: from one noise
level it takes a guided step to the next, and the LoRA learns to see the same clean picture from
both. It is written beside the other parts, in the form that kohya's scripts write.

Source: Luo et al. 2023, “LCM-LoRA” (arXiv:2311.05556), and “Latent Consistency Models”
(arXiv:2310.04378), algorithm 1.
"""

from dataclasses import replace

import torch
from torch import Tensor

from recipes.starter.adapter import Adapter
from recipes.starter.examples import read_examples
from recipes.starter.noise import noise_levels
from recipes.starter.parts import Noised, predict
from recipes.starter.places import WORK
from recipes.starter.text_states import TextStates
from recipes.starter.train_unet import Batch, BatchMaker
from recipes.starter.training import (
    Clock,
    Course,
    Plan,
    follow,
    plan_parser,
    rate,
    read_plan,
    save_state,
)

RANK = 16
FILE = WORK / "lcm.safetensors"
_BATCH = 16
_RATE = 1e-3
_JUMPS = 50
"""Into so many steps the teacher's way is cut."""
_SCALES = (3.5, 5.5)
"""The CFG scales that it learns, around the starter's usual one."""
_BEND = 1e-3
"""Below this an error counts as its square, above as itself."""


class Consistency:
    """The adapter in training, beside the frozen network that teaches it."""

    def __init__(self, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self.adapter = Adapter(RANK)
        self.optimizer = torch.optim.AdamW(self.adapter.learned, lr=_RATE, weight_decay=1e-3)
        self.seen, self.seconds, self._plan = 0, 0.0, plan
        self._levels = noise_levels()
        self._nothing = TextStates()([""], full=True)
        if plan.state_file.exists():
            self._load()

    def step(self, batch: Batch, clean: Tensor, scale: float) -> float:
        """Learn from one batch with the learning rate scaled; return the mean error."""
        error = self.error(batch, clean)
        error.backward()
        torch.nn.utils.clip_grad_norm_(self.adapter.learned, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = _RATE * scale
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.seen += len(clean)
        return float(error.detach())

    def error(self, batch: Batch, clean: Tensor) -> Tensor:
        """How far the clean picture seen from here is from the one seen a step further."""
        jump = len(self._levels) // _JUMPS
        times = torch.randint(1, _JUMPS + 1, (len(clean),)) * jump - 1
        noise = torch.randn_like(clean)
        level = _column(self._levels[times])
        seen = Noised(
            latents=level.sqrt() * clean + (1 - level).sqrt() * noise,
            times=times,
            text=batch.seen.text,
        )
        with torch.no_grad():
            target = self._seen_from(self._further(seen, level, jump), seen)
        wrong = self._clean(seen, level) - target
        return (wrong.square() + _BEND**2).sqrt().mean() - _BEND

    def _further(self, seen: Noised, level: Tensor, jump: int) -> tuple[Tensor, Tensor]:
        """Where the teacher's guided step leads, and the time there; below 0 it is clean."""
        count = len(seen.times)
        nothing = replace(seen, text=self._nothing.expand(count, -1, -1))
        self.adapter.unet.disable_adapters()
        drawn, without = (predict(self.adapter.unet, each) for each in (seen, nothing))
        self.adapter.unet.enable_adapters()
        low, high = _SCALES
        scale = low + (high - low) * torch.rand(count, 1, 1, 1)
        velocity = without + scale * (drawn - without)
        clean = level.sqrt() * seen.latents - (1 - level).sqrt() * velocity
        noise = (1 - level).sqrt() * seen.latents + level.sqrt() * velocity
        times = seen.times - jump
        later = self._level_of(times)
        return later.sqrt() * clean + (1 - later).sqrt() * noise, times

    def _seen_from(self, place: tuple[Tensor, Tensor], seen: Noised) -> Tensor:
        """The clean picture seen from a place."""
        latents, times = place
        there = Noised(latents=latents, times=times.clamp(min=0), text=seen.text)
        clean = self._clean(there, self._level_of(times))
        return torch.where((times < 0).view(-1, 1, 1, 1), latents, clean)

    def _clean(self, seen: Noised, level: Tensor) -> Tensor:
        velocity = predict(self.adapter.unet, seen)
        return level.sqrt() * seen.latents - (1 - level).sqrt() * velocity

    def _level_of(self, times: Tensor) -> Tensor:
        levels = self._levels[times.clamp(min=0)]
        return _column(torch.where(times < 0, torch.ones_like(levels), levels))

    def save(self, seconds: float) -> None:
        """Write the state, then the LoRA."""
        state: dict[str, object] = {
            "adapter": self.adapter.state(),
            "optimizer": self.optimizer.state_dict(),
            "seen": self.seen,
            "seconds": seconds,
        }
        save_state(self._plan, state)
        self.adapter.save(FILE, "LCM", "Draws in 4 to 8 steps at CFG scale 1, with sampler LCM.")

    def _load(self) -> None:
        state = torch.load(self._plan.state_file, weights_only=True)
        self.adapter.load(state["adapter"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.seen, self.seconds = state["seen"], state["seconds"]


def _column(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1, 1)


def train(plan: Plan) -> None:
    """Train until the plan's time is used up or a signal comes, then save."""
    training, examples = Consistency(plan), read_examples()
    every = torch.ones_like(noise_levels())
    maker = BatchMaker(examples, _BATCH, plan.seed + training.seen, every, empty=0.0)
    clock = Clock(plan, training.seconds)
    clock.listen()

    def step(clock: Clock, number: int) -> float:
        batch = maker.draw()
        clean = examples.latents[batch.indices].float()
        return training.step(batch, clean, rate(clock.share, number))

    course = Course(
        step=step,
        counted=lambda: {"seen": training.seen},
        judged=dict,
        save=training.save,
    )
    follow(plan, clock, course)


if __name__ == "__main__":
    train(read_plan(plan_parser("lcm", 90.0, __doc__).parse_args()))
