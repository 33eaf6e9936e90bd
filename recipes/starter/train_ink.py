"""Trains the starter's LoRA “ink”: drawings in dark ink on warm paper.

Run `python -m recipes.starter.train_ink --minutes 12`. Nothing is downloaded: the starter draws the
pictures, their colours become ink, and a LoRA learns to draw so at once. It is written beside the
other parts, in the form that kohya's scripts write.
"""

import sys
import tomllib
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from recipes.starter.adapter import Adapter
from recipes.starter.noise import add_noise, loss_weights, noise_levels, velocity
from recipes.starter.parts import Noised, open_autoencoder, predict
from recipes.starter.places import MODEL, REPOSITORY, WORK
from recipes.starter.sheet import Parts, draw, open_pipeline
from recipes.starter.text_states import TextStates
from recipes.starter.training import Clock, Plan, plan_parser, read_plan

RANK = 8
INK, PAPER = (24, 32, 72), (247, 240, 224)
FILE = WORK / "ink.safetensors"
PROMPTS = REPOSITORY / "benchmarks" / "starter_prompts.toml"
LANDSCAPES = (
    "mountain landscape at sunset",
    "mountain landscape at night",
    "hills with trees at noon",
    "snowy mountains, blue sky",
    "lake between mountains",
    "desert at sunset",
)
_COUNT = 144
_BATCH = 8
_RATE = 1e-3


def in_ink(picture: Image.Image) -> Image.Image:
    """A picture as a drawing: its tones between ink and paper, its edges dark."""
    tone = np.asarray(picture.convert("L"), np.float32) / 255
    down, across = np.gradient(tone)
    low, high = np.percentile(tone, (2, 98))
    tone = np.clip((tone - low) / max(high - low, 0.1), 0, 1)
    tone = np.clip(tone**0.8 - 3 * np.hypot(down, across), 0, 1)[..., None]
    coloured = np.array(INK) * (1 - tone) + np.array(PAPER) * tone
    return Image.fromarray(coloured.round().astype(np.uint8))


def captions() -> list[str]:
    """What is drawn: the frozen prompts of the benchmark's first list, and some landscapes."""
    listed = tomllib.loads(PROMPTS.read_text(encoding="utf-8"))["seen"]
    texts = [each["text"] for each in listed]
    return [*texts[: _COUNT - 4 * len(LANDSCAPES)], *LANDSCAPES * 4]


@torch.no_grad()
def latents_of(pictures: list[Image.Image]) -> Tensor:
    """Encode pictures, N × 4 × H × W."""
    autoencoder = open_autoencoder(MODEL / "vae").eval()
    pixels = torch.from_numpy(np.stack([np.asarray(each) for each in pictures])).float()
    chunks = (pixels / 127.5 - 1).permute(0, 3, 1, 2).split(_BATCH)
    return torch.cat([autoencoder.encode(chunk) for chunk in chunks])


class Ink:
    """The adapter in training, over the frozen network."""

    def __init__(self, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self.adapter = Adapter(RANK)
        self.optimizer = torch.optim.AdamW(self.adapter.learned, lr=_RATE, weight_decay=1e-3)
        self._levels = noise_levels()
        self._text = TextStates()

    def step(self, latents: Tensor, captions: list[str], scale: float) -> float:
        """Learn from some pictures; return the mean weighed error of the velocity."""
        times = torch.randint(0, len(self._levels), (len(latents),))
        level, noise = self._levels[times], torch.randn_like(latents)
        text = self._text(captions, full=False)
        seen = Noised(latents=add_noise(latents, noise, level), times=times, text=text)
        wrong = (predict(self.adapter.unet, seen) - velocity(latents, noise, level)).square()
        error = (wrong.mean((1, 2, 3)) * loss_weights(level)).mean()
        error.backward()
        torch.nn.utils.clip_grad_norm_(self.adapter.learned, 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = _RATE * scale
        self.optimizer.step()
        self.optimizer.zero_grad()
        return float(error.detach())


def train(plan: Plan, file: Path) -> None:
    """Draw, recolour, learn and write."""
    clock = Clock(plan)
    clock.listen()
    texts = captions()
    latents = latents_of([in_ink(each) for each in draw(open_pipeline(MODEL, Parts()), texts, 5)])
    training, random = Ink(plan), np.random.default_rng(plan.seed)
    errors: list[float] = []
    while clock.running():
        chosen = random.integers(0, len(texts), _BATCH)
        said = ["" if random.random() < 0.1 else texts[index] for index in chosen]
        errors.append(training.step(latents[chosen], said, min(1.0, 4 * (1 - clock.share))))
        if len(errors) % 20 == 0:
            sys.stdout.write(f"{len(errors)} steps, error {np.mean(errors[-20:]):.4f}\n")
            sys.stdout.flush()
    training.adapter.save(file, "Ink", "Dark ink on warm paper, for Easel's starter.")


def main() -> int:
    """Read the options and train."""
    train(read_plan(plan_parser("ink", 12.0, __doc__).parse_args()), FILE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
