"""From what was asked to what is made."""

import pytest

from backend.library.checkpoints import missing_parts
from backend.library.components import choose
from backend.metadata.catalogue import load_catalogue
from backend.schema.catalogue import CheckpointInfo, ComponentInfo, FamilyDefaults, FamilyInfo
from backend.schema.controls import ControlInfo
from backend.schema.errors import ModelError, OutOfRangeError
from backend.schema.generation import GenerationRequest
from backend.schema.models import Need
from backend.schema.resolved import ResolvedVariation
from backend.schema.sampling_settings import MAXIMUM_SEED
from backend.services.resolve import draw_seed, resolve

CATALOGUE = load_catalogue()
CHECKPOINT = CheckpointInfo(
    id="starter",
    name="Starter",
    family="sd15",
    path="/models/starter",
    bytes=1,
    defaults=FamilyDefaults(
        width=128, height=64, steps=25, cfg_scale=4.5, sampler="dpmpp_2m", schedule="karras"
    ),
)


FLUX = CHECKPOINT.model_copy(
    update={
        "id": "flux",
        "name": "Flux",
        "family": "flux1",
        "needs": (
            Need(role="t5xxl", label="T5", usual="t5xxl_fp16.safetensors"),
            Need(role="vae", label="VAE (ae.safetensors)", usual="ae.safetensors"),
        ),
        "prediction": "flow",
    }
)
REFINER = CHECKPOINT.model_copy(
    update={"id": "refiner", "name": "Refiner", "family": "sdxl_refiner", "refiner": True}
)
XL = CHECKPOINT.model_copy(update={"id": "xl", "name": "XL", "family": "sdxl"})
USES = {
    "flux1": ("sampling.guidance", "model.t5xxl", "model.clip_l"),
    "sdxl": ("refiner.checkpoint", "refiner.switch_at", "model.clip_skip", "sampling.cfg_rescale"),
}
FAMILIES = tuple(
    FamilyInfo(
        id=each.family,
        label=each.name,
        defaults=each.defaults,
        uses=USES.get(each.family, ()),
        size_multiple=16 if each is FLUX else 8,
    )
    for each in (CHECKPOINT, FLUX, REFINER, XL)
)


def component(name, role, *fits):
    return ComponentInfo(
        id=f"{role}/{name}", name=name, role=role, fits=fits, path=f"/m/{name}", bytes=1
    )


T5 = component("t5xxl_fp16.safetensors", "t5xxl", "flux1")
OTHER_T5 = component("t5_better", "t5xxl", "flux1")
AE = component("ae", "vae", "flux1")
SD_VAE = component("vae-ft-mse", "vae", "sd15", "sdxl")


class Installed:
    """A library with what a test says."""

    def __init__(self, *there):
        self.there = there

    def find(self, name, *, anywhere=False):
        known = {each.id: each for each in (CHECKPOINT, FLUX, REFINER, XL)}
        return known[name or "starter"]

    def components(self):
        return self.there

    def automatic(self, checkpoint):
        return choose(checkpoint, self.there)

    def upscalers(self):
        return ()

    def controls(self):
        return ()

    def control_at(self, path) -> ControlInfo | None:
        return None

    def weights(self, wanted):
        return None

    def entries(self):
        return ()


def resolved(*there, **values):
    request = GenerationRequest.from_short_names(values)
    catalogue = CATALOGUE.model_copy(update={"families": FAMILIES})
    return resolve(request, Installed(*there), catalogue, lambda: 77)


def parts(made):
    return {part.role: part.id for part in made.model.components}


def test_the_parts_that_a_checkpoint_lacks_are_chosen_from_the_library():
    made = resolved(OTHER_T5, T5, AE, SD_VAE, checkpoint="flux")

    assert parts(made) == {"t5xxl": T5.id, "vae": AE.id}
    assert made.model.prediction == "flow"
    assert resolved(SD_VAE).model.components == ()


def test_a_part_chosen_by_hand_comes_first():
    assert parts(resolved(OTHER_T5, T5, AE, checkpoint="flux", t5xxl="T5_better")) == {
        "t5xxl": OTHER_T5.id,
        "vae": AE.id,
    }
    assert parts(resolved(SD_VAE, vae="vae/vae-ft-mse")) == {"vae": SD_VAE.id}


