"""Trains the UNet on stored latents, with the text encoder frozen.

Run `python -m recipes.starter.train_unet --minutes 60`. It starts from its own state where there
is one, else from the committed weights. The averaged weights are written beside the state.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor
from torch.optim import AdamW, Optimizer

from recipes.starter.captions import ObjectCaption
from recipes.starter.catalogue import newest_words
from recipes.starter.examples import Examples, read_examples, say, shuffled_indices
from recipes.starter.muon import Muon
from recipes.starter.noise import add_noise, loss_weights, noise_levels, velocity
from recipes.starter.parts import Noised, open_unet, predict
from recipes.starter.places import MODEL, WORK
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

_ADAM_RATE = 6e-4
_MUON_RATE = 0.01
_PROBE = 128


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What the network sees, what it should predict, and which examples those are."""

    seen: Noised
    target: Tensor
    indices: Tensor


class BatchMaker:
    """Draws batches: examples, phrasings, noise and times, all from one seed.

    Args:
        examples: the latents and what they show.
        size: examples in a batch.
        seed: of everything that is drawn.
        shares: how often each of the 1,000 times is drawn, in any unit. Drawing a time as often as
            its error weighs teaches the same as weighing, with less noise in the gradient.
        empty: the share of captions that are left empty.
    """

    def __init__(
        self, examples: Examples, size: int, seed: int, shares: Tensor, empty: float = 0.1
    ) -> None:
        self._examples = examples
        self._size = size
        self._empty = empty
        self._text = TextStates()
        self._levels = noise_levels()
        self._reach = shares.cumsum(0) / shares.sum()
        self._random = np.random.default_rng(seed)
        self._indices = shuffled_indices(len(examples), size, seed)
        torch.manual_seed(seed)

    def draw(self) -> Batch:
        """Make one batch; times are spread over the shares."""
        indices = next(self._indices)
        captions = [
            "" if self._random.random() < self._empty
            else say(self._examples.captions[int(index)], self._random)
            for index in indices
        ]  # fmt: skip
        latents = self._examples.latents[indices].float()
        spread = (torch.arange(self._size) + torch.rand(self._size)) / self._size
        times = torch.searchsorted(self._reach, spread).clamp(max=len(self._levels) - 1)
        times = times[torch.randperm(self._size)]
        noise = torch.randn_like(latents)
        level = self._levels[times]
        seen = Noised(
            latents=add_noise(latents, noise, level),
            times=times,
            text=self._text(captions, full=self._random.random() < 0.3),
        )
        return Batch(seen=seen, target=velocity(latents, noise, level), indices=indices)


class UNetTraining:
    """The network, its optimizers and its average; loads and saves all three."""

    def __init__(self, plan: Plan, start: Path, *, use_muon: bool) -> None:
        self.unet = open_unet(start).train()
        self.unet.set_attn_processor(AttnProcessor())  # 15 % faster on so few tokens
        self.optimizers = _make_optimizers(self.unet, use_muon=use_muon)
        self.seen, self.steps, self.seconds, self._plan = 0, 0, 0.0, plan
        self.average = Average(self.unet)
        if plan.state_file.exists():
            self._load()

    def error(self, batch: Batch) -> Tensor:
        """Mean squared error of the predicted velocity, one figure for each example."""
        with precision():
            predicted = predict(self.unet, batch.seen)
        return (predicted - batch.target).square().mean((1, 2, 3))

    def step(self, batch: Batch, scale: float) -> float:
        """Learn from one batch with the learning rates scaled; return the mean error."""
        error = self.error(batch)
        error.mean().backward()
        torch.nn.utils.clip_grad_norm_(self.unet.parameters(), 1.0, foreach=True)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["full_rate"] * scale
            optimizer.step()
            optimizer.zero_grad()
        self.seen += len(error)
        self.steps += 1
        self.average.update(self.steps)
        return float(error.detach().mean())

    @torch.no_grad()
    def probe(self, batch: Batch) -> dict[str, float]:
        """Measure the averaged network on one batch, with its captions and with wrong ones."""
        exchanged = replace(batch.seen, text=batch.seen.text.roll(1, 0))
        self.average.swap()
        right = float(self.error(batch).mean())
        wrong = float(self.error(replace(batch, seen=exchanged)).mean())
        self.average.swap()
        return {"probe": right, "probe_wrong_caption": wrong}

    def save(self, seconds: float) -> None:
        """Write the state, then the averaged network as a diffusers folder."""
        state: dict[str, object] = {
            "unet": self.unet.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "average": self.average.values,
            "seen": self.seen,
            "steps": self.steps,
            "seconds": seconds,
        }
        save_state(self._plan, state)
        self.average.swap()
        self.unet.save_pretrained(WORK / self._plan.name)
        self.average.swap()

    def _load(self) -> None:
        state = torch.load(self._plan.state_file, weights_only=True)
        self.unet.load_state_dict(state["unet"])
        for optimizer, kept in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(kept)
        for value, kept in zip(self.average.values, state["average"], strict=True):
            value.copy_(kept)
        self.seen, self.steps = state["seen"], state["steps"]
        self.seconds = state["seconds"]


