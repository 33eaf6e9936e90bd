"""How fast a checkpoint is in memory: `.venv/bin/python -m benchmarks.load_speed`.

Makes a checkpoint of SD 1.5's full size with random weights in half precision (2.1 GB, in a
temporary folder), and loads it in single precision, with Easel and with diffusers'
`from_single_file`, in turns, each time in a process of its own with the file in the page cache.
Prints the seconds, the seconds of all processors together (which a busy machine changes less), and
the peak of the process's own memory (pages of the mapped file not counted)
in relation to the size of the loaded weights.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from backend.channel.subprocess import ENGINE_ENVIRONMENT

if TYPE_CHECKING:
    from torch import Size, Tensor, dtype
    from torch.nn import Module

    from backend.schema.events import Event

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3
LOADERS = ("easel", "diffusers")
PARTS = ("unet", "vae", "text_encoder")
RANDOM_NUMBERS = 40_000_000
"""As many as the largest tensor has. All begin with the same ones: it makes no difference here."""


def main() -> int:
    """Measure all of it, or, in a process started by that, one load."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load_speed", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="loads of each kind")
    parser.add_argument("--folder", type=Path, help="keep the checkpoint there, or use it again")
    parser.add_argument("--load", choices=LOADERS, help="only load it once, and print JSON")
    options = parser.parse_args()
    if options.load:
        print(json.dumps(load_once(options.load, options.folder)))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        measure(options.folder or Path(temporary), options.rounds)
    return 0


def measure(folder: Path, rounds: int) -> None:
    """Make the checkpoint where it is not there, and compare the loaders."""
    if not checkpoint_in(folder).exists():
        write_checkpoint(folder)
    command = [sys.executable, "-m", "benchmarks.load_speed", "--folder", str(folder), "--load"]
    found: dict[str, list[dict[str, float]]] = {loader: [] for loader in LOADERS}
    for _ in range(rounds):
        for loader in LOADERS:
            warm_the_page_cache(checkpoint_in(folder))
            environment = os.environ | (ENGINE_ENVIRONMENT if loader == "easel" else {})
            done = subprocess.run(
                [*command, loader], cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE
            )
            found[loader].append(json.loads(done.stdout))
    report(checkpoint_in(folder).stat().st_size, found)


def checkpoint_in(folder: Path) -> Path:
    """The measured file."""
    return folder / "random-sd15-fp16.safetensors"


def warm_the_page_cache(file: Path) -> None:
    """Read the whole file once."""
    with file.open("rb") as opened:
        while opened.read(1 << 24):
            pass


def write_checkpoint(folder: Path) -> None:
    """Write the checkpoint, and beside it what diffusers needs to load it without the hub."""
    import torch  # noqa: PLC0415  only where it is needed: it takes seconds

    from backend.engine.loading.safetensors_writer import write_safetensors  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    numbers = torch.randn(RANDOM_NUMBERS, generator=torch.Generator().manual_seed(0)).half() / 50
    tensors = {name: FirstNumbers(numbers, shape) for name, shape in shapes()}
    for _ in write_safetensors(checkpoint_in(folder), tensors, {}):
        pass
    write_diffusers_configs(folder / "configs")


@dataclass(frozen=True)
class FirstNumbers:
    """A tensor to be written: as many of the numbers as its shape has."""

    numbers: "Tensor"
    shape: "Size"

    @property
    def dtype(self) -> "dtype":
        """That of the numbers."""
        return self.numbers.dtype

    @property
    def bytes(self) -> int:
        """What it takes."""
        return self.shape.numel() * self.dtype.itemsize

    def read(self) -> "Tensor":
        """The tensor."""
        return self.numbers[: self.shape.numel()].view(self.shape)


def shapes() -> "Iterator[tuple[str, Size]]":
    """The names and shapes of the original layout."""
    import torch  # noqa: PLC0415

    from backend.engine.loading.files import family_configs  # noqa: PLC0415
    from backend.engine.loading.parts import CLIP_L, UNET, VAE  # noqa: PLC0415

    for component in (UNET, VAE, CLIP_L):
        config = json.loads(family_configs("sd15").joinpath(f"{component.part}.json").read_text())
        with torch.device("meta"):
            state = component.build(config).state_dict()
        layout = component.layouts[0]
        sources = layout.sources(state)
        for name, tensor in state.items():
            shape = tensor.shape
            if component is VAE and ".attentions." in name and name.endswith("weight"):
                is_linear = len(shape) > 1  # the original has convolutions of one pixel there
                shape = torch.Size((*shape, 1, 1)) if is_linear else shape
            yield layout.prefix + sources[name].name, shape


