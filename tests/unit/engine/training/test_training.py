"""Teaching a checkpoint: what is learned, that it goes on exactly, and that others see it."""

import io
import json
import shutil
from collections.abc import Generator
from dataclasses import replace
from functools import partial
from itertools import zip_longest
from typing import cast

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from backend.dataset.batches import Batches
from backend.engine.adapters.fitting import Chosen
from backend.engine.adapters.shelf import Shelf
from backend.engine.adapters.wearing import wearing
from backend.engine.advance import advance, close
from backend.engine.families.base import DenoiserSettings
from backend.engine.run import generate
from backend.engine.training.objective import loss_of, noised, weights
from backend.engine.training.paths import Paths
from backend.engine.training.rates import share_at
from backend.engine.training.story import train
from backend.places import Places
from backend.schema.errors import TrainingError
from backend.schema.events import Event, Finished, ImageReady, Metric
from backend.schema.resolved import ResolvedLora, ResolvedModel
from backend.schema.training import (
    LearnedPicture,
    ResolvedTraining,
    TrainingRequest,
)
from backend.schema.training_learning import LearningSettings, LossSettings
from tests.fixtures.loaded import loaded
from tests.fixtures.starter import ROOT, context_in, starter_request
from tests.fixtures.tiny_flux import save_tiny_flux
from tests.fixtures.tiny_sd3 import save_tiny_sd3
from tests.fixtures.tiny_unets import save_tiny_sd15, save_tiny_sdxl

pytestmark = pytest.mark.usefixtures("one_thread")

SIDE = 64


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    return save_tiny_sd15(tmp_path_factory.mktemp("tiny") / "checkpoint").folder


@pytest.fixture
def begin(checkpoint, tmp_path):
    """A training of four pictures, and its surroundings."""
    for number in range(4):
        values = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(values).resize((SIDE, SIDE)).save(tmp_path / f"{number}.png")

    def wanted(family="sd15", folder=checkpoint, **asked):
        usual = {"rank": 4, "steps": 6, "save_every": 2, "rate": 1e-2, "batch_size": 2}
        request = TrainingRequest.from_short_names(usual | asked)
        pictures = [
            LearnedPicture(
                path=str(tmp_path / f"{number}.png"),
                caption=f"zkw7, number {number}, red, round",
                repeats=1,
                width=SIDE,
                height=SIDE,
            )
            for number in range(4)
        ]
        model = ResolvedModel(
            checkpoint="tiny", name="Tiny", path=str(folder), family=family, sha256="0" * 64
        )
        return ResolvedTraining(
            id="0123456789ab",
            asked=request,
            model=model,
            resolution=SIDE,
            pictures=tuple(pictures),
            name="zkw7",
        )

    return wanted


def surroundings(folder, kept=None):
    places = Places(ROOT, folder / "outputs", folder / "data", folder / "models")
    return replace(context_in(folder, kept=kept), places=places)


def run(wanted, folder, *, until=None, kept=None, copy=None):
    """The losses of the steps, and the events; it is ended after the step `until`.

    What is on the disk just before is copied to `copy`: so a killed process would leave it.
    """
    job = train(wanted.model_dump(mode="json"), surroundings(folder, kept))
    losses, events = {}, []
    while (event := advance(job)) is not None:
        events.append(event)
        if isinstance(event, Metric) and event.name == "loss":
            losses[event.step] = event.value
        if until and until in losses:
            if copy:
                shutil.copytree(folder / "data", copy / "data")
            close(cast("Generator[Event]", job))
            break
    return losses, events


@pytest.fixture(autouse=True)
def every_step_is_told(monkeypatch):
    monkeypatch.setattr("backend.engine.training.reporting._TOLD_SECONDS", 0.0)


