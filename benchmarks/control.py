# pyright: reportArgumentType=false
# diffusers annotates its pipelines wrongly (optional parts as required, the listener of steps).
"""What ControlNet brings and costs: `.venv/bin/python -m benchmarks.control obedience` or `speed`.

`obedience` has the engine draw 50 maps that the starter's ControlNet never saw, with it and without
it, and prints how far the pictures' edges agree with the maps (F1 of dilated canny edges); the art
comes from `python -m recipes.starter.fetch`. `speed` makes a checkpoint and a ControlNet of SD
1.5's size with random weights (2.9 GB, in a temporary folder), and prints a step without and with
one and two units, in turns with diffusers' pipelines on the same weights.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.pipelines.controlnet.pipeline_controlnet import StableDiffusionControlNetPipeline
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from PIL import Image, ImageDraw

from backend.engine.accelerator import use_physical_cores
from backend.engine.context import Context
from backend.engine.control.registry import find_network
from backend.engine.control.unit import Unit
from backend.engine.families.base import DenoiserSettings
from backend.engine.families.unet_model import UNetModel
from backend.engine.run import generate
from backend.places import Places
from backend.schema.controls import ResolvedControl, ResolvedControlModel
from backend.schema.events import Event, ImageReady
from backend.schema.models import Family, ModelKind
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.schema.resolved import ResolvedModel, ResolvedRequest, ResolvedSampling, ResolvedSize
from backend.schema.source_settings import ResolvedPicture
from benchmarks.load_speed import checkpoint_in, write_checkpoint
from benchmarks.lora_cost import loaded
from recipes.starter.build_data import SIDE
from recipes.starter.edge_obedience import COUNT, Task, make_tasks, score
from recipes.starter.places import CONTROLNET
from recipes.starter.sheet import GUIDANCE

ROOT = Path(__file__).resolve().parents[1]
STARTER = ROOT / "models" / "starter"
_SEED, _STEPS = 5151, 20
T = TypeVar("T")


def main() -> int:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.control", description=__doc__)
    parser.add_argument("what", choices=("obedience", "speed"))
    parser.add_argument("--count", type=int, default=COUNT, help="maps that are drawn")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each kind of step")
    parser.add_argument("--side", type=int, default=256, help="of the picture, in pixels")
    parser.add_argument("--folder", type=Path, help="keep the checkpoint there, or use it again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if options.what == "obedience":
            obedience(options.count, folder)
        else:
            speed(options, folder)
    return 0


def obedience(count: int, folder: Path) -> None:
    """Print how far the engine's pictures keep to maps, with the ControlNet and without it."""
    tasks, kept = make_tasks(count), dict[str, object]()
    without, controlled = (
        score(
            [draw(task, number, weight, folder, kept) for number, task in enumerate(tasks)], tasks
        )
        for weight in (0.0, 1.0)
    )
    print(f"F1 of {count} maps: without {without:.3f}, with the ControlNet {controlled:.3f}")


def draw(
    task: Task, number: int, weight: float, folder: Path, kept: dict[str, object]
) -> Image.Image:
    """One picture as a job draws it.

    Args:
        task: The prompt and the map.
        number: Its place, which decides the seed.
        weight: Of the unit; at 0 it has no effect.
        folder: Where pictures and maps go.
        kept: What lives as long as the engine.
    """
    path = folder / f"map{number}.png"
    task.map().save(path)
    model = ResolvedModel(
        checkpoint="starter", name="Starter", path=str(STARTER), family="sd15", sha256="0" * 64
    )
    wanted = ResolvedRequest(
        prompt=PromptSettings(positive=task.prompt),
        model=model,
        size=ResolvedSize(width=SIDE, height=SIDE),
        sampling=ResolvedSampling(
            sampler="dpmpp_2m", schedule="karras", steps=_STEPS, cfg_scale=GUIDANCE
        ),
        seed=_SEED + number,
        batch=BatchSettings(),
        controls=(unit_of(STARTER / CONTROLNET, path, weight),),
    )
    places = Places(ROOT, folder / "outputs", folder / "data", ROOT / "models")
    context = Context(f"{number:011}{int(weight)}", places, time.time(), kept=kept)
    events = list(generate(wanted.model_dump(mode="json"), context))
    ready = next(event for event in events if isinstance(event, ImageReady))
    with Image.open(places.outputs / ready.path) as picture:
        return picture.convert("RGB")


