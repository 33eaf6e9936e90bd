"""What helps against each disappointment: the right rungs, in their order, and no others."""

from typing import Any

import pytest

from backend.advice.case import Around, Case, UsedLora
from backend.advice.ladders import SYMPTOMS, ladders_of
from backend.advice.warnings import warnings_of
from backend.prompts.tags import take_tags
from backend.schema.catalogue import ComponentInfo
from backend.schema.generation import GenerationRequest
from backend.schema.memory_settings import MemorySettings, ResolvedMemory
from backend.schema.models import Need
from backend.schema.picture_settings import BatchSettings
from tests.fixtures.cases import CATALOGUE, case

VAE = ComponentInfo(
    id="vae/ft-mse", name="ft-mse", role="vae", fits=("sd15",), path="vae/ft-mse", bytes=1
)


def changes(given: Case, symptom: str) -> list[dict[str, object]]:
    """What the buttons of a symptom's rungs change, in their order."""
    rungs = next((each.rungs for each in ladders_of(given) if each.id == symptom), ())
    return [dict(rung.remedy.fields) for rung in rungs if rung.remedy]


def sentences(given: Case, symptom: str) -> str:
    rungs = next((each.rungs for each in ladders_of(given) if each.id == symptom), ())
    return " ".join(rung.sentence for rung in rungs)


def with_loras(prompt: str, *triggers: str, strength: float | None = None, **more) -> Case:
    tags = take_tags(prompt)[1]
    loras = tuple(UsedLora(tag, triggers, strength) for tag in tags)
    return case(positive=prompt, around=Around(loras=loras), **more)


def with_memory(batch: BatchSettings | None = None, **chosen) -> Case:
    given = case()
    memory = ResolvedMemory(settings=MemorySettings(**chosen))
    update = {"memory": memory, "batch": batch or given.wanted.batch}
    wanted = given.wanted.model_copy(update=update)
    return Case(wanted, given.checkpoint, given.family, given.catalogue, given.around)


def test_blurry_takes_more_steps_another_sampler_the_native_size_and_words():
    assert changes(case(steps=20, width=256, height=256, positive="a cat"), "blurry") == [
        {"sampling.steps": 35},
        {"sampling.sampler": "dpmpp_2m_sde"},
        {"size.width": 512, "size.height": 512},
        {"prompt.positive": "a cat, sharp focus, detailed"},
    ]


def test_what_is_right_already_is_no_rung():
    good = case(steps=30, sampler="euler_a", positive="a cat, sharp focus")

    assert changes(good, "blurry") == [{"sampling.sampler": "dpmpp_2m"}]
    assert changes(case("sd15", "lcm", steps=8, positive="sharp"), "blurry") == []
    assert changes(case("flux1", steps=30, positive="sharp"), "blurry") == [
        {"sampling.sampler": "dpmpp_2m"}
    ]


def test_a_distilled_model_takes_no_more_steps_than_it_draws_in():
    assert changes(case("sd15", "lcm", positive="sharp"), "blurry") == [{"sampling.steps": 8}]


def test_composition_takes_other_words_other_seeds_and_more_guidance():
    seeds = {"seed.value": -1, "batch.count": 4, "batch.size": 1}

    assert changes(case(), "composition") == [seeds, {"sampling.cfg_scale": 9.0}]
    assert changes(case("flux1"), "composition") == [seeds, {"sampling.guidance": 4.5}]
    assert changes(case(cfg_scale=9.0), "composition") == [seeds]
    assert "subject first" in sentences(case(), "composition")


def test_artefacts_take_lower_cfg_what_suits_the_model_and_calmer_loras():
    bad = with_loras("a cat <lora:toy:1:0.5>", cfg_scale=14.0, sampler="lcm", steps=10)

    assert changes(bad, "artefacts")[:4] == [
        {"sampling.cfg_scale": 7.0},
        {"sampling.sampler": "dpmpp_2m"},
        {"sampling.steps": 25},
        {"prompt.positive": "a cat <lora:toy:0.7:0.5>"},
    ]
    assert changes(case("flux1"), "artefacts")[0] == {"sampling.guidance": 2.5}
    assert changes(case("sdxl", "lightning"), "artefacts") == [
        {"seed.value": -1, "batch.count": 4, "batch.size": 1}
    ]