def learned_by(folder):
    return load_file(folder / "models" / "loras" / "zkw7.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def test_it_learns_and_writes_a_file_that_tells_of_itself(begin, tmp_path):
    losses, events = run(begin(steps=30, weighting="none", caption_dropout=0.0), tmp_path)

    assert isinstance(events[-1], Finished)
    assert np.mean(list(losses.values())[-8:]) < np.mean(list(losses.values())[:8])
    with safe_open(tmp_path / "models" / "loras" / "zkw7.safetensors", "pt") as file:
        told, names = file.metadata(), list(file.keys())
    assert told["ss_network_dim"] == told["ss_network_alpha"] == "4"
    assert told["modelspec.architecture"] == "stable-diffusion-v1/lora"
    assert str(tmp_path) not in json.dumps(told)
    assert all(name.startswith("lora_unet_") for name in names)
    assert any(name.endswith("_attn1_to_q.lora_down.weight") for name in names)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"layers": "all", "dropout": 0.3, "flip": 0.5, "keep_tokens": 1, "accumulation": 2}
        | {"crop": "random", "colour_jitter": 0.2, "variations": 2},
        pytest.param(
            {"noise_offset": 0.1, "weighting": "debiased", "rate_schedule": "linear"}
            | {"batch_size": 3},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"optimiser": "adamw8bit", "ema": 0.9, "rank": 32, "layers": "all"},
            marks=pytest.mark.slow,
        ),
        {"optimiser": "adafactor", "text_rate": 1e-2, "rank_dropout": 0.3},
        {"optimiser": "prodigy", "rate": 1.0, "method": "dora", "layer_dropout": 0.2},
        pytest.param(
            {"preservation": 1.0, "caption_dropout": 0.3, "rate_schedule": "restarts"},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_training_that_was_ended_goes_on_as_if_it_had_not_been(begin, tmp_path, asked):
    wanted = begin(**asked)
    all_losses, _ = run(wanted, tmp_path / "whole")

    first, _ = run(wanted, tmp_path / "cancelled", until=3, copy=tmp_path / "killed")
    after_cancel, _ = run(wanted, tmp_path / "cancelled")
    after_kill, _ = run(wanted, tmp_path / "killed")

    assert first | after_cancel == first | after_kill == all_losses
    assert min(after_cancel) == 4  # saved when it was ended
    assert min(after_kill) == 3  # the last that was saved was step 2
    for folder in ("cancelled", "killed"):
        assert same(learned_by(tmp_path / folder), learned_by(tmp_path / "whole"))


def test_a_checkpoint_that_is_not_whole_is_passed_over(begin, tmp_path):
    wanted = begin()
    all_losses, _ = run(wanted, tmp_path / "whole")
    run(wanted, tmp_path / "cut", until=5)
    newest = max((tmp_path / "cut" / "data" / "training" / wanted.id).glob("step-*"))
    (newest / "optimiser.safetensors").write_bytes(b"half")

    again, _ = run(wanted, tmp_path / "cut")

    assert min(again) == 5
    assert same(learned_by(tmp_path / "cut"), learned_by(tmp_path / "whole"))
    assert again == {step: loss for step, loss in all_losses.items() if step >= 5}


def test_a_picture_that_is_drawn_meanwhile_changes_nothing(begin, checkpoint, tmp_path):
    wanted, kept = begin(), {}
    alone, _ = run(wanted, tmp_path / "alone")
    model = wanted.model
    request = starter_request(side=SIDE).model_copy(update={"model": model})
    before, after = (
        drawn(request, tmp_path / name, {} if name == "before" else kept)
        for name in ("before", "after")
    )

    training = train(wanted.model_dump(mode="json"), surroundings(tmp_path / "shared", kept))
    drawing = generate(request.model_dump(), context_in(tmp_path / "meanwhile", kept=kept))
    losses, pictures = {}, []
    turns = zip_longest(advanced(training), advanced(drawing))
    for event in (each for pair in turns for each in pair):
        if isinstance(event, Metric) and event.name == "loss":
            losses[event.step] = event.value
        if isinstance(event, ImageReady):
            pictures.append((tmp_path / "meanwhile" / "outputs" / event.path).read_bytes())

    assert losses == alone
    assert same(learned_by(tmp_path / "shared"), learned_by(tmp_path / "alone"))
    assert before == after == pixels(pictures[0])
    assert kept["residency"].loads == 1  # both had the same weights


def advanced(job):
    while (event := advance(job)) is not None:
        yield event


def drawn(request, folder, kept):
    job = generate(request.model_dump(), context_in(folder, kept=kept))
    ready = next(event for event in advanced(job) if isinstance(event, ImageReady))
    return pixels((folder / "outputs" / ready.path).read_bytes())


def pixels(content):
    with Image.open(io.BytesIO(content)) as picture:
        return picture.convert("RGB").tobytes()


@pytest.mark.parametrize("layers", ["blocks", "all"])
def test_the_file_changes_pictures_as_what_was_learned_does(begin, checkpoint, tmp_path, layers):
    wanted = begin(layers=layers, steps=3)
    run(wanted, tmp_path)
    model = loaded("sd15", checkpoint)
    paths = Paths.beside(model.unet, wanted.asked.network, wanted.asked.seed)
    newest = max((tmp_path / "data" / "training" / wanted.id).glob("step-*"))
    paths.load(load_file(newest / "paths.safetensors"))
    file = tmp_path / "models" / "loras" / "zkw7.safetensors"
    lora = ResolvedLora(name="zkw7", id="zkw7", path=str(file))
    settings = DenoiserSettings(1.0, SIDE, SIDE)
    conditioning = model.encode_prompts("zkw7, red", "")
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))

    def estimate():
        return model.denoiser(conditioning, settings)(latents, torch.tensor(3.0))

    plain = estimate()
    with torch.no_grad(), paths.walked(model.unet):
        as_learned = estimate()
    chosen = Shelf().choose({"zkw7": (1.0, 1.0)}, (lora,))
    assert all(isinstance(each, Chosen) for each in chosen)
    with wearing(model.workplace, chosen):
        as_worn = estimate()

    changed = (as_learned - plain).abs().max()
    assert changed > 1e-3
    assert (as_worn - as_learned).abs().max() < changed / 100  # the file is in half precision


