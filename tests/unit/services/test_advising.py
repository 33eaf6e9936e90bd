"""What advice knows of the library: LoRAs that a prompt names, models that are here."""

import json

import pytest

from backend.schema.errors import ModelMissingError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER
from tests.fixtures.model_files import write_safetensors
from tests.fixtures.published_unets import whole_file
from tests.fixtures.starter import STARTER
from tests.fixtures.studio import MemoryStudio

DOWN = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"
LORA = {
    f"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.{name}": shape
    for name, shape in {"lora_down.weight": (4, 768), "lora_up.weight": (320, 4)}.items()
}


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    models = folder / "models"
    (models / "loras").mkdir(parents=True)
    write_safetensors(models / "small.safetensors", whole_file("sd15"))
    for name in ("ink", "lcm-lora"):
        write_safetensors(models / "loras" / f"{name}.safetensors", LORA)
    card = {"activation text": "ink wash", "preferred weight": 0.9}
    (models / "loras" / "ink.json").write_text(json.dumps(card))
    return MemoryStudio(folder)


def request(prompt: str, **values) -> GenerationRequest:
    named = {"prompt": prompt, "checkpoint": "small.safetensors", **values}
    return GenerationRequest.from_short_names(named)


def changes(studio, symptom: str, asked: GenerationRequest) -> list[dict[str, object]]:
    ladder = next(each for each in studio.advising.ladders(OWNER, asked) if each.id == symptom)
    return [dict(rung.remedy.fields) for rung in ladder.rungs if rung.remedy]


def test_a_lora_comes_with_what_its_card_recommends(studio):
    asked = request("a cat <lora:INK:0.4>", cfg_scale=9)

    assert changes(studio, "style", asked) == [
        {"prompt.positive": "a cat <lora:INK:0.9>"},
        {"prompt.positive": "ink wash, a cat <lora:INK:0.4>"},
    ]


def test_an_lcm_lora_that_is_here_makes_pictures_quicker(studio):
    (change,) = changes(studio, "slow", request("a cat", steps=20))

    assert change["prompt.positive"] == "a cat <lora:lcm-lora:1>"
    assert (change["sampling.sampler"], change["sampling.steps"]) == ("lcm", 6)
    named = request("a cat <lora:lcm-lora:1>", steps=25, cfg_scale=2, sampler="lcm")
    (told,) = studio.advising.warnings(OWNER, named)
    assert told.sentence.startswith("SD 1.5 with lcm-lora draws in up to 8 steps")


@pytest.mark.parametrize("width", [192, 1024])
def test_an_lcm_lora_for_another_width_is_not_recommended(tmp_path, width):
    (tmp_path / "models" / "loras").mkdir(parents=True)
    write_safetensors(tmp_path / "models" / "small.safetensors", whole_file("sd15"))
    file = tmp_path / "models" / "loras" / "lcm.safetensors"
    write_safetensors(file, {**LORA, DOWN: (4, width)})

    told = changes(MemoryStudio(tmp_path), "slow", request("a cat", steps=20))

    assert not any("prompt.positive" in change for change in told)


def test_a_network_of_no_published_width_takes_the_lcm_lora_that_is_as_wide(tmp_path):
    (tmp_path / "models" / "loras").mkdir(parents=True)
    (tmp_path / "models" / "starter").symlink_to(STARTER)
    file = tmp_path / "models" / "loras" / "lcm.safetensors"
    write_safetensors(file, {**LORA, DOWN: (4, 192)})
    asked = GenerationRequest.from_short_names({"prompt": "a cat", "checkpoint": "starter"})

    told = changes(MemoryStudio(tmp_path), "slow", asked)

    assert "a cat <lora:lcm:1>" in [change.get("prompt.positive") for change in told]


def test_without_its_model_a_picture_has_no_advice(studio):
    gone = request("a cat").model_copy(
        update={"model": GenerationRequest().model.model_copy(update={"checkpoint": "gone"})}
    )

    with pytest.raises(ModelMissingError):
        studio.advising.ladders(OWNER, gone)
    assert studio.advising.warnings(OWNER, gone) == ()


def test_a_size_that_cannot_be_drawn_is_told_with_the_one_that_is(studio):
    (told,) = studio.advising.warnings(OWNER, request("a cat", width=500, height=520))
    even = request("a cat", width=504, height=520)

    assert told.sentence == "SD 1.5 draws in steps of 8 pixels: 500 × 520 becomes 504 × 520."
    assert told.remedy
    assert told.remedy.fields == {"size.width": 504, "size.height": 520}
    assert studio.advising.warnings(OWNER, even) == ()
