"""The whole story of requests that ControlNets steer, with a tiny FLUX.1 checkpoint."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch.nn.modules.module import register_module_forward_pre_hook

from backend.engine.control.networks import flux_controlnet
from backend.engine.loading.files import CONFIG_KEY
from backend.engine.memory import rungs
from backend.engine.run import generate
from backend.schema.control_types import ControlType
from backend.schema.controls import ResolvedControl
from backend.schema.events import Event, ImageReady, Stage, Warned
from backend.schema.hires import ResolvedHires
from backend.schema.picture_settings import BatchSettings
from backend.schema.resolved import ResolvedModel, ResolvedSampling
from backend.schema.source_settings import ResolvedMask, ResolvedPicture, ResolvedSource
from tests.fixtures.short_memory import WORDS
from tests.fixtures.starter import context_in, of_type, starter_request
from tests.fixtures.tiny_controlnets import tiny_flux_controlnet, unit_of
from tests.fixtures.tiny_flux import save_tiny_flux

pytestmark = pytest.mark.usefixtures("one_thread")

HIRES = ResolvedHires(
    factor=1.5,
    method="latent",
    strength=0.6,
    steps=2,
    sampler="euler",
    schedule="simple",
    sizes=((96, 96),),
    tile=64,
)
Draw = Callable[..., tuple[dict[int, np.ndarray], Sequence[Event]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """With a checkpoint, a ControlNet and a map."""
    folder = tmp_path_factory.mktemp("flux")
    save_tiny_flux(folder / "checkpoint")
    tiny_flux_controlnet().save_pretrained(folder / "controlnet")
    levels = np.random.default_rng(5).integers(0, 256, (96, 72, 3), np.uint8)
    Image.fromarray(levels).save(folder / "map.png")
    return folder


@pytest.fixture(scope="module")
def unit(folder) -> ResolvedControl:
    picture = picture_at(folder / "map.png")
    return unit_of(folder / "controlnet", "flux1").model_copy(update={"picture": picture})


def picture_at(path: Path) -> ResolvedPicture:
    return ResolvedPicture(reference=path.name, path=str(path), sha256="")


@pytest.fixture(scope="module")
def draw(folder) -> Draw:
    kept: dict[str, object] = {}
    jobs = iter(range(100))
    model = ResolvedModel.model_validate(
        {
            "checkpoint": "tiny",
            "name": "Tiny",
            "path": str(folder / "checkpoint"),
            "family": "flux1",
            "sha256": "0" * 64,
        }
    )
    sampling = ResolvedSampling(sampler="euler", schedule="simple", steps=2, cfg_scale=2.0)

    def draw(**changes: object) -> tuple[dict[int, np.ndarray], Sequence[Event]]:
        wanted = starter_request(sampling=sampling).model_copy(update={"model": model, **changes})
        context = context_in(folder, job=f"{next(jobs):012}", kept=kept)
        events = list(generate(wanted.model_dump(mode="json"), context))
        pictures: dict[int, np.ndarray] = {}
        for ready in of_type(events, ImageReady):
            with Image.open(folder / "outputs" / ready.path) as opened:
                pictures[ready.index] = np.asarray(opened.convert("RGB"), dtype=float)
        return pictures, events

    return draw


def test_a_batch_follows_one_map_that_is_prepared_once(draw, unit):
    plain, _ = draw(batch=BatchSettings(size=2))

    batch, told = draw(controls=(unit,), batch=BatchSettings(size=2, count=2))

    assert batch.keys() == {0, 1, 2, 3}
    assert [each.sentence for each in of_type(told, Stage)].count("Preparing ControlNet 1") == 1
    for index, picture in plain.items():
        assert np.abs(batch[index] - picture).mean() > 2
    alone, _ = draw(controls=(unit,))
    assert np.abs(alone[0] - batch[0]).max() <= 2  # levels: a batch rounds otherwise


def test_a_second_pass_in_tiles_is_steered_too(draw, unit):
    steered, told = draw(controls=(unit,), hires=HIRES)
    late, _ = draw(controls=(unit.model_copy(update={"end": 0.5}),), hires=HIRES)

    assert steered[0].shape == (96, 96, 3)
    assert [each.sentence for each in of_type(told, Stage)].count("Preparing ControlNet 1") == 2
    assert np.abs(steered[0] - late[0]).mean() > 1


def test_what_learned_to_inpaint_is_told_the_mask_of_the_drawing(draw, folder, monkeypatch):
    seen: list[torch.Tensor] = []
    paint = flux_controlnet.latents_to_paint

    def noted(*asked: Any) -> torch.Tensor:
        seen.append(paint(*asked))
        return seen[-1]

    monkeypatch.setattr(flux_controlnet, "latents_to_paint", noted)
    state = load_file(folder / "controlnet" / "diffusion_pytorch_model.safetensors")
    state["controlnet_x_embedder.weight"] = torch.randn(32, 68) * 0.2
    told = {CONFIG_KEY + "controlnet": (folder / "controlnet" / "config.json").read_text()}
    save_file(state, folder / "inpainting.safetensors", told)
    mask = Image.new("L", (72, 96))
    mask.paste(255, (0, 0, 36, 96))
    mask.save(folder / "mask.png")
    source = ResolvedSource(
        picture=picture_at(folder / "map.png"),
        width=72,
        height=96,
        strength=1.0,
        mask=ResolvedMask(picture=picture_at(folder / "mask.png"), blur=0),
    )
    inpaints = unit_of(folder / "inpainting.safetensors", "flux1", ControlType.INPAINT)

    plain, _ = draw(source=source)
    steered, _ = draw(source=source, controls=(inpaints,))

    [shown] = seen
    assert shown.shape == (1, 17, 8, 8)
    assert shown[0, 16, :, :3].max() == 0
    assert shown[0, 16, :, 5:].min() == 1
    assert np.abs(steered[0] - plain[0])[:, :28].mean() > 2


def test_a_map_that_is_too_large_to_encode_at_once_is_encoded_in_tiles(draw, unit, monkeypatch):
    monkeypatch.setattr(
        rungs,
        "RUNGS",
        (rungs.Rung(frozenset({"encode"}), rungs._tiles_of(4), "the picture is encoded in tiles"),),
    )
    monkeypatch.setattr("backend.engine.memory.ladder.RUNGS", rungs.RUNGS)
    plain, _ = draw()

    def before(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        sees_pixels = isinstance(module, torch.nn.Conv2d) and module.in_channels == 3
        if sees_pixels and max(inputs[0].shape[-2:]) >= 64:
            raise torch.OutOfMemoryError(WORDS)

    hook = register_module_forward_pre_hook(before)
    try:
        tiled, told = draw(controls=(unit,))
    finally:
        hook.remove()

    [warned] = of_type(told, Warned)
    assert warned.sentence.endswith("the picture is encoded in tiles.")
    assert np.abs(tiled[0] - plain[0]).mean() > 2