@pytest.mark.parametrize(
    ("family", "save"),
    [
        ("sdxl", save_tiny_sdxl),
        ("sd35_medium", partial(save_tiny_sd3, family="sd35_medium")),
        ("flux1", save_tiny_flux),
    ],
)
def test_each_family_learns(begin, tmp_path, family, save):
    losses, _ = run(begin(family, save(tmp_path / "tiny").folder, steps=2), tmp_path)

    assert len(losses) == 2
    assert learned_by(tmp_path)


def test_what_is_asked_without_the_trigger_stays_as_it_was(begin, checkpoint, tmp_path):
    """Caption and picture are the same, but for the trigger."""

    def changes(folder, **asked):
        wanted = begin(steps=20, rate=3e-3, caption_dropout=0.0, save_every=100, **asked)
        called = [each.model_copy(update={"concept": "zkw7"}) for each in wanted.pictures]
        run(wanted.model_copy(update={"pictures": tuple(called)}), folder)
        file = folder / "models" / "loras" / "zkw7.safetensors"
        lora = ResolvedLora(name="zkw7", id="zkw7", path=str(file))
        model = loaded("sd15", checkpoint)
        settings = DenoiserSettings(1.0, SIDE, SIDE)
        latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))

        def estimates():
            for caption in ("zkw7, number 1, red, round", "number 1, red, round"):
                with torch.no_grad():
                    asked_for = model.encode_prompts(caption, "")
                    yield model.denoiser(asked_for, settings)(latents, torch.tensor(3.0))

        plain = list(estimates())
        with wearing(model.workplace, Shelf().choose({"zkw7": (1.0, 1.0)}, (lora,))):
            worn = list(estimates())
        return [float((one - other).norm()) for one, other in zip(plain, worn, strict=True)]

    called, other = changes(tmp_path / "kept", preservation=4.0)
    freely = changes(tmp_path / "freely", preservation=0.0)

    assert other < 0.5 * freely[1]
    assert other < called


