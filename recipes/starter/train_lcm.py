"""Trains the starter's LCM-LoRA, with which four steps are enough.

Run `python -m recipes.starter.train_lcm --minutes 60`. The starter teaches itself: it draws on its
usual way, in guided steps, and from every place on that way the LoRA learns to see where it ends.
It is written beside the other parts, in the form that kohya's scripts write.

Sources: the end as target: Luhman and Luhman 2021 (arXiv:2101.02388); the same answer from every
place on a way: Song et al. 2023 (arXiv:2303.01469); the LoRA and its sampler: Luo et al. 2023
(arXiv:2311.05556).
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor

from recipes.starter.adapter import Adapter
from recipes.starter.examples import Examples, read_examples, say, shuffled_indices
from recipes.starter.noise import noise_levels
from recipes.starter.parts import Noised, open_unet, predict
from recipes.starter.places import MODEL, WORK
from recipes.starter.sheet import GUIDANCE
from recipes.starter.text_states import TextStates
from recipes.starter.training import (
    Average,
    Clock,
    Course,
    Plan,
    follow,
    plan_parser,
    precision,
    rate,
    read_plan,
    save_state,
)

RANK = 16
FILE = WORK / "lcm.safetensors"
STEPS = 12
"""Of the teacher; those that four or six steps of the sampler LCM start from are among them."""
_SIDE = 16
_BATCH = 16
_RATE = 4e-4
_BEND = 0.03
"""Below this an error counts as its square, above as itself."""
_KEPT, _FRESH_EVERY = 96, 8
"""Batches of ways that are remembered, and after how many lessons another one is drawn."""


@dataclass(frozen=True, kw_only=True)
class Ways:
    """A batch of pictures in the making.

    Attributes:
        places: the noisy latents before every step, steps × N × 4 × side × side.
        ends: the finished latents, N × 4 × side × side.
        text: the states of their captions, N × 77 × width.
    """

    places: Tensor
    ends: Tensor
    text: Tensor


class Teacher:
    """The frozen starter, drawing captions of the training pictures from pure noise."""

    def __init__(self, examples: Examples, seed: int) -> None:
        self._unet = open_unet(MODEL / "unet").requires_grad_(False).eval()
        self._unet.set_attn_processor(AttnProcessor())  # 15 % faster on so few tokens
        self._examples, self._states = examples, TextStates()
        self._nothing = self._states([""], full=True)
        self._random = np.random.default_rng(seed)
        self._indices = shuffled_indices(len(examples), _BATCH, seed)
        self.times = torch.linspace(999, 0, STEPS + 1)[:-1].round().long()
        self.levels = noise_levels()[self.times]

    @torch.no_grad()
    def draw(self) -> Ways:
        """Draw a batch with DPM++ 2M (Lu et al. 2022, arXiv:2211.01095) and keep its places."""
        chosen = next(self._indices)
        captions = [say(self._examples.captions[int(index)], self._random) for index in chosen]
        text = self._states(captions, full=True)
        latents, places = torch.randn(_BATCH, 4, _SIDE, _SIDE), list[Tensor]()
        signal, noise = self.levels.sqrt(), (1 - self.levels).sqrt()
        ratio = (signal / noise).log()
        before = None
        for step in range(STEPS):
            places.append(latents)
            clean = ahead = self._clean(latents, step, text)
            if step + 1 == STEPS:
                latents = clean
                break
            width = ratio[step + 1] - ratio[step]
            if before is not None:
                share = (ratio[step] - ratio[step - 1]) / width
                ahead = clean + (clean - before) / (2 * share)
            latents = noise[step + 1] / noise[step] * latents
            latents = latents - signal[step + 1] * torch.expm1(-width) * ahead
            before = clean
        return Ways(places=torch.stack(places), ends=latents, text=text)

    def _clean(self, latents: Tensor, step: int, text: Tensor) -> Tensor:
        """The guided estimate of the clean latents."""
        nothing = self._nothing.expand(len(latents), -1, -1)
        seen = Noised(
            latents=torch.cat([latents, latents]),
            times=self.times[step].expand(2 * len(latents)),
            text=torch.cat([text, nothing]),
        )
        with precision():
            drawn, without = predict(self._unet, seen).chunk(2)
        velocity = without + GUIDANCE * (drawn - without)
        level = self.levels[step]
        return level.sqrt() * latents - (1 - level).sqrt() * velocity


class Shortening:
    """The adapter in training, its optimizer, its average and the ways that it learns from."""

    def __init__(self, plan: Plan, examples: Examples) -> None:
        torch.manual_seed(plan.seed)
        self.adapter = Adapter(RANK)
        self.adapter.unet.set_attn_processor(AttnProcessor())
        self.optimizer = torch.optim.AdamW(self.adapter.learned, lr=_RATE, weight_decay=1e-3)
        self.average = Average(self.adapter.learned)
        self.seen, self.steps, self.seconds, self._plan = 0, 0, 0.0, plan
        if plan.state_file.exists():
            self._load()
        self.teacher = Teacher(examples, plan.seed + self.seen)
        self._ways: deque[Ways] = deque(maxlen=_KEPT)

    def step(self, scale: float) -> float:
        """Learn from one batch with the learning rate scaled; return the mean error."""
        if self.steps % _FRESH_EVERY == 0 or not self._ways:
            self._ways.append(self.teacher.draw())
        error = self.error(self._ways[int(torch.randint(len(self._ways), ()))])
        error.backward()
        torch.nn.utils.clip_grad_norm_(self.adapter.learned, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = _RATE * scale
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.seen += _BATCH
        self.steps += 1
        self.average.update(self.steps)
        return float(error.detach())

    def error(self, ways: Ways) -> Tensor:
        """How far from the ends the pictures are that are seen from a place of each way."""
        count = len(ways.ends)
        steps = torch.randint(STEPS, (count,))
        latents = ways.places[steps, torch.arange(count)]
        level = self.teacher.levels[steps].view(-1, 1, 1, 1)
        seen = Noised(latents=latents, times=self.teacher.times[steps], text=ways.text)
        with precision():
            velocity = predict(self.adapter.unet, seen)
        wrong = level.sqrt() * latents - (1 - level).sqrt() * velocity - ways.ends
        return (wrong.square() + _BEND**2).sqrt().mean() - _BEND

    def save(self, seconds: float) -> None:
        """Write the state, then the averaged LoRA."""
        state: dict[str, object] = {
            "adapter": self.adapter.state(),
            "average": self.average.values,
            "optimizer": self.optimizer.state_dict(),
            "seen": self.seen,
            "steps": self.steps,
            "seconds": seconds,
        }
        save_state(self._plan, state)
        self.average.swap()
        self.adapter.save(FILE, "LCM", "Draws in 4 to 8 steps at CFG scale 1, with sampler LCM.")
        self.average.swap()

    def _load(self) -> None:
        state = torch.load(self._plan.state_file, weights_only=True)
        self.adapter.load(state["adapter"])
        for value, kept in zip(self.average.values, state["average"], strict=True):
            value.copy_(kept)
        self.optimizer.load_state_dict(state["optimizer"])
        self.seen, self.steps = state["seen"], state["steps"]
        self.seconds = state["seconds"]


def train(plan: Plan) -> None:
    """Train until the plan's time is used up or a signal comes, then save."""
    training = Shortening(plan, read_examples())
    clock = Clock(plan, training.seconds)
    clock.listen()
    course = Course(
        step=lambda clock, number: training.step(rate(clock.share, number)),
        counted=lambda: {"seen": training.seen},
        judged=dict,
        save=training.save,
    )
    follow(plan, clock, course)


if __name__ == "__main__":
    train(read_plan(plan_parser("lcm", 60.0, __doc__).parse_args()))
