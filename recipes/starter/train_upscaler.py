"""Trains the 4 × upscaler on the pairs that `build_pairs` made.

Run `python -m recipes.starter.train_upscaler --minutes 20`. The architecture is SRVGGNetCompact
as spandrel knows it; the result is one safetensors file.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file
from spandrel.architectures.Compact.__arch.SRVGG import SRVGGNetCompact
from torch import Tensor
from torch.nn import functional

from recipes.starter.places import PAIRS_LARGE, PAIRS_SMALL, UPSCALER
from recipes.starter.training import (
    Average,
    Clock,
    Course,
    Plan,
    channels_last,
    follow,
    mean,
    plan_parser,
    precision,
    rate,
    read_plan,
    save_state,
)

FEATURES, LAYERS, SCALE = 40, 5, 4
BATCH, PATCH = 4, 24
HELD_OUT = 32
"""The last pairs are never trained on; their PSNR is logged."""

_RATE = 1e-3
_SLOPE = 0.25
"""What PReLU lets through of negative values at first."""
_MIXING = 0.02
"""How strongly each middle layer mixes its neighbours' channels at first."""
_SOFT = 0.005
"""Where the absolute error turns into a square, of values 0–1."""
_LOG_EVERY = 100
_FLAT = 4.0
"""A patch whose standard deviation (of 255) is below this is nearly always skipped."""


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Clean large pictures and the model's small ones, N × side × side × 3 bytes."""

    large: npt.NDArray[np.uint8]
    small: npt.NDArray[np.uint8]


def read_pairs() -> Pairs:
    """Map the pairs into memory."""
    return Pairs(
        large=np.load(PAIRS_LARGE, mmap_mode="r"), small=np.load(PAIRS_SMALL, mmap_mode="r")
    )


def make_network() -> SRVGGNetCompact:
    """Build the network so that it starts as linear enlargement.

    Three channels carry the picture unchanged to the last layer, which interpolates it; the
    others start as random filters of it, which the last layer does not use yet. Random layers in
    a row would scramble where things are, and a thousand steps would not sort that out again.
    """
    network = SRVGGNetCompact(num_feat=FEATURES, num_conv=LAYERS, upscale=SCALE)
    first, *middle, last = [layer for layer in network.body if isinstance(layer, torch.nn.Conv2d)]
    with torch.no_grad():
        for layer in (first, *middle, last):
            if layer.bias is not None:
                layer.bias.zero_()
        torch.nn.init.kaiming_normal_(first.weight, a=_SLOPE)
        for layer in middle:
            torch.nn.init.dirac_(layer.weight)
            layer.weight += torch.randn_like(layer.weight) * _MIXING
        last.weight.zero_()
        for colour in range(3):
            for layer in (first, *middle):
                layer.weight[colour] = 0
                layer.weight[colour, colour, 1, 1] = 1
            cells = last.weight[colour * SCALE**2 : (colour + 1) * SCALE**2, colour]
            cells.copy_(linear_kernels())
            cells[:, 1, 1] -= 1  # the architecture itself adds every pixel as a square
    return network.to(memory_format=torch.channels_last)


def linear_kernels() -> Tensor:
    """Return the weights (16 × 3 × 3) of a pixel's neighbours in each cell it is divided into."""
    offsets = (torch.arange(SCALE) + 0.5) / SCALE - 0.5
    line = torch.stack([-offsets.clamp(max=0), 1 - offsets.abs(), offsets.clamp(min=0)], 1)
    return torch.einsum("iy,jx->ijyx", line, line).reshape(SCALE**2, 3, 3)


def to_tensor(pictures: npt.NDArray[np.uint8]) -> Tensor:
    """Turn N × H × W × 3 bytes into N × 3 × H × W floats, 0–1."""
    return torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 255


