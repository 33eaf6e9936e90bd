"""What is warned of before a picture, and that good settings are left alone."""

from dataclasses import replace
from typing import Any

import pytest

from backend.advice.case import Around, Case, UsedLora
from backend.advice.warnings import warnings_of
from backend.prompts.tags import LoraTag
from backend.schema.control_types import ControlType
from backend.schema.hires import Method, ResolvedHires
from tests.fixtures.cases import CATALOGUE, case
from tests.fixtures.requests import unit

EVERY_KIND = [
    (family.id, variant)
    for family in CATALOGUE.families
    for variant in ("", *(each.id for each in family.variants))
]


def told(given) -> list[str]:
    return [advice.sentence for advice in warnings_of(given)]


@pytest.mark.parametrize(("family", "variant"), EVERY_KIND)
def test_what_a_model_draws_best_with_is_never_warned_of(family, variant):
    assert told(case(family, variant)) == []


@pytest.mark.parametrize(
    ("family", "changed"),
    [
        ("sd15", {"width": 512, "height": 768, "steps": 20, "cfg_scale": 9.0}),
        ("sd15", {"sampler": "dpmpp_sde", "steps": 10}),
        ("sd15", {"steps": 50, "cfg_scale": 14.5}),
        ("sdxl", {"width": 1024, "height": 1536, "sampler": "dpmpp_2m_sde"}),
        ("flux1", {"width": 2048, "height": 2048, "sampler": "heun", "steps": 30}),
        ("flux1", {"guidance": 1.0}),
    ],
)
def test_settings_that_people_use_with_success_are_left_alone(family, changed):
    assert told(case(family, **changed)) == []


WRONG = [
    (("flux1", "", {"cfg_scale": 12.0}), "in place of CFG", {"sampling.cfg_scale": 1.0}),
    (("sd15", "lcm", {"steps": 20}), "draws in up to 8 steps", {"sampling.steps": 6}),
    (("sdxl", "turbo", {"steps": 20}), "draws in up to 4 steps", {"sampling.steps": 4}),
    (("sdxl", "lightning", {"steps": 20}), "draws in up to 8 steps", {"sampling.steps": 8}),
    (("sdxl", "hyper", {"steps": 25}), "draws in up to 8 steps", {"sampling.steps": 8}),
    (("sdxl", "lcm", {"cfg_scale": 3.0}), "burns colours", {"sampling.cfg_scale": 1.5}),
    (("flux1", "schnell", {"cfg_scale": 3.5}), "burns colours", {"sampling.cfg_scale": 1.0}),
    (
        ("sdxl", "", {"width": 512, "height": 512}),
        "draws best at about 1024 × 1024",
        {"size.width": 1024, "size.height": 1024},
    ),
    (
        ("sd15", "", {"width": 1024, "height": 1536}),
        "repeats objects",
        {"size.width": 416, "size.height": 624},
    ),
    (("sd15", "", {"cfg_scale": 15.0}), "burns colours", {"sampling.cfg_scale": 7.0}),
    (("sd15", "", {"cfg_scale": 1.0}), "hardly followed", {"sampling.cfg_scale": 7.0}),
    (("sd15", "", {"steps": 60}), "hardly anything changes", {"sampling.steps": 25}),
    (("sd15", "", {"steps": 5}), "5 steps leave the picture blurred", {"sampling.steps": 25}),
    (("sdxl", "", {"sampler": "lcm"}), "is for LCM models", {"sampling.sampler": "dpmpp_2m"}),
    (("sd15", "lcm", {"sampler": "dpmpp_2m"}), "expects new noise", {"sampling.sampler": "lcm"}),
    (("flux1", "", {"sampler": "euler_a"}), "draw softly", {"sampling.sampler": "euler"}),
    (
        ("sdxl", "", {"sampler": "dpmpp_2m_sde", "steps": 12}),
        "leaves noise behind",
        {"sampling.steps": 30},
    ),
    (("flux1", "", {"guidance": 20.0}), "burns the picture", {"sampling.guidance": 3.5}),
    (("flux1", "", {"guidance": 0.5}), "hardly follows", {"sampling.guidance": 3.5}),
    (("flux1", "", {"negative": "blurry"}), "has no effect", {"prompt.negative": ""}),
]