def write_diffusers_configs(folder: Path) -> None:
    """A diffusers folder without weights."""
    from diffusers.schedulers.scheduling_pndm import PNDMScheduler  # noqa: PLC0415

    from backend.engine.loading.files import family_configs  # noqa: PLC0415
    from backend.engine.prompts.clip_tokenizer import clip_tokenizer  # noqa: PLC0415

    index: dict[str, object] = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.42.1",
        "scheduler": ["diffusers", "PNDMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "safety_checker": [None, None],
        "feature_extractor": [None, None],
        "requires_safety_checker": False,
    }
    for part in PARTS:
        (folder / part).mkdir(parents=True, exist_ok=True)
        config = family_configs("sd15").joinpath(f"{part}.json").read_text()
        (folder / part / "config.json").write_text(config)
    (folder / "model_index.json").write_text(json.dumps(index))
    clip_tokenizer().save_pretrained(folder / "tokenizer")
    PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True
    ).save_pretrained(folder / "scheduler")


def load_once(loader: str, folder: Path) -> dict[str, float]:
    """Load the checkpoint; imports are not counted."""
    load = (easel if loader == "easel" else diffusers)(folder)
    memory = MemoryWatch()
    memory.start()
    begin, processors = time.perf_counter(), time.process_time()
    modules = load()
    took, processors = time.perf_counter() - begin, time.process_time() - processors
    memory.stop()
    final = sum(each.nbytes for module in modules for each in module.state_dict().values())
    peak = memory.peak - memory.before
    return {"seconds": took, "processors": processors, "peak": peak, "final": final}


def easel(folder: Path) -> "Callable[[], list[Module]]":
    """Easel's way: each part as the family loads it."""
    import torch  # noqa: PLC0415

    from backend.engine.accelerator import use_physical_cores  # noqa: PLC0415
    from backend.engine.loading.components import load_component  # noqa: PLC0415
    from backend.engine.loading.files import CheckpointFiles, family_configs  # noqa: PLC0415
    from backend.engine.loading.parts import CLIP_L, UNET, VAE  # noqa: PLC0415
    from backend.engine.memory.workplace import Workplace  # noqa: PLC0415

    use_physical_cores()
    files = CheckpointFiles(checkpoint_in(folder), family_configs("sd15"))

    def load() -> "list[Module]":
        workplace = Workplace(torch.device("cpu"))
        return [
            loaded(load_component(CLIP_L, files, workplace, torch.float32)),
            loaded(load_component(UNET, files, workplace, torch.float32)),
            loaded(load_component(VAE, files, workplace, torch.float32)),
        ]

    return load


def loaded(loading: "Generator[Event, None, Module]") -> "Module":
    """What a generator of events returns at its end."""
    while True:
        try:
            next(loading)
        except StopIteration as ended:
            return ended.value


def diffusers(folder: Path) -> "Callable[[], list[Module]]":
    """The way of diffusers."""
    import torch  # noqa: PLC0415
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import (  # noqa: PLC0415
        StableDiffusionPipeline,
    )

    def load() -> "list[Module]":
        pipeline = StableDiffusionPipeline.from_single_file(
            str(checkpoint_in(folder)),
            config=str(folder / "configs"),
            local_files_only=True,
            dtype=torch.float32,
        )
        return [pipeline.unet, pipeline.vae, pipeline.text_encoder]

    return load


class MemoryWatch(threading.Thread):
    """Samples this process's own memory, that which no file backs, and keeps the peak."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.before = self.peak = own_memory()
        self._told_to_stop = threading.Event()

    def run(self) -> None:
        """Sample every 10 ms until told to stop."""
        while not self._told_to_stop.wait(0.01):
            self.peak = max(self.peak, own_memory())

    def stop(self) -> None:
        """Stop sampling."""
        self._told_to_stop.set()
        self.join()
        self.peak = max(self.peak, own_memory())


def own_memory() -> int:
    """Bytes of anonymous memory; elsewhere than on Linux all that is resident."""
    status = Path("/proc/self/status")
    if not status.exists():
        return psutil.Process().memory_info().rss
    lines = status.read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def report(size: int, found: dict[str, list[dict[str, float]]]) -> None:
    """Print the machine and a row for each loader as Markdown."""
    cores, memory = psutil.cpu_count(), psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    machine = f"{platform.system()} {platform.machine()}, {cores} cores, {memory:.0f} GiB"
    print(f"{machine}, Python {platform.python_version()}, load {load:.1f}; {size / 1e9:.2f} GB\n")
    print("| loader | seconds | of all processors | peak / final size |\n|-|-|-|-|")
    for loader, runs in found.items():
        peak = max(run["peak"] / run["final"] for run in runs)
        print(
            f"| {loader} | {spread(runs, 'seconds')} | {spread(runs, 'processors')} | {peak:.2f} |"
        )


def spread(runs: list[dict[str, float]], key: str) -> str:
    """The median and the range of a figure."""
    figures = sorted(run[key] for run in runs)
    return f"{statistics.median(figures):.1f} ({figures[0]:.1f}–{figures[-1]:.1f})"


if __name__ == "__main__":
    sys.exit(main())