def test_a_style_takes_loras_at_their_weight_and_their_words():
    weak = with_loras("a cat <lora:ink:0.4>", "ink wash", "sumi", cfg_scale=9.0)

    assert changes(weak, "style") == [
        {"prompt.positive": "a cat <lora:ink:0.8>"},
        {"prompt.positive": "ink wash, a cat <lora:ink:0.4>"},
    ]
    own = with_loras("sumi cat <lora:ink:0.6>", "ink wash", "sumi", strength=0.6, cfg_scale=9.0)
    assert changes(own, "style") == []
    assert "(oil painting:1.3)" in sentences(own, "style")


def test_repeated_objects_take_the_usual_cfg_the_native_size_and_a_negative_prompt():
    bad = case(width=1024, height=1024, cfg_scale=12.0, negative="ugly")

    assert changes(bad, "anatomy")[:3] == [
        {"sampling.cfg_scale": 7.0},
        {"size.width": 512, "size.height": 512},
        {"prompt.negative": "ugly, extra fingers, extra limbs, deformed hands"},
    ]
    small = case("flux1", width=512, height=512)
    assert changes(small, "anatomy") == [{"seed.value": -1, "batch.count": 4, "batch.size": 1}]


def test_colours_take_a_vae_that_is_there_unless_the_model_has_none_of_its_own():
    given = case(around=Around(vae=VAE))

    assert changes(given, "colours")[0] == {"model.vae": "vae/ft-mse"}
    need = Need(role="vae", label="VAE")
    checkpoint = given.checkpoint.model_copy(update={"needs": (need,)})
    without = Case(given.wanted, checkpoint, given.family, CATALOGUE, given.around)
    assert changes(without, "colours")[0] == {"sampling.cfg_scale": 5.0}


def test_slow_takes_fewer_steps_a_quicker_sampler_and_a_distilled_model_that_is_here():
    quick = case("sd15", "lcm").checkpoint
    around = Around(quick_checkpoint=quick, device="AMD EPYC", on_processor=True)
    slow = case(steps=50, sampler="dpmpp_sde", around=around)

    assert changes(slow, "slow") == [
        {"sampling.steps": 25},
        {"sampling.sampler": "dpmpp_2m"},
        {
            "model.checkpoint": "it.safetensors",
            "sampling.steps": 6,
            "sampling.cfg_scale": 1.5,
            "sampling.sampler": "lcm",
            "sampling.schedule": "simple",
        },
    ]
    assert "It draws on the processor (AMD EPYC)" in sentences(slow, "slow")
    with_lora = case(positive="a cat", steps=20, around=Around(quick_lora="lcm_sd15"))
    (one,) = changes(with_lora, "slow")
    assert one["prompt.positive"] == "a cat <lora:lcm_sd15:1>"
    assert (one["sampling.sampler"], one["sampling.steps"]) == ("lcm", 6)
    assert changes(with_memory(placement="leaf"), "slow")[-1] == {"memory.placement": None}


def test_out_of_memory_goes_from_eight_bits_to_other_programs():
    assert changes(with_memory(BatchSettings(count=2, size=2)), "memory") == [
        {"memory.precision": "fp8"},
        {"size.width": 384, "size.height": 384},
        {"batch.size": 1, "batch.count": 4},
        {"memory.placement": "group"},
        {"memory.tiling": "tiled"},
    ]
    last = with_memory(precision="fp8", placement="leaf", tiling="tiled")
    assert changes(last, "memory") == [{"size.width": 384, "size.height": 384}]
    assert "End other programs" in sentences(last, "memory")


@pytest.mark.parametrize(
    ("family", "variant"),
    [
        (family.id, variant)
        for family in CATALOGUE.families
        for variant in ("", *(each.id for each in family.variants))
    ],
)
def test_no_rung_leads_from_good_settings_to_such_as_are_warned_of(family, variant):
    given = case(family, variant, positive="a cat")

    for ladder in ladders_of(given):
        for rung in ladder.rungs:
            fields = dict(rung.remedy.fields) if rung.remedy else {}
            GenerationRequest.from_fields(fields)  # every value is one that the form can hold
            if ladder.id not in ("memory", "slow"):
                changed: dict[str, Any] = {name.rpartition(".")[2]: fields[name] for name in fields}
                assert warnings_of(case(family, variant, **changed)) == ()


def test_every_symptom_has_something_for_every_picture():
    given = case(around=Around(device="RTX 4090"))

    assert [each.id for each in ladders_of(given)] == [each.id for each in SYMPTOMS]
