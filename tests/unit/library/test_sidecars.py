"""What lies beside a model and what it changes."""

import json

import pytest

from tests.fixtures import model_files as made

CIVITAI = {
    "id": 22,
    "modelId": 11,
    "name": "v3",
    "baseModel": "Pony",
    "trainedWords": ["xyz style", 7, ""],
    "description": "<p>Draws <b>foxes</b> &amp; owls.</p><script>x</script>",
    "model": {"name": "Foxes"},
}


@pytest.fixture
def lora(models):
    return made.write_safetensors(models / "loras" / "fox.v3.safetensors", made.kohya_lora(2048))


def entry(library, name="loras/fox.v3.safetensors"):
    library.rescan()
    return library.entry(name)


def test_civitais_file_tells_title_words_base_and_page(library, lora):
    lora.with_suffix(".civitai.info").write_text(json.dumps(CIVITAI))

    found = entry(library)

    assert found.card.title == "Foxes v3"
    assert found.card.trigger_words == ("xyz style",)
    assert found.card.source == "https://civitai.com/models/11?modelVersionId=22"
    assert found.card.description.startswith("Draws foxes & owls.")
    assert "<" not in found.card.description
    assert [(fact.value, fact.source) for fact in found.model.variants] == [("pony", "card")]


def test_a1111s_file_tells_words_and_strength(library, lora):
    card = {"activation text": "foxy, fur", "preferred weight": 0.7, "sd version": "SDXL"}
    lora.with_suffix(".json").write_text(json.dumps(card))

    found = entry(library).card

    assert (found.trigger_words, found.strength, found.base_model) == (("foxy, fur",), 0.7, "SDXL")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("https://huggingface.co/ann/fox", "https://huggingface.co/ann/fox"),
        ("javascript:alert(1)", ""),
        (7, ""),
    ],
)
def test_the_page_that_a_download_noted_is_its_source(library, lora, source, told):
    card = {"source": source, "description": "A fox."}
    lora.with_suffix(".json").write_text(json.dumps(card))

    assert entry(library).card.source == told


@pytest.mark.parametrize("name", ["fox.v3.preview.png", "fox.v3.webp", "fox.v3.jpg"])
def test_a_picture_beside_it_is_its_preview(library, lora, name):
    (lora.parent / name).write_bytes(b"x")

    assert entry(library).card.preview == str(lora.parent / name)


@pytest.mark.parametrize(
    ("text", "prediction"),
    [
        ('model:\n  params:\n    parameterization: "v"\n', ("v", "card")),
        ("model:\n  params:\n    parameterization: eps\n", ("epsilon", "assumed")),
        ("# parameterization: v\n", ("epsilon", "assumed")),
    ],
)
def test_a_configuration_says_that_a_model_predicts_velocity(library, models, text, prediction):
    path = made.write_safetensors(models / "a.safetensors", made.sd15_checkpoint())
    path.with_suffix(".yaml").write_text(text)

    fact = entry(library, "a.safetensors").model.prediction

    assert (fact.value, fact.source) == prediction


def test_tensors_are_believed_before_any_side_car(library, models):
    tensors = {**made.sdxl_checkpoint(made.sdxl_unet(inputs=9)), "v_pred": (0,)}
    path = made.write_safetensors(models / "a.safetensors", tensors)
    path.with_suffix(".civitai.info").write_text(json.dumps({"baseModel": "SD 1.5"}))

    model = entry(library, "a.safetensors").model

    assert (model.family, model.prediction.value) == ("sdxl", "v")
    assert model.variant("inpainting")


@pytest.mark.parametrize(
    "content",
    [b"", b"[1, 2]", b"{", b"\xff\xfe", b'{"model": 3, "trainedWords": {}, "modelId": "x"}'],
)
def test_a_broken_side_car_says_nothing_and_breaks_nothing(library, lora, content):
    lora.with_suffix(".civitai.info").write_bytes(content)
    lora.with_suffix(".json").write_bytes(content)

    found = entry(library)

    assert (found.problem, found.card) == (None, None)


def test_half_a_character_in_a_side_car_can_be_told(library, lora):
    lora.with_suffix(".json").write_text(r'{"description": "a \ud83d b"}')

    assert entry(library).model_dump_json()


def test_a_side_car_that_changes_is_read_again(library, lora):
    card = lora.with_suffix(".json")
    card.write_text('{"description": "one"}')
    first = entry(library).card.description
    card.write_text('{"description": "another"}')

    assert (first, entry(library).card.description) == ("one", "another")