@pytest.mark.parametrize(
    ("values", "sentence", "field"),
    [
        ({"vae": "ae"}, "“ae” does not fit “Starter”: it is for FLUX.1.", "model.vae"),
        ({"vae": "t5_better"}, "is no VAE, but a T5-XXL text encoder", "model.vae"),
        ({"vae": "nothing"}, "There is no VAE called “nothing”.", "model.vae"),
        ({"checkpoint": "refiner"}, "only finishes pictures", "model.checkpoint"),
        ({"checkpoint": "xl", "refiner": "flux"}, "families differ", "refiner.checkpoint"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(values, sentence, field):
    with pytest.raises(OutOfRangeError, match=sentence) as caught:
        resolved(OTHER_T5, AE, SD_VAE, **values)

    assert caught.value.field == field
    assert caught.value.hint


@pytest.mark.parametrize(
    ("checkpoint", "asked", "made"),
    [
        ("starter", (500, 333), (504, 336)),
        ("flux", (500, 333), (496, 336)),
        ("flux", (65, 4095), (64, 4096)),
        ("starter", (512, None), (512, 64)),
    ],
)
def test_any_size_is_taken_and_goes_to_the_nearest_that_can_be_drawn(checkpoint, asked, made):
    size = resolved(T5, AE, checkpoint=checkpoint, width=asked[0], height=asked[1]).size

    assert (size.width, size.height) == made


def test_settings_that_a_family_has_no_use_for_are_left_out():
    made = resolved(T5, AE, t5xxl="nothing", guidance=3.5, refiner="refiner")

    assert (made.sampling.guidance, made.refiner, made.model.components) == (None, None, ())
    assert resolved(T5, AE, checkpoint="flux", guidance=0.0).sampling.guidance == 0.0


def test_sampling_settings_of_some_families_are_left_out_with_others():
    asked = {"clip_skip": 2, "cfg_rescale": 0.7, "noise_schedule": "zero"}

    xl, flux = resolved(checkpoint="xl", **asked), resolved(T5, AE, checkpoint="flux", **asked)

    assert (xl.clip_skip, xl.sampling.cfg_rescale, xl.sampling.terminal_noise) == (2, 0.7, None)
    assert (flux.clip_skip, flux.sampling.cfg_rescale) == (1, 0.0)


def test_a_variation_needs_strength_and_draws_its_own_seed():
    assert resolved(variation_seed=5).variation is None
    drawn = resolved(variation_strength=0.2)
    chosen = resolved(variation_seed=5, variation_strength=0.2, noise_from="gpu", seed=3)

    assert drawn.variation == ResolvedVariation(seed=77, strength=0.2)
    assert chosen.variation == ResolvedVariation(seed=5, strength=0.2)
    assert chosen.as_request(2).seed.model_dump() == {
        "value": 3,
        "variation": 7,
        "variation_strength": 0.2,
        "noise": "gpu",
    }


def test_a_refiner_takes_over_where_the_family_has_one():
    made = resolved(checkpoint="xl", refiner="refiner", refiner_switch_at=0.7)

    assert made.refiner is not None
    assert (made.refiner.model.checkpoint, made.refiner.switch_at) == ("refiner", 0.7)


def test_a_checkpoint_that_cannot_draw_says_why(monkeypatch):
    problem = missing_parts("Flux", FLUX.needs[1:])
    unable = FLUX.model_copy(update={"missing": FLUX.needs[1:], "problem": problem})
    monkeypatch.setattr(Installed, "find", lambda *_, **__: unable)

    with pytest.raises(ModelError, match=r"lacks .* VAE \(ae.safetensors\)") as caught:
        resolved(T5)

    assert "folder “vae” below models" in caught.value.hint
    assert parts(resolved(T5, AE, vae="ae")) == {"t5xxl": T5.id, "vae": AE.id}


def test_what_nobody_chose_is_the_checkpoints_choice():
    made = resolved(prompt="a cat")

    assert (made.size.width, made.size.height) == (128, 64)
    assert made.sampling.model_dump() == {
        "sampler": "dpmpp_2m",
        "schedule": "karras",
        "steps": 25,
        "cfg_scale": 4.5,
        "guidance": None,
        "cfg_rescale": 0.0,
        "terminal_noise": None,
    }
    assert (made.model.checkpoint, made.model.path) == ("starter", "/models/starter")
    assert made.seed == 77


def test_what_was_chosen_stays():
    made = resolved(
        prompt="a cat",
        negative_prompt="a dog",
        width=256,
        height=512,
        sampler="euler_a",
        scheduler="normal",
        steps=3,
        cfg_scale=1.0,
        seed=0,
        batch_count=4,
        batch_size=2,
    )

    assert (made.prompt.positive, made.prompt.negative) == ("a cat", "a dog")
    assert (made.size.width, made.size.height) == (256, 512)
    assert (made.sampling.sampler, made.sampling.schedule) == ("euler_a", "normal")
    assert (made.sampling.steps, made.sampling.cfg_scale) == (3, 1.0)
    assert (made.seed, made.batch.pictures) == (0, 8)


def test_samplers_are_known_by_any_of_their_names():
    assert resolved(sampler="DPM++ 2M", scheduler="Karras").sampling.sampler == "dpmpp_2m"


@pytest.mark.parametrize(
    ("name", "field", "sentence"),
    [
        ("sampler", "sampling.sampler", "Sampler cannot be “magic”."),
        ("scheduler", "sampling.schedule", "Schedule cannot be “magic”."),
    ],
)
def test_an_unknown_name_says_which_there_are(name, field, sentence):
    with pytest.raises(OutOfRangeError) as caught:
        resolved(**{name: "magic"})

    assert (caught.value.sentence, caught.value.field) == (sentence, field)
    assert "Choose one of: " in caught.value.hint


@pytest.mark.parametrize("name", ["prompt", "negative_prompt"])
def test_a_prompt_that_no_model_reads_is_refused(name):
    with pytest.raises(OutOfRangeError, match="10,001 characters"):
        resolved(**{name: "x" * 10_001})


@pytest.mark.parametrize("name", ["prompt", "negative_prompt"])
def test_half_a_character_is_refused_before_it_breaks_anything(name):
    with pytest.raises(OutOfRangeError, match="broken character") as caught:
        resolved(**{name: "a cat \ud83d"})

    str(caught.value).encode()


def test_a_resolved_request_asks_for_itself():
    made = resolved(prompt="a cat", seed=5)

    assert resolve(made.as_request(), Installed(), CATALOGUE, lambda: 1) == made


def test_a_drawn_seed_is_one_that_can_be_asked_for():
    seeds = {draw_seed() for _ in range(50)}

    assert len(seeds) > 40
    assert all(0 <= seed <= MAXIMUM_SEED for seed in seeds)