def draw_patches(pairs: Pairs, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Cut matching patches at random, turned and mirrored; flat ones are nearly all skipped."""
    small: list[npt.NDArray[np.uint8]] = []
    large: list[npt.NDArray[np.uint8]] = []
    count, side = len(pairs.small) - HELD_OUT, pairs.small.shape[1]
    while len(small) < BATCH:
        index = int(random.integers(count))
        top, left = random.integers(0, side - PATCH + 1, 2)
        patch = pairs.small[index, top : top + PATCH, left : left + PATCH]
        if patch.std() < _FLAT and random.random() < 0.95:
            continue
        rows = slice(top * SCALE, (top + PATCH) * SCALE)
        columns = slice(left * SCALE, (left + PATCH) * SCALE)
        turns, mirror = int(random.integers(4)), bool(random.random() < 0.5)
        for kept, piece in ((small, patch), (large, pairs.large[index, rows, columns])):
            turned = np.rot90(piece, turns)
            kept.append(turned[:, ::-1] if mirror else turned)
    return to_tensor(np.stack(small)), to_tensor(np.stack(large))


def distance(result: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute error, smooth where it is nothing (Charbonnier's).

    An error of differences beside it rewarded blocks: most differences of an enlargement by
    squares are nothing, as most of a clean picture's are.
    """
    return ((result - wanted).square() + _SOFT**2).sqrt().mean()


def signal_to_noise(result: Tensor, wanted: Tensor) -> float:
    """Return the PSNR in dB of pictures with values 0–1."""
    return float(-10 * torch.log10((result.clamp(0, 1) - wanted).square().mean()))


def halves(network: SRVGGNetCompact) -> dict[str, Tensor]:
    """Return the weights in float16, as files hold them."""
    return {name: value.half().contiguous() for name, value in network.state_dict().items()}


class UpscalerTraining:
    """Network, optimizer and average; loads and saves them."""

    def __init__(self, plan: Plan, pairs: Pairs) -> None:
        torch.manual_seed(plan.seed)
        self.network = make_network()
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=_RATE, betas=(0.9, 0.99))
        self.average = Average(self.network)
        self.steps, self.seconds, self._plan, self._pairs = 0, 0.0, plan, pairs
        if plan.state_file.exists():
            self._load()

    def step(self, scale: float, random: np.random.Generator) -> float:
        """Learn from one batch; return its error."""
        small, large = draw_patches(self._pairs, random)
        with precision():
            enlarged = self.network(channels_last(small))
        error = distance(enlarged.float(), large)
        error.backward()
        for group in self.optimizer.param_groups:
            group["lr"] = _RATE * scale
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.steps += 1
        self.average.update(self.steps)
        return float(error.detach())

    @torch.no_grad()
    def judge(self) -> dict[str, float]:
        """Compare the averaged network with bicubic enlargement on held-out pairs (dB)."""
        self.average.swap()
        ours: list[float] = []
        bicubic: list[float] = []
        for index in range(-HELD_OUT, 0):
            small = to_tensor(self._pairs.small[index][None])
            large = to_tensor(self._pairs.large[index][None])
            ours.append(signal_to_noise(self.network(small), large))
            plain = functional.interpolate(small, scale_factor=SCALE, mode="bicubic")
            bicubic.append(signal_to_noise(plain, large))
        self.average.swap()
        return {"psnr": mean(ours), "psnr_bicubic": mean(bicubic)}

    def save(self, seconds: float) -> None:
        """Write the state, then the averaged network as float16 safetensors."""
        save_state(
            self._plan,
            {
                "network": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "average": self.average.values,
                "steps": self.steps,
                "seconds": seconds,
            },
        )
        self.average.swap()
        save_file(halves(self.network), UPSCALER)
        self.average.swap()

    def _load(self) -> None:
        state = torch.load(self._plan.state_file, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        for value, kept in zip(self.average.values, state["average"], strict=True):
            value.copy_(kept)
        self.steps, self.seconds = state["steps"], state["seconds"]


def train(plan: Plan) -> None:
    """Train until the plan's time is used up or a signal comes, then save."""
    training = UpscalerTraining(plan, read_pairs())
    random = np.random.default_rng(plan.seed + training.steps)
    clock = Clock(plan, training.seconds, save_every=180)
    clock.listen()
    course = Course(
        step=lambda clock, step: training.step(rate(clock.share, step), random),
        counted=lambda: {"steps": training.steps},
        judged=training.judge,
        save=training.save,
        log_every=_LOG_EVERY,
    )
    follow(plan, clock, course)


if __name__ == "__main__":
    train(read_plan(plan_parser("upscaler", 20, __doc__).parse_args()))
