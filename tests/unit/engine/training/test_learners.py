"""What learns: DoRA, text encoders, what is left out by chance, and what is to stay as it was."""

import pytest
import torch
from safetensors.torch import load_file

from backend.engine.adapters.shelf import Shelf
from backend.engine.adapters.wearing import wearing
from backend.engine.families.base import DenoiserSettings
from backend.engine.memory.placing import How, Placing
from backend.engine.training.learners import Learners
from backend.engine.training.predicting import prediction_of
from backend.engine.training.writing import lora_file
from backend.schema.errors import TrainingError
from backend.schema.resolved import ResolvedLora
from backend.schema.training_learning import LearningSettings
from backend.schema.training_network import NetworkSettings
from tests.fixtures.loaded import loaded
from tests.fixtures.taught import CASES, LEVELS, a_batch
from tests.unit.engine.training.test_file import a_training

pytestmark = pytest.mark.usefixtures("one_thread")

SIDE = 64


def learners_of(model, *, rates=(0.0, None), **asked):
    """Learners that learned something."""
    learning = LearningSettings(text_rate=rates[0], second_text_rate=rates[1])
    network = NetworkSettings.model_validate({"rank": 3, "layers": "all"} | asked)
    made = Learners.of(model, prediction_of(model).network, network, learning, 5)
    chance = torch.Generator().manual_seed(4)
    for parameter in made.parameters:
        parameter.data.add_(torch.randn(parameter.shape, generator=chance) * 0.02)
    return made


def estimate(model, prompt="zkw7, red"):
    conditioning = model.encode_prompts(prompt, "")
    latents = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    settings = DenoiserSettings(1.0, SIDE, SIDE)
    with torch.no_grad():
        return model.denoiser(conditioning, settings)(latents, torch.tensor(3.0))


@pytest.mark.parametrize(
    ("family", "rates", "method", "encoders"),
    [
        ("sd15", (0.0, None), "dora", set()),
        ("sd15", (1e-4, None), "lora", {"te"}),
        pytest.param("sd2", (1e-4, None), "dora", {"te"}, marks=pytest.mark.slow),
        ("sdxl", (1e-4, None), "lora", {"te1", "te2"}),
        pytest.param("sdxl", (1e-4, 0.0), "dora", {"te1"}, marks=pytest.mark.slow),
    ],
)
def test_a_file_does_what_was_learned(folders, tmp_path, family, rates, method, encoders):
    model = loaded(family, folders(family))
    learners = learners_of(model, rates=rates, method=method)
    file = tmp_path / "zkw7.safetensors"
    training = a_training(family, method=method)
    file.write_bytes(lora_file(training, learners, 7))

    plain = estimate(model)
    with learners.walked():
        learned = estimate(model)
    after = estimate(model)
    lora = ResolvedLora(name="zkw7", id="zkw7", path=str(file))
    with wearing(model.workplace, Shelf().choose({"zkw7": (1.0, 1.0)}, (lora,))):
        worn = estimate(model)

    changed = (learned - plain).abs().max()
    assert changed > 1e-3
    assert torch.equal(after, plain)  # nothing that was said meanwhile is remembered
    assert (worn - learned).abs().max() < changed / 50
    names = {name.removeprefix("lora_").split("_")[0] for name in load_file(file)}
    assert names == {"unet", *encoders}
    assert any("dora_scale" in name for name in load_file(file)) == (method == "dora")


def test_text_encoders_learn_what_is_said_of_captions(folders):
    model = loaded("sdxl", folders("sdxl"))
    learners = learners_of(model, rates=(1e-4, 1e-5))
    assert [group.rate for group in learners.groups()] == [1e-4, 1e-4, 1e-5]

    with torch.enable_grad(), learners.walked():
        states, pooled = learners.read(["zkw7", "a (cat)"])
        assert pooled is not None
        (states.sum() + pooled.sum()).backward()

    texts = [each.paths.parameters for each in learners.texts.values()]
    assert all(any(each.grad is not None for each in parameters) for parameters in texts)
    said = model.encode_prompts("zkw7", "").positive
    assert not torch.equal(said.states, states[:1])  # what others read is not what is learned


def test_text_encoders_of_other_families_are_refused(folders):
    model = loaded("flux1", folders("flux1"))
    with pytest.raises(TrainingError, match="not taught"):
        learners_of(model, rates=(1e-4, None))


def test_dora_begins_with_what_the_checkpoint_says_and_learns_how_strong(folders):
    model = loaded("sd15", folders("sd15"))
    prediction = prediction_of(model)
    asked = NetworkSettings(rank=3, method="dora")
    learners = Learners.of(model, prediction.network, asked, LearningSettings(), 5)
    batch, noise = a_batch(CASES["sd15"])
    wanted = prediction.noised(batch.latents, noise, LEVELS)

    plain = prediction.said(batch, wanted)
    with torch.enable_grad(), learners.walked():
        said = prediction.said(batch, wanted)
        said.square().sum().backward()

    assert torch.allclose(said, plain, atol=1e-5)
    for path in learners.network.paths.of.values():
        assert path.magnitude is not None
        assert path.magnitude.grad is not None
        assert path.magnitude.grad.abs().max() > 0


@pytest.mark.parametrize("how", [How("group"), How("resident", "fp8"), How("leaf", "fp8")])
def test_dora_goes_on_where_weights_come_and_go(folders, how):
    model = loaded("sd15", folders("sd15"))
    learners = learners_of(model, method="dora")
    plain = estimate(model)
    with learners.walked():
        learned = estimate(model)

    for _ in model.workplace.arrange(Placing({"diffusion_model": how}, "disk")):
        pass
    bare = estimate(model)
    with learners.walked():
        elsewhere = estimate(model)

    change, here = elsewhere - bare, learned - plain
    exactly = how.storage == "full"
    assert (change - here).norm() < (1e-6 if exactly else 0.5) * here.norm()


def test_what_is_left_out_is_left_out_by_chance_and_only_while_it_learns(folders):
    model = loaded("sd15", folders("sd15"))
    learners = learners_of(model)
    batch, noise = a_batch(CASES["sd15"])
    prediction = prediction_of(model)
    wanted = prediction.noised(batch.latents, noise, LEVELS)

    def said(**dropouts):
        asked = NetworkSettings.model_validate(dropouts) if dropouts else None
        with torch.no_grad(), learners.walked(asked):
            return prediction.said(batch, wanted)

    whole = said()
    for dropout in ("dropout", "rank_dropout", "layer_dropout"):
        torch.manual_seed(1)
        one, other = said(**{dropout: 0.5}), said(**{dropout: 0.5})
        assert not torch.equal(one, other)
        assert not torch.equal(one, whole)
        torch.manual_seed(1)
        assert torch.equal(said(**{dropout: 0.5}), one)
    assert torch.equal(said(), whole)