@pytest.mark.parametrize(("given", "words", "fields"), WRONG, ids=[each[1] for each in WRONG])
def test_a_setting_that_is_known_to_be_wrong_is_told_with_what_sets_it_right(given, words, fields):
    family, variant, changed = given

    (advice,) = warnings_of(case(family, variant, **changed))

    assert words in advice.sentence
    assert advice.remedy is not None
    assert advice.remedy.fields == fields
    right = changed | {name.rpartition(".")[2]: value for name, value in fields.items()}
    assert told(case(family, variant, **right)) == []


def test_enlarged_latents_need_enough_change():
    def enlarged(method: Method, strength: float) -> Case:
        hires = ResolvedHires(
            factor=2.0,
            method=method,
            strength=strength,
            steps=9,
            sampler="euler",
            schedule="karras",
            sizes=((1024, 1024),),
        )
        plain = case("sd15")
        return replace(plain, wanted=plain.wanted.model_copy(update={"hires": hires}))

    (advice,) = warnings_of(enlarged("latent", 0.4))

    assert advice.remedy
    assert advice.remedy.fields == {"hires.strength": 0.55}
    assert told(enlarged("latent", 0.6)) == told(enlarged("lanczos", 0.4)) == []


def test_many_units_at_once_are_warned_of_with_the_last_one_turned_off():
    def steered(count):
        given = case("sd15")
        units = tuple(unit(number=number) for number in range(1, count + 1))
        return replace(given, wanted=given.wanted.model_copy(update={"controls": units}))

    (advice,) = warnings_of(steered(3))

    assert advice.sentence.startswith("3 units of ControlNet pull at once")
    assert advice.remedy
    assert advice.remedy.fields == {"control3.on": "off"}
    assert told(steered(2)) == []


def test_a_map_that_the_model_never_saw_is_warned_of():
    def steered(shows, *follows):
        model = unit().model.model_copy(update={"types": follows})
        control = unit().model_copy(update={"model": model, "type": shows})
        given = case("sd15")
        return replace(given, wanted=given.wanted.model_copy(update={"controls": (control,)}))

    (advice,) = warnings_of(steered(ControlType.CANNY, ControlType.DEPTH))

    assert advice.sentence == "ControlNet 1: “canny” learned to follow depth, not canny."
    assert advice.remedy
    assert advice.remedy.fields == {"control1.preprocessor": None, "control1.type": None}
    assert told(steered(ControlType.SCRIBBLE, ControlType.CANNY)) == []
    assert told(steered(None, ControlType.DEPTH)) == []
    assert told(steered(ControlType.DEPTH)) == []


def test_a_remedy_says_what_becomes_what():
    (size,) = warnings_of(case("sdxl", width=512, height=512))
    (sampler,) = warnings_of(case("sdxl", sampler="lcm"))

    assert size.remedy
    assert size.remedy.label == "512 × 512 → 1024 × 1024"
    assert sampler.remedy
    assert sampler.remedy.label == "Sampler LCM → DPM++ 2M"


def test_a_lora_that_makes_a_model_quick_changes_what_is_right():
    quick = Around(loras=(UsedLora(LoraTag("lcm-lora-sdv1-5")),))
    few: dict[str, Any] = {"sampler": "lcm", "steps": 6, "cfg_scale": 1.5}

    assert told(case("sd15", around=quick, **few)) == []
    assert told(case("sd15", **few)) != []
    few["steps"] = 25
    assert "up to 8 steps" in told(case("sd15", around=quick, **few))[0]
