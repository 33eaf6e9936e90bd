"""Teaches the decoder to forgive noisy latents; the encoder, and so the latents, stay.

Run `python -m recipes.starter.train_decoder --minutes 15`. A UNet this small leaves errors in the
latents that a decoder trained on exact latents shows as facets. Here it sees latents with noise of
random strength, white and blurred, and must still draw the clean picture.
"""

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from recipes.starter.examples import shuffled_indices
from recipes.starter.parts import open_autoencoder
from recipes.starter.places import LATENTS, MODEL, PIXELS, WORK
from recipes.starter.training import (
    Average,
    Clock,
    Course,
    Plan,
    follow,
    log,
    plan_parser,
    precision,
    rate,
    read_plan,
    save_state,
)

BATCH = 8
STRONGEST = 0.45
"""Largest standard deviation of the added noise; the latents' own is about one."""

_RATE = 1e-3
_HELD_OUT = 24
_CROPS = 0.65
"""For this share of the plan quarter pictures are learned, four times as many a second."""


def add_errors(latents: Tensor, generator: torch.Generator) -> Tensor:
    """Add noise of a random strength to each latent; one in five stays exact.

    Half the noise is white, half is smooth over about three cells, as a network's errors are.
    """
    white = torch.randn(latents.shape, generator=generator)
    smooth = functional.avg_pool2d(white, 3, stride=1, padding=1, count_include_pad=False) * 3
    blend = torch.rand(len(latents), 1, 1, 1, generator=generator)
    noise = (white * blend.sqrt() + smooth * (1 - blend).sqrt()) * 0.8
    strength = torch.rand(len(latents), 1, 1, 1, generator=generator) * STRONGEST
    kept = torch.rand(len(latents), 1, 1, 1, generator=generator) < 0.2
    return latents + noise * strength * ~kept


def crop(latents: Tensor, pixels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Cut the same window, half as wide and high, out of latents and pixels."""
    side, scale = latents.shape[-1] // 2, pixels.shape[-1] // latents.shape[-1]
    top, left = (int(x) for x in torch.randint(0, side + 1, (2,), generator=generator))
    small = latents[..., top : top + side, left : left + side]
    rows = slice(top * scale, (top + side) * scale)
    return small, pixels[..., rows, left * scale : (left + side) * scale]


class DecoderTraining:
    """The decoder, its optimizer, its average and the data."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.pixels: npt.NDArray[np.uint8] = np.load(PIXELS, mmap_mode="r")
        self.latents = load_file(LATENTS)["latents"]
        self.autoencoder = open_autoencoder(MODEL / "vae")
        learned = self.autoencoder.only_decoder_learns()
        self.optimizer = torch.optim.AdamW(learned, lr=_RATE, betas=(0.9, 0.98), weight_decay=0)
        self.average = Average(self.autoencoder, 0.995)
        order = np.random.default_rng(plan.seed).permutation(len(self.pixels))
        self._held, self._learned = order[:_HELD_OUT], order[_HELD_OUT:]
        self.steps, self.seconds = 0, 0.0
        if plan.state_file.exists():
            self._load()
        self._generator = torch.Generator().manual_seed(plan.seed + self.steps)
        self._batches = shuffled_indices(len(self._learned), BATCH, plan.seed + self.steps)

    def step(self, scale: float, *, whole: bool) -> float:
        """Learn from one batch of crops or whole pictures; return the pixels' error (0–2)."""
        chosen = self._learned[next(self._batches).numpy()]
        wanted = self._wanted(chosen)
        latents = add_errors(self.latents[torch.from_numpy(chosen)].float(), self._generator)
        if not whole:
            latents, wanted = crop(latents, wanted, self._generator)
        drawn = self._decode(latents)
        error = drawn - wanted
        edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
        pixels = error.abs().mean()
        (pixels + 0.5 * edges).backward()
        torch.nn.utils.clip_grad_norm_(self.autoencoder.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = _RATE * scale
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.steps += 1
        self.average.update(self.steps)
        return float(pixels.detach())

    @torch.no_grad()
    def judge(self) -> dict[str, float]:
        """Return the PSNR (dB) of held-out pictures, from exact and from noisy latents."""
        self.average.swap()
        wanted = self._wanted(self._held)
        latents = self.latents[torch.from_numpy(self._held)].float()
        noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(0))
        figures: dict[str, float] = {}
        for name, level in (("psnr", 0.0), ("psnr_noise_0.2", 0.2)):
            drawn = torch.cat([
                self._decode(part) for part in (latents + level * noise).split(BATCH)
            ]).clamp(-1, 1)  # fmt: skip
            figures[name] = float(-10 * torch.log10((drawn - wanted).square().mean() / 4))
        self.average.swap()
        return figures

    def save(self, seconds: float) -> None:
        """Write the state, then the averaged autoencoder as a diffusers folder."""
        state: dict[str, object] = {
            "autoencoder": self.autoencoder.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.values,
            "steps": self.steps,
            "seconds": seconds,
        }
        save_state(self._plan, state)
        self.average.swap()
        self.autoencoder.network.save_pretrained(WORK / self._plan.name)
        self.average.swap()

    def _decode(self, latents: Tensor) -> Tensor:
        with precision():
            return self.autoencoder.decode(latents)

    def _wanted(self, indices: npt.NDArray[np.int64]) -> Tensor:
        pixels = torch.from_numpy(self.pixels[np.sort(indices)][np.argsort(np.argsort(indices))])
        return pixels.permute(0, 3, 1, 2).float() / 127.5 - 1

    def _load(self) -> None:
        state = torch.load(self._plan.state_file, weights_only=True)
        self.autoencoder.load_state_dict(state["autoencoder"])
        self.optimizer.load_state_dict(state["optimizer"])
        for value, kept in zip(self.average.values, state["average"], strict=True):
            value.copy_(kept)
        self.steps, self.seconds = state["steps"], state["seconds"]


def train(plan: Plan) -> None:
    """Train until the plan's time is used up or a signal comes, then save."""
    training = DecoderTraining(plan)
    clock = Clock(plan, training.seconds)
    clock.listen()
    log(plan, {"steps": training.steps, **training.judge()})
    course = Course(
        step=lambda clock, step: training.step(rate(clock.share, step), whole=clock.share > _CROPS),
        counted=lambda: {"steps": training.steps},
        judged=training.judge,
        save=training.save,
    )
    follow(plan, clock, course)


if __name__ == "__main__":
    train(read_plan(plan_parser("vae", 15, __doc__).parse_args()))
