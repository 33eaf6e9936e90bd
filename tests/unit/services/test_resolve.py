"""From what was asked to what is made."""

import pytest

from backend.metadata.catalogue import load_catalogue
from backend.schema.catalogue import CheckpointInfo, FamilyDefaults
from backend.schema.errors import OutOfRangeError
from backend.schema.generation import MAXIMUM_SEED, GenerationRequest
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


def resolved(**values):
    request = GenerationRequest.from_short_names(values)
    return resolve(request, CHECKPOINT, CATALOGUE, lambda: 77)


def test_what_nobody_chose_is_the_checkpoints_choice():
    made = resolved(prompt="a cat")

    assert (made.size.width, made.size.height) == (128, 64)
    assert made.sampling.model_dump() == {
        "sampler": "dpmpp_2m",
        "schedule": "karras",
        "steps": 25,
        "cfg_scale": 4.5,
        "guidance": None,
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

    assert resolve(made.as_request(), CHECKPOINT, CATALOGUE, lambda: 1) == made


def test_a_drawn_seed_is_one_that_can_be_asked_for():
    seeds = {draw_seed() for _ in range(50)}

    assert len(seeds) > 40
    assert all(0 <= seed <= MAXIMUM_SEED for seed in seeds)
