# pyright: reportArgumentType=false, reportAttributeAccessIssue=false
# diffusers annotates its pipelines wrongly (the listener of steps, what a call returns).
"""Easel's engine beside a bare diffusers pipeline: `.venv/bin/python -m benchmarks.generation`.

Both draw with the same checkpoint of SD 1.5's full size with random weights (2.1 GB in half
precision, in a temporary folder), with the same sampler, size and steps, on the processor in single
precision, in turns, each time in a process of its own with the file in the page cache. The
processors' seconds change less with what else runs; set OMP_NUM_THREADS=1 on a busy machine, so
that no thread counts while it waits for another.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from backend.channel.subprocess import ENGINE_ENVIRONMENT
from benchmarks.load_speed import (
    MemoryWatch,
    checkpoint_in,
    warm_the_page_cache,
    write_checkpoint,
)
from benchmarks.spine import processor

ROOT = Path(__file__).resolve().parent.parent
PROMPT, NEGATIVE = "red apple, 3d style, white background", "blurry"
CFG_SCALE = 7.5
WAYS = ("easel", "diffusers")


@dataclass(frozen=True)
class Task:
    """What is drawn."""

    side: int
    steps: int


@dataclass(frozen=True)
class Picture:
    """How long one picture took, in seconds, and its parts."""

    whole: float
    in_models: float
    steps: Sequence[float]
    """From the end of each step to the end of the next."""
    steps_of_processors: Sequence[float]
    """The same, of all processors together."""


Draw = Callable[[Path, int], Picture]
"""Draws with a checkpoint and a seed."""


@dataclass(frozen=True)
class Run:
    """One process's figures: seconds and bytes."""

    cold: float
    cold_of_processors: float
    step: float
    step_of_processors: float
    picture: float
    outside: float
    peak: int
    switch: float
    switch_back: float


def main() -> int:
    """Measure all ways in turns, or, in a process started by that, one of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generation", description=__doc__)
    parser.add_argument("--side", type=int, default=512, help="width and height in pixels")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2, help="processes of each way")
    parser.add_argument("--warm", type=int, default=3, help="pictures measured in each process")
    parser.add_argument("--folder", type=Path, help="keep the checkpoint there, or use it again")
    parser.add_argument("--way", choices=WAYS, help="only measure this one, and print JSON")
    parser.add_argument("--began", type=float, default=time.time(), help="when it was started")
    options = parser.parse_args()
    task = Task(options.side, options.steps)
    if options.way:
        print(json.dumps(asdict(measured(options.way, options.folder, task, options))))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        compare(options.folder or Path(temporary), task, options)
    return 0


def compare(folder: Path, task: Task, options: argparse.Namespace) -> None:
    """Make the checkpoint and its twin where they are not there, and run the ways in turns."""
    file = checkpoint_in(folder)
    if not file.exists():
        write_checkpoint(folder)
    if not twin_of(file).exists():
        twin_of(file).hardlink_to(file)
    command = [sys.executable, "-m", "benchmarks.generation", "--folder", str(folder)]
    command += ["--side", str(task.side), "--steps", str(task.steps), "--warm", str(options.warm)]
    found: dict[str, list[Run]] = {way: [] for way in WAYS}
    for _ in range(options.rounds):
        for way in WAYS:
            warm_the_page_cache(file)
            done = subprocess.run(
                [*command, "--way", way, "--began", str(time.time())],
                cwd=ROOT,
                env=os.environ | (ENGINE_ENVIRONMENT if way == "easel" else {}),
                check=True,
                stdout=subprocess.PIPE,
            )
            found[way].append(Run(**json.loads(done.stdout.splitlines()[-1])))
    report(task, found)


def twin_of(file: Path) -> Path:
    """The same checkpoint under another name, to switch to."""
    return file.with_stem(f"{file.stem}-twin")


def measured(way: str, folder: Path, task: Task, options: argparse.Namespace) -> Run:
    """Draw a first picture, warm ones, one with the other checkpoint, and one with the first."""
    file = checkpoint_in(folder)
    memory = MemoryWatch()
    memory.start()
    draw = (with_easel if way == "easel" else with_diffusers)(folder, task)
    draw(file, 0)
    cold, processors = time.time() - options.began, time.process_time()
    warm = [draw(file, seed) for seed in range(1, options.warm + 1)]
    memory.stop()
    switch = draw(twin_of(file), 1).whole
    return Run(
        cold=cold,
        cold_of_processors=processors,
        step=median(step for picture in warm for step in picture.steps),
        step_of_processors=median(step for picture in warm for step in picture.steps_of_processors),
        picture=median(picture.whole for picture in warm),
        outside=median(1 - picture.in_models / picture.whole for picture in warm),
        peak=memory.peak,
        switch=switch,
        switch_back=draw(file, 1).whole,
    )


def with_easel(folder: Path, task: Task) -> Draw:
    """The engine's own code, as its process runs it."""
    from backend.engine.context import Context  # noqa: PLC0415  the imports are measured too
    from backend.engine.run import generate, prepare  # noqa: PLC0415
    from backend.places import Places  # noqa: PLC0415
    from backend.schema.events import Metric, Progress  # noqa: PLC0415

    prepare()
    kept: dict[str, object] = {}
    places = Places(ROOT, folder / "outputs", folder / "data", folder)

    def draw(file: Path, seed: int) -> Picture:
        context = Context(f"{seed:012x}", places, created=time.time(), kept=kept)
        steps = Steps()
        metrics: dict[str, float] = {}
        begin = time.perf_counter()
        for event in generate(request(file, seed, task), context):
            if isinstance(event, Progress):
                steps.end()
            elif isinstance(event, Metric):
                metrics[event.name] = event.value
        in_models = metrics["seconds_in_models"]
        return Picture(time.perf_counter() - begin, in_models, steps.wall, steps.processors)

    return draw


