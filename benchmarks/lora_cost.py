"""What adapters cost on a network of full size: `.venv/bin/python -m benchmarks.lora_cost`.

Loads a checkpoint of SD 1.5's size with random weights (2.1 GB, in a temporary folder), and writes
a random adapter of each kind for the layers that kohya's trainer changes: 192 in the network and
72 in the text encoder. Prints what it takes to read one, to put it on and take it off again, and a
step with it beside a plain step, in turns. Seconds are those of all processors together, which a
busy machine changes less, and by the clock in brackets.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import torch
from safetensors.torch import save_file
from torch import Size, Tensor

from backend.engine.accelerator import use_physical_cores
from backend.engine.adapters.adapter import read_adapter
from backend.engine.adapters.fitting import Chosen
from backend.engine.adapters.wearing import wearing
from backend.engine.families.base import DenoiserSettings, Model
from backend.engine.loading.files import CheckpointFiles, family_configs
from backend.engine.memory.workplace import Workplace
from backend.engine.registry import find_family
from benchmarks.load_speed import checkpoint_in, write_checkpoint

CHANGED = ("attn", ".ff.", ".proj_in", ".proj_out", ".mlp.")
Make = Callable[[Size], Mapping[str, Tensor]]


@dataclass(frozen=True)
class Seconds:
    """How long something took."""

    processors: float
    clock: float

    @classmethod
    def of(cls, act: Callable[[], object]) -> "Seconds":
        """Do it."""
        processors, clock = time.process_time(), time.perf_counter()
        act()
        return cls(time.process_time() - processors, time.perf_counter() - clock)

    @classmethod
    def usual(cls, several: list["Seconds"]) -> "Seconds":
        """The medians."""
        return cls(
            median(each.processors for each in several), median(each.clock for each in several)
        )

    def __str__(self) -> str:
        return f"{self.processors:.2f} s ({self.clock:.2f} s)"


def lora(rank: int) -> Make:
    """A plain LoRA."""
    return lambda shape: {
        "lora_down.weight": numbers(rank, *shape[1:]),
        "lora_up.weight": numbers(shape[0], rank, *[1] * (len(shape) - 2)),
    }


def dora(shape: Size) -> Mapping[str, Tensor]:
    """A LoRA of rank 16 with magnitudes."""
    magnitudes = torch.ones(shape[0], *[1] * (len(shape) - 1)).half()
    return {**lora(16)(shape), "dora_scale": magnitudes}


def loha(shape: Size) -> Mapping[str, Tensor]:
    """A LoHa of rank 8."""
    return {
        f"hada_w{number}_{letter}": numbers(*size)
        for number in (1, 2)
        for letter, size in (("a", (shape[0], 8)), ("b", (8, shape[1:].numel())))
    }


def lokr(shape: Size) -> Mapping[str, Tensor]:
    """A LoKr whose small factor is 8 × 8."""
    second = numbers(shape[0] // 8, shape[1] // 8, *shape[2:])
    return {"lokr_w1": numbers(8, 8), "lokr_w2": second}


KINDS: Mapping[str, Make] = {
    "LoRA, rank 16": lora(16),
    "LoRA, rank 64": lora(64),
    "LoKr": lokr,
    "LoHa, rank 8": loha,
    "DoRA, rank 16": dora,
}


def numbers(*shape: int) -> Tensor:
    """Small ones in half precision, as files have them."""
    return (torch.randn(*shape) * 0.01).half()


def main() -> int:
    """Measure all kinds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lora_cost", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="steps of each kind")
    parser.add_argument("--side", type=int, default=256, help="of the picture, in pixels")
    parser.add_argument("--folder", type=Path, help="keep the checkpoint there, or use it again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if not checkpoint_in(folder).is_file():
            write_checkpoint(folder)
        print("| adapter | file | read | put on and off | a step, plain | with it | more |")
        print("|-|-|-|-|-|-|-|")
        model = loaded(checkpoint_in(folder))
        for kind, make in KINDS.items():
            print(row(kind, adapter_of(model, make, folder), model, options), flush=True)
    return 0


def loaded(file: Path) -> Model:
    """The checkpoint, in memory."""
    use_physical_cores()
    files = CheckpointFiles(file, family_configs("sd15"))
    loading = find_family("sd15").load(files, Workplace(torch.device("cpu")))
    while True:
        try:
            next(loading)
        except StopIteration as end:
            return end.value


def adapter_of(model: Model, make: Make, folder: Path) -> Path:
    """Write an adapter for the network and the text encoder."""
    tensors = {
        f"{part}_{layer.replace('.', '_')}.{name}": tensor
        for part, role in (("lora_unet", "diffusion_model"), ("lora_te", "clip_l"))
        for layer, shape in changed_layers(model, role)
        for name, tensor in make(shape).items()
    }
    path = folder / "adapter.safetensors"
    save_file(tensors, path)
    return path


def changed_layers(model: Model, role: str) -> Iterator[tuple[str, Size]]:
    """The layers of a part that are changed, with the shapes of their weights."""
    parts = {str(known): part for known, part in model.workplace.parts.items()}
    for name, shape in parts[role].shapes.items():
        if name.endswith(".weight") and len(shape) > 1 and any(word in name for word in CHANGED):
            yield name.removesuffix(".weight"), shape


def row(kind: str, path: Path, model: Model, options: argparse.Namespace) -> str:
    """Measure one adapter."""
    step = stepper(model, options.side)
    step()
    reading = Seconds.of(lambda: read_adapter(path))
    chosen = [Chosen(read_adapter(path))]

    def put_on_and_off() -> None:
        with wearing(model.workplace, chosen):
            pass

    switching = Seconds.usual([Seconds.of(put_on_and_off) for _ in range(options.rounds)])
    plain: list[Seconds] = []
    changed: list[Seconds] = []
    for _ in range(options.rounds):
        plain.append(Seconds.of(step))
        with wearing(model.workplace, chosen):
            changed.append(Seconds.of(step))
    before, after = Seconds.usual(plain), Seconds.usual(changed)
    more = after.processors / before.processors - 1
    size = path.stat().st_size / 1e6
    return (
        f"| {kind} | {size:.0f} MB | {reading} | {switching} | {before} | {after} | {more:+.0%} |"
    )


def stepper(model: Model, side: int) -> Callable[[], object]:
    """A call of the network for both prompts of one picture."""
    conditioning = model.encode_prompts("a red apple", "blurry")
    denoise = model.denoiser(conditioning, DenoiserSettings(7.0, side, side))
    latents = torch.randn(1, 4, side // 8, side // 8)
    return lambda: denoise(latents, torch.tensor(3.0))


if __name__ == "__main__":
    sys.exit(main())
