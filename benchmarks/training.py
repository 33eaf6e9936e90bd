"""How long a step of learning takes: `.venv/bin/python -m benchmarks.training`.

Makes a checkpoint of SD 1.5's size with random weights (2.1 GB, in a temporary folder) and teaches
it one picture: as Easel does, and with the arithmetic of diffusers' LoRA example, which encodes
picture and caption anew at each step. Rank, layers, precision (float32 on a processor), batch size
and optimiser are the same. Steps are taken in turns. Seconds are those of all processors together,
which a busy machine changes less, and by the clock in brackets. Easel's steps are once taken as
they are, and once with gradient checkpointing.

Source of the arithmetic: examples/text_to_image/train_text_to_image_lora.py of diffusers.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from diffusers.models.modeling_outputs import AutoencoderKLOutput
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from peft import LoraConfig
from PIL import Image

from backend.engine.accelerator import use_physical_cores
from backend.engine.families.unet_model import UNetModel
from backend.engine.loading.files import CheckpointFiles, family_configs
from backend.engine.memory.workplace import Workplace
from backend.engine.registry import find_family
from backend.engine.training.cache import EncodingCache
from backend.engine.training.examples import Encoding
from backend.engine.training.learning import Learning
from backend.schema.resolved import ResolvedModel
from backend.schema.training import LearnedPicture, ResolvedTraining, TrainingRequest
from benchmarks.load_speed import checkpoint_in, write_checkpoint
from benchmarks.lora_cost import Seconds

RANK = 4
SCALE = 0.18215
STEPS = 1000
Step = Callable[[], object]


def loaded(checkpoint: Path) -> UNetModel:
    """The checkpoint, in memory of its own."""
    files = CheckpointFiles(checkpoint, family_configs("sd15"))
    loading = find_family("sd15").load(files, Workplace(torch.device("cpu")))
    while True:
        try:
            next(loading)
        except StopIteration as end:
            return cast("UNetModel", end.value)


def example(checkpoint: Path, picture: torch.Tensor) -> Step:
    """A step with the arithmetic of diffusers' example."""
    model = loaded(checkpoint)
    unet, vae = model.unet, model.vae
    reader = model.workplace.parts["clip_l"].module
    for module in (unet, vae, reader):
        module.requires_grad_(requires_grad=False)
    layers = ["to_k", "to_q", "to_v", "to_out.0"]
    unet.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=layers))
    learned = [each for each in unet.parameters() if each.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=1e-4, weight_decay=1e-2)
    levels = DDPMScheduler(num_train_timesteps=STEPS)
    tokens = torch.randint(0, 49_000, (1, 77))

    def step() -> None:
        latents = cast("AutoencoderKLOutput", vae.encode(picture)).latent_dist.sample() * SCALE
        noise, times = torch.randn_like(latents), torch.randint(0, STEPS, (1,))
        noisy = levels.add_noise(latents, noise, cast("torch.IntTensor", times))
        states = reader(tokens, return_dict=False)[0]
        said = unet(noisy, times, states, return_dict=False)[0]
        torch.nn.functional.mse_loss(said.float(), noise.float()).backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimiser.step()
        optimiser.zero_grad()

    return step


def easel(checkpoint: Path, folder: Path, picture: Path, side: int) -> Iterator[tuple[str, Step]]:
    """Easel's steps, as they are and with checkpointing; all that is encoded is encoded before."""
    model = loaded(checkpoint)
    asked = {"rank": RANK, "layers": "attention", "caption_dropout": 0.0, "optimiser": "adamw"}
    wanted = ResolvedTraining(
        id="0",
        asked=TrainingRequest.from_short_names(asked),
        model=ResolvedModel(
            checkpoint="random", name="random", path=str(checkpoint), family="sd15", sha256="0"
        ),
        resolution=side,
        pictures=(
            LearnedPicture(path=str(picture), caption="zkw7", repeats=1, width=side, height=side),
        ),
        name="zkw7",
    )
    encoding = Encoding(model, wanted, EncodingCache(folder / "encoded")).examples()
    while True:
        try:
            next(encoding)
        except StopIteration as end:
            examples = end.value
            break
    learning = Learning.of(model, wanted, examples)
    taken = iter(range(STEPS))
    yield "Easel", lambda: learning.step(next(taken))
    twice = replace(learning, twice=True)
    yield "Easel, blocks work twice", lambda: twice.step(next(taken))


def measure(folder: Path, side: int, rounds: int) -> None:
    """Take steps in turns, and print what they take."""
    use_physical_cores()
    write_checkpoint(folder)
    checkpoint, picture = checkpoint_in(folder), folder / "picture.png"
    Image.effect_noise((side, side), 60).convert("RGB").save(picture)
    steps = {"diffusers' example": example(checkpoint, torch.rand(1, 3, side, side) * 2 - 1)}
    steps |= dict(easel(checkpoint, folder, picture, side))
    taken: dict[str, list[Seconds]] = {name: [] for name in steps}
    for step in steps.values():  # the first one of each is slower
        step()
    for _ in range(rounds):
        for name, step in steps.items():
            taken[name].append(Seconds.of(step))
    first = Seconds.usual(next(iter(taken.values())))
    for name, seconds in taken.items():
        usual = Seconds.usual(seconds)
        part = usual.processors / first.processors
        print(f"{name}: {usual} a step, {part:.2f} of the first")


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--side", type=int, default=512, help="pixels along a side")
    parser.add_argument("--rounds", type=int, default=3, help="steps of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), options.side, options.rounds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