def request(file: Path, seed: int, task: Task) -> dict[str, object]:
    """What the engine is asked for."""
    from backend.schema.picture_settings import BatchSettings, PromptSettings  # noqa: PLC0415
    from backend.schema.resolved import (  # noqa: PLC0415  the imports are measured too
        ResolvedModel,
        ResolvedRequest,
        ResolvedSampling,
        ResolvedSize,
    )

    model = ResolvedModel(
        checkpoint=file.name, name=file.stem, path=str(file), family="sd15", sha256="0" * 64
    )
    sampling = ResolvedSampling(
        sampler="euler", schedule="normal", steps=task.steps, cfg_scale=CFG_SCALE
    )
    return ResolvedRequest(
        prompt=PromptSettings(positive=PROMPT, negative=NEGATIVE),
        model=model,
        size=ResolvedSize(width=task.side, height=task.side),
        sampling=sampling,
        seed=seed,
        batch=BatchSettings(),
    ).model_dump()


def with_diffusers(folder: Path, task: Task) -> Draw:
    """A pipeline as diffusers' documentation makes it; another checkpoint replaces the first."""
    import torch  # noqa: PLC0415  the imports are measured too
    from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import (  # noqa: PLC0415
        StableDiffusionPipeline,
    )
    from diffusers.schedulers.scheduling_euler_discrete import (  # noqa: PLC0415
        EulerDiscreteScheduler,
    )

    kept: dict[Path, StableDiffusionPipeline] = {}
    clock = Clock()

    def load(file: Path) -> StableDiffusionPipeline:
        kept.clear()
        pipeline = StableDiffusionPipeline.from_single_file(
            str(file), config=str(folder / "configs"), local_files_only=True, dtype=torch.float32
        )
        pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
        pipeline.set_progress_bar_config(disable=True)
        pipeline.text_encoder.forward = clock.counted(pipeline.text_encoder.forward)
        pipeline.unet.forward = clock.counted(pipeline.unet.forward)
        pipeline.vae.decode = clock.counted(pipeline.vae.decode)
        return pipeline

    def draw(file: Path, seed: int) -> Picture:
        begin, before = time.perf_counter(), clock.seconds
        if file not in kept:
            kept[file] = load(file)
        steps = Steps()

        def ended(*_: object) -> dict[str, object]:
            steps.end()
            return {}

        made = kept[file](
            PROMPT,
            negative_prompt=NEGATIVE,
            width=task.side,
            height=task.side,
            num_inference_steps=task.steps,
            guidance_scale=CFG_SCALE,
            generator=torch.Generator().manual_seed(seed),
            callback_on_step_end=ended,
        )
        (folder / "outputs").mkdir(exist_ok=True)
        made.images[0].save(folder / "outputs" / f"diffusers-{seed}.png")
        in_models = clock.seconds - before
        return Picture(time.perf_counter() - begin, in_models, steps.wall, steps.processors)

    return draw


class Clock:
    """Counts the time inside functions."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def counted(self, function: Callable[..., object]) -> Callable[..., object]:
        """The same function, its time counted."""

        def timed(*arguments: object, **named: object) -> object:
            begin = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.perf_counter() - begin

        return timed


class Steps:
    """When each step ended."""

    def __init__(self) -> None:
        self._ends: list[tuple[float, float]] = []

    def end(self) -> None:
        """A step has ended."""
        self._ends.append((time.perf_counter(), time.process_time()))

    @property
    def wall(self) -> Sequence[float]:
        """The seconds of each step after the first."""
        return [after - before for (before, _), (after, _) in pairwise(self._ends)]

    @property
    def processors(self) -> Sequence[float]:
        """The same, of all processors together."""
        return [after - before for (_, before), (_, after) in pairwise(self._ends)]


def report(task: Task, found: dict[str, list[Run]]) -> None:
    """Print the machine and a column for each way as Markdown: medians of the rounds."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    print(f"{os.cpu_count()} cores ({processor()}), load {load:.1f}")
    print(f"{task.side} × {task.side} pixels, {task.steps} steps, Euler, CFG {CFG_SCALE}\n")
    print(f"| what | {' | '.join(found)} |\n|-|{'-|' * len(found)}")
    rows: Sequence[tuple[str, Callable[[Run], float], str]] = (
        ("from the start of the process to the first picture", lambda run: run.cold, "{:.1f} s"),
        ("the same, of all processors", lambda run: run.cold_of_processors, "{:.1f} s"),
        ("a warm step", lambda run: run.step, "{:.2f} s"),
        ("the same, of all processors", lambda run: run.step_of_processors, "{:.2f} s"),
        ("a warm picture", lambda run: run.picture, "{:.1f} s"),
        ("of it outside the models", lambda run: run.outside, "{:.1%}"),
        ("peak memory until then", lambda run: run.peak / 1e9, "{:.2f} GB"),
        ("a picture with another checkpoint", lambda run: run.switch, "{:.1f} s"),
        ("and with the first again", lambda run: run.switch_back, "{:.1f} s"),
    )
    for name, figure, form in rows:
        cells = [form.format(median(map(figure, runs))) for runs in found.values()]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    sys.exit(main())