def _make_optimizers(unet: UNet2DConditionModel, *, use_muon: bool) -> list[Optimizer]:
    """Muon for the inner matrices, AdamW for the ends, the norms and the biases."""
    inner: list[Tensor] = []
    rest: list[Tensor] = []
    for name, parameter in unet.named_parameters():
        edge = name.startswith(("conv_in", "conv_out", "time_embedding"))
        (inner if use_muon and parameter.ndim > 1 and not edge else rest).append(parameter)
    adam = AdamW(rest, lr=_ADAM_RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    optimizers: list[Optimizer] = [adam, Muon(inner, lr=_MUON_RATE)] if inner else [adam]
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["full_rate"] = group["lr"]
    return optimizers


def favoured(examples: Examples, newest: int) -> Examples:
    """Return the examples with those of the catalogue's newest subjects twice."""
    words = newest_words(newest)
    again = [
        index
        for index, caption in enumerate(examples.captions)
        if isinstance(caption, ObjectCaption) and caption.words in words
    ]
    return Examples(
        latents=torch.cat([examples.latents, examples.latents[again]]),
        captions=(*examples.captions, *(examples.captions[index] for index in again)),
    )


def train(plan: Plan, start: Path, *, batch_size: int, use_muon: bool, newest: int) -> None:
    """Train until the plan's time is used up or a signal comes, then save."""
    training = UNetTraining(plan, start, use_muon=use_muon)
    examples = read_examples()
    levels = noise_levels()
    probe = BatchMaker(examples, _PROBE, 0, torch.ones_like(levels)).draw()
    shown = favoured(examples, newest)
    maker = BatchMaker(shown, batch_size, plan.seed + training.seen, loss_weights(levels))
    clock = Clock(plan, training.seconds)
    clock.listen()
    course = Course(
        step=lambda clock, step: training.step(maker.draw(), rate(clock.share, step)),
        counted=lambda: {"seen": training.seen},
        judged=lambda: training.probe(probe),
        save=training.save,
    )
    follow(plan, clock, course)


def main() -> None:
    """Parse the command line and train."""
    parser = plan_parser("unet", 60, __doc__)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--muon", action="store_true", help="Muon for the inner matrices")
    parser.add_argument(
        "--newest", type=int, default=0, help="so many subjects are seen twice as often"
    )
    parser.add_argument("--start", type=Path, default=MODEL / "unet", help="first weights")
    options = parser.parse_args()
    train(
        read_plan(options),
        options.start,
        batch_size=options.batch,
        use_muon=options.muon,
        newest=options.newest,
    )


if __name__ == "__main__":
    main()