def unit_of(model: Path, picture: Path, weight: float) -> ResolvedControl:
    """A unit whose picture is a map."""
    return ResolvedControl(
        number=1,
        picture=ResolvedPicture(reference=picture.name, path=str(picture), sha256=""),
        model=ResolvedControlModel(
            id=model.name,
            name=model.name,
            path=str(model),
            kind=ModelKind.CONTROLNET,
            family=Family.SD15,
        ),
        weight=weight,
    )


def speed(options: argparse.Namespace, folder: Path) -> None:
    """Print what a step takes, ours and diffusers', with and without units."""
    if not checkpoint_in(folder).is_file():
        write_checkpoint(folder)
    use_physical_cores()
    model = loaded(checkpoint_in(folder))
    if not isinstance(model, UNetModel):
        raise TypeError(model)
    unit = random_unit(model, folder, options.side)
    ours = {
        f"{count} unit{'s' * (count != 1)}": our_step(model, (unit,) * count, options.side)
        for count in range(3)
    }
    theirs = their_steps(model, unit, options.side)
    seconds: dict[str, list[float]] = {}
    for _ in range(options.rounds):
        for who, steps in (("Easel", ours), ("diffusers", theirs)):
            for what, step in steps.items():
                seconds.setdefault(f"{who}, {what}", []).append(step())
    print("| a step | processor seconds | beside one without |")
    print("|-|-|-|")
    for what, each in seconds.items():
        plain = median(seconds[f"{what.partition(',')[0]}, 0 units"])
        print(f"| {what} | {median(each):.2f} | {median(each) / plain:.2f} × |")


def random_unit(model: UNetModel, folder: Path, side: int) -> Unit:
    """A unit with a ControlNet of random weights."""
    place = folder / "controlnet"
    if not place.is_dir():
        net = ControlNetModel.from_unet(model.unet, load_weights_from_unet=False)
        net.half().save_pretrained(place)
        del net
    picture = Image.new("RGB", (side, side))
    ImageDraw.Draw(picture).ellipse((side // 4, side // 4, side // 2, side // 2), outline="white")
    network = end_of(
        find_network(ModelKind.CONTROLNET, Family.SD15).load(
            unit_of(place, folder / "none.png", 1.0), model
        )
    )
    return Unit(network, network.shown(picture, None), 1.0, "balanced", float("inf"), 0.0)


def our_step(model: UNetModel, units: tuple[Unit, ...], side: int) -> Callable[[], float]:
    """A call of the network for both prompts of one picture; returns its seconds."""
    conditioning = model.encode_prompts("a red apple", "blurry")
    denoise = model.denoiser(conditioning, DenoiserSettings(7.0, side, side, controls=units))
    latents, sigma = torch.randn(1, 4, side // 8, side // 8), torch.tensor(3.0)

    def step() -> float:
        began = time.process_time()
        denoise(latents, sigma)
        return time.process_time() - began

    return step


def their_steps(model: UNetModel, unit: Unit, side: int) -> dict[str, Callable[[], float]]:
    """The same by diffusers' pipelines, with the same weights."""
    conditioning = model.encode_prompts("a red apple", "blurry")
    told = {
        "prompt_embeds": conditioning.positive.states,
        "negative_prompt_embeds": conditioning.negative.states,
        "width": side,
        "height": side,
        "output_type": "latent",
    }
    parts = {
        "vae": model.vae,
        "text_encoder": None,
        "tokenizer": None,
        "unet": model.unet,
        "scheduler": EulerDiscreteScheduler(steps_offset=1),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }
    plain = StableDiffusionPipeline(**parts)
    controlled = StableDiffusionControlNetPipeline(**parts, controlnet=unit.network.module)
    picture = Image.fromarray(np.zeros((side, side, 3), np.uint8))
    return {
        "0 units": lambda: seconds_of(plain, told),
        "1 unit": lambda: seconds_of(controlled, {**told, "image": picture}),
    }


def seconds_of(
    pipeline: StableDiffusionPipeline | StableDiffusionControlNetPipeline, told: dict[str, object]
) -> float:
    """The processor seconds of the second of two steps."""
    ends: list[float] = []

    def listen(*_: object) -> dict[str, object]:
        ends.append(time.process_time())
        return {}

    pipeline.set_progress_bar_config(disable=True)
    pipeline(**told, num_inference_steps=2, callback_on_step_end=listen)
    return ends[1] - ends[0]


def end_of(work: Generator[Event, None, T]) -> T:
    """What work brings."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


if __name__ == "__main__":
    sys.exit(main())