def test_numbers_that_overflow_end_it_and_name_the_pictures(begin, tmp_path, monkeypatch):
    wanted = begin()
    run(wanted, tmp_path, until=2)
    monkeypatch.setattr(
        "backend.engine.training.learning.loss_of", lambda *given: loss_of(*given) * float("nan")
    )

    with pytest.raises(TrainingError, match=r"overflowed at step 3.*\d\.png"):
        run(wanted, tmp_path)

    newest = max((tmp_path / "data" / "training" / wanted.id).glob("step-*"))
    assert newest.name == "step-0000002"


@pytest.mark.parametrize("predicts", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("weighting", ["none", "min_snr", "debiased"])
def test_the_loss_is_what_the_papers_say(checkpoint, predicts, weighting):
    levels = loaded("sd15", checkpoint).levels
    chance = torch.Generator().manual_seed(1)
    clean, noise, said = (torch.randn(3, 4, 8, 8, generator=chance) for _ in range(3))
    timesteps = torch.tensor([10, 500, 990])
    kept = (1 / (1 + levels.sigmas**2))[timesteps].float()  # the share of signal in power
    ratio = kept / (1 - kept)

    wanted = noised(clean, noise, timesteps, levels, predicts)
    counted = weights(wanted.ratio, LossSettings(weighting=weighting, gamma=5.0), predicts)
    losses = loss_of(said, wanted, counted)

    for place in range(3):
        signal, spread = kept[place].sqrt(), (1 - kept[place]).sqrt()
        target = (
            noise[place] if predicts == "epsilon" else signal * noise[place] - spread * clean[place]
        )
        plain = (said[place] - target).square().mean()
        more = 1.0 if predicts == "v_prediction" else 0.0
        factor = {
            "none": 1.0,
            "min_snr": min(float(ratio[place]), 5.0) / (float(ratio[place]) + more),
            "debiased": (min(float(ratio[place]) + more, 1000.0)) ** -0.5,
        }[weighting]
        assert torch.allclose(wanted.seen[place], signal * clean[place] + spread * noise[place])
        assert losses[place].item() == pytest.approx(plain.item() * factor, rel=1e-4)


def test_the_rate_rises_and_falls():
    asked = LearningSettings(steps=100, warm_up=0.1, schedule="cosine")
    rates = [share_at(step, asked) for step in range(100)]

    assert rates[:10] == sorted(rates[:10])
    assert rates[10] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.01
    assert share_at(99, asked.model_copy(update={"schedule": "constant"})) == 1.0
    often = asked.model_copy(update={"schedule": "restarts", "cycles": 3})
    again = [share_at(step, often) for step in range(100)]
    assert [step for step in range(11, 100) if again[step] > again[step - 1]] == [40, 70]
    assert again[40] == again[70] == 1.0


def test_every_picture_is_learned_and_batches_follow_from_the_step():
    batches = Batches.of([[0, 1, 2, 3, 4], [5, 6]], [1, 1, 1, 1, 1, 3, 1], 4, seed=1)

    made = [batches.batch(step) for step in range(2 * batches.in_a_round)]

    assert batches.in_a_round == 3
    assert {len(each) for each in made} == {4}
    for start in (0, 3):
        learned = [place for each in made[start : start + 3] for place in each]
        assert set(learned) == set(range(7))
        assert learned.count(5) >= 3
    assert all(set(each) <= {5, 6} or set(each) <= set(range(5)) for each in made)
    assert made[:3] != made[3:]
    assert batches.batch(5) == made[5]
