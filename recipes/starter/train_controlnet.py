"""Trains a ControlNet that lets canny edges steer the frozen UNet.

Run `python -m recipes.starter.train_controlnet --minutes 60` after `build_edges`. It starts as a
copy of the UNet's first half (Zhang, Rao and Agrawala, 2023), and belongs to that UNet: after new
weights of the UNet it needs some training more.
"""

import json
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from diffusers.models.attention_processor import AttnProcessor
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.optim import AdamW

from recipes.starter.examples import Examples, read_caption
from recipes.starter.noise import loss_weights, noise_levels
from recipes.starter.parts import open_unet, predict, steer
from recipes.starter.places import CONTROLNET, EDGE_CAPTIONS, EDGES, MODEL, WORK, newest
from recipes.starter.train_unet import Batch, BatchMaker
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

MAP_WIDTHS = (16, 32, 64, 96)
"""Channels of the layers that read the map, from full size to an eighth."""

STRENGTH = 2.0
"""What the network adds is multiplied by this where it is written.

The least squared error hedges between map and words, which draws pale edges. The figure is the best
of 1, 1.25, 1.5, 1.75 and 2 on maps that no benchmark has (`edge_obedience --skip 50 --weight`).
"""

_LEAK = 0.2
"""SiLU passes about as much of small values as a leaky ReLU of this slope."""
_RATE = 5e-4
_EMPTY = 0.4
"""So many captions are empty that the edges must be read, not guessed from the words."""
_BATCH, _PROBE = 16, 64


@dataclass(frozen=True, kw_only=True)
class EdgeExamples:
    """Latents with their captions, and the edges of each, N × 128 × 128, bool."""

    examples: Examples
    edges: Tensor

    def maps(self, indices: Tensor) -> Tensor:
        """Return the maps of some examples as ControlNets take them, N × 3 × 128 × 128, 0–1."""
        return self.edges[indices][:, None].float().expand(-1, 3, -1, -1)


def read_edge_examples() -> EdgeExamples:
    """Read what `build_edges` wrote."""
    tensors = load_file(EDGES)
    captions = tuple(read_caption(row) for row in json.loads(EDGE_CAPTIONS.read_text("utf-8")))
    examples = Examples(latents=tensors["latents"], captions=captions)
    return EdgeExamples(examples=examples, edges=tensors["edges"])


def make_controlnet(unet: UNet2DConditionModel) -> ControlNetModel:
    """Copy the first half of a UNet; the copy adds nothing before it has learned.

    The layers that read the map start strong enough for it to arrive. With torch's usual first
    weights, and a last layer of zeros, the difference between two maps is a millionth of what
    passes; the layers of zeros behind the copy already keep the UNet's output as it is.
    """
    network = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=MAP_WIDTHS)
    for layer in network.controlnet_cond_embedding.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, a=_LEAK)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    cast("nn.Module", network).to(memory_format=torch.channels_last)
    return network


def strengthen(network: ControlNetModel, factor: float) -> None:
    """Multiply what a ControlNet adds to its UNet."""
    layers = [*network.controlnet_down_blocks, network.controlnet_mid_block]
    with torch.no_grad():
        for parameter in (one for layer in layers for one in layer.parameters()):
            parameter.mul_(factor)


class ControlTraining:
    """The ControlNet beside its frozen UNet, optimizer and average; loads and saves them."""

    def __init__(self, plan: Plan, data: EdgeExamples, unet: Path, start: Path) -> None:
        torch.manual_seed(plan.seed)
        self.unet = open_unet(unet).requires_grad_(False).eval()
        if start.exists():
            self.network = ControlNetModel.from_pretrained(start, torch_dtype=torch.float32)
            strengthen(self.network, 1 / STRENGTH)
        else:
            self.network = make_controlnet(self.unet)
        self.network.train()
        for part in (self.unet, self.network):
            part.set_attn_processor(AttnProcessor())  # 15 % faster on so few tokens
        self.optimizer = AdamW(
            self.network.parameters(), lr=_RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=True
        )
        self.average = Average(self.network)
        self.seen, self.steps, self.seconds, self._plan, self._data = 0, 0, 0.0, plan, data
        if plan.state_file.exists():
            self._load()

    def error(self, batch: Batch, maps: Tensor) -> Tensor:
        """Mean squared error of the velocity that the UNet predicts under control."""
        with precision():
            predicted = predict(self.unet, batch.seen, steer(self.network, batch.seen, maps))
        return (predicted - batch.target).square().mean()

    def step(self, batch: Batch, scale: float) -> float:
        """Learn from one batch with the learning rate scaled; return the error."""
        error = self.error(batch, self._data.maps(batch.indices))
        error.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0, foreach=True)
        for group in self.optimizer.param_groups:
            group["lr"] = _RATE * scale
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.seen += len(batch.indices)
        self.steps += 1
        self.average.update(self.steps)
        return float(error.detach())

    @torch.no_grad()
    def probe(self, batch: Batch) -> dict[str, float]:
        """Measure the averaged network on one batch, with its maps and with wrong ones."""
        maps = self._data.maps(batch.indices)
        self.average.swap()
        right, wrong = (float(self.error(batch, one)) for one in (maps, maps.roll(1, 0)))
        self.average.swap()
        return {"probe": right, "probe_wrong_map": wrong}

    def save(self, seconds: float) -> None:
        """Write the state, then the averaged network, strengthened, as a diffusers folder."""
        state: dict[str, object] = {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "average": self.average.values,
            "seen": self.seen,
            "steps": self.steps,
            "seconds": seconds,
        }
        save_state(self._plan, state)
        self.average.swap()
        written = deepcopy(self.network)
        self.average.swap()
        strengthen(written, STRENGTH)
        written.save_pretrained(WORK / CONTROLNET)

    def _load(self) -> None:
        state = torch.load(self._plan.state_file, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        for value, kept in zip(self.average.values, state["average"], strict=True):
            value.copy_(kept)
        self.seen, self.steps = state["seen"], state["steps"]
        self.seconds = state["seconds"]


def train(plan: Plan, unet: Path, start: Path) -> None:
    """Train until the plan's time is used up or a signal comes, then save."""
    data = read_edge_examples()
    training = ControlTraining(plan, data, unet, start)
    levels = noise_levels()
    shares = loss_weights(levels)
    probe = BatchMaker(data.examples, _PROBE, 0, torch.ones_like(levels), _EMPTY).draw()
    maker = BatchMaker(data.examples, _BATCH, plan.seed + training.seen, shares, _EMPTY)
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
    parser = plan_parser("controlnet", 60, __doc__)
    parser.add_argument("--start", type=Path, default=MODEL / CONTROLNET, help="first weights")
    options = parser.parse_args()
    train(read_plan(options), newest("unet", MODEL / "unet"), options.start)


if __name__ == "__main__":
    main()
