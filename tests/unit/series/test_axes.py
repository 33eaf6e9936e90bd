"""What axes mean: fields by any of their names, words of prompts, LoRAs, lists."""

from types import SimpleNamespace
from typing import cast

import pytest

from backend.metadata.catalogue import load_catalogue
from backend.schema.errors import OutOfRangeError, RequestError
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest
from backend.schema.picture_settings import PromptSettings
from backend.schema.series import Axis
from backend.series.axes import Offers as RealOffers
from backend.series.axes import changes_words, varied

BASE = GenerationRequest.from_short_names(
    {"prompt": "a red apple, red leaves <lora:ink:0.8>", "negative_prompt": "red"}
)


class Offers:
    """A library with two checkpoints; seeds are drawn in order."""

    catalogue = load_catalogue()

    def __init__(self):
        self.drawn = 100

    def checkpoint(self, name):
        return next(each for each in self.checkpoints() if name in (each.id, each.name))

    def checkpoints(self):
        return [SimpleNamespace(id=f"{name}.safetensors", name=name) for name in ("dawn", "dusk")]

    def pictures(self, name):
        return ["/p/a.png", "/p/b.png"] if name == "/p" else [name]

    def draw_seed(self):
        self.drawn += 1
        return self.drawn


def of(field, values, base=BASE):
    return varied(Axis(field=field, values=values), [base.prompt], cast("RealOffers", Offers()))


def labels(found):
    return [value.label for value in found.values]


def held(found, field_id, base=BASE):
    return [value.change(base).to_fields()[field_id] for value in found.values]


@pytest.mark.parametrize(
    "name", ["sampling.cfg_scale", "cfg_scale", "--cfg-scale", "CFG scale", "cfg-scale"]
)
def test_a_field_is_named_in_any_way(name):
    found = of(name, "4, 7-8")

    assert (found.title, labels(found)) == ("CFG scale", ["4", "7", "8"])
    assert held(found, "sampling.cfg_scale") == [4, 7, 8]


@pytest.mark.parametrize("spec", GENERATION_FIELDS, ids=lambda spec: spec.id)
def test_every_field_but_the_batch_can_be_varied(spec):
    setting = spec.setting
    if setting.options:
        values = tuple(setting.options)
    elif spec.kind in ("integer", "number"):
        values = (setting.minimum, setting.maximum)
    else:
        values = {
            "samplers": "euler_a",
            "schedules": "karras",
            "checkpoints": "dawn",
            "preprocessors": "canny",
        }.get(setting.choices, "words")
    if spec.id.startswith("batch."):
        with pytest.raises(RequestError, match="one picture for each combination"):
            of(spec.id, values)
        return

    found = of(spec.id, values)

    assert found.values
    assert all(each is not None for each in held(found, spec.id))


def test_choices_are_named_by_id_label_or_alias():
    assert labels(of("sampler", "euler_a, DPM++ 2M, k_euler")) == ["Euler a", "DPM++ 2M", "Euler"]
    assert held(of("mask_mode", "Inpaint not masked"), "mask.paints") == ["unmasked"]
    assert held(of("schedule", "auto, Karras"), "sampling.schedule") == [None, "karras"]


def test_all_means_every_choice():
    assert len(of("sampler", "all").values) == len(load_catalogue().samplers)
    assert held(of("format", "all"), "output.format") == ["png", "jpeg", "webp", "avif"]
    assert held(of("checkpoint", "all"), "model.checkpoint") == [
        "dawn.safetensors",
        "dusk.safetensors",
    ]


def test_a_random_seed_is_drawn_when_it_is_asked_for():
    assert held(of("seed", "-1, 5, -1"), "seed.value") == [101, 5, 102]


def test_words_are_put_in_the_place_of_the_first_value_in_both_prompts():
    found = of("prompt", "red, deep green")

    prompts = [value.change(BASE).prompt for value in found.values]
    assert labels(found) == ["red", "deep green"]
    assert prompts[0] == BASE.prompt
    assert prompts[1].positive.startswith("a deep green apple, deep green leaves")
    assert prompts[1].negative == "deep green"


def test_words_that_are_not_there_are_told():
    with pytest.raises(OutOfRangeError, match="“blue” is not in the prompt"):
        of("Prompt: search and replace", "blue, green")


def test_a_lora_gets_weights_whether_it_is_on_or_not():
    worn, other = of("lora:Ink", "0, 0.5"), of("lora:wash", "1")

    assert worn.title == "Ink"
    assert [str(text)[-14:] for text in held(worn, "prompt.positive")] == [
        "s <lora:Ink:0>",
        "<lora:Ink:0.5>",
    ]
    assert held(other, "prompt.positive") == [f"{BASE.prompt.positive} <lora:wash:1>"]


def test_a_lora_without_a_name_is_the_only_one_also_where_another_axis_put_it():
    found = of("lora", "1")
    put = BASE.model_copy(update={"prompt": PromptSettings(positive="x <lora:wash:0.8>")})

    assert found.title == "LoRA weight"
    assert str(held(found, "prompt.positive")[0]).endswith("<lora:ink:1>")
    assert held(found, "prompt.positive", put) == ["x <lora:wash:1>"]
    with pytest.raises(RequestError, match="does not say which LoRA"):
        of("lora", "1", GenerationRequest())


def test_prompts_come_one_a_line():
    found = of("prompts", 'a pear\n# note\n--prompt "a plum" --steps 9\n')

    assert labels(found) == ["a pear", "a plum"]
    assert held(found, "sampling.steps") == [None, 9]
    assert held(found, "prompt.negative") == ["red", "red"]


def test_a_folder_gives_its_pictures():
    found = of("init", ("/p", "input-1"))

    assert labels(found) == ["a.png", "b.png", "input-1"]
    assert held(found, "source.picture") == ["/p/a.png", "/p/b.png", "input-1"]


def test_a_long_label_is_shortened():
    (label,) = labels(of("prompt.positive", '"' + "word " * 40 + '"'))

    assert len(label) == 80
    assert label.endswith("…")


@pytest.mark.parametrize(
    ("field", "values", "error", "words"),
    [
        ("stepz", "1", RequestError, "no setting called “stepz”. Did you mean “steps”"),
        ("steps", "", RequestError, "Steps has no values"),
        ("steps", "ten", OutOfRangeError, "Steps cannot be “ten”"),
        ("sampler", "Eula", OutOfRangeError, "Sampler cannot be “Eula”"),
        ("format", "bmp", OutOfRangeError, "Format cannot be “bmp”"),
    ],
)
def test_what_makes_no_sense_is_told(field, values, error, words):
    with pytest.raises(error, match=words.split(".", maxsplit=1)[0]) as told:
        of(field, values)

    assert words in str(told.value)


def test_only_some_axes_change_words():
    assert [
        changes_words(Axis(field=name, values="")) for name in ("prompt", "lora:x", "lora")
    ] == [True] * 3
    assert not changes_words(Axis(field="prompts", values=""))
    assert not changes_words(Axis(field="prompt.positive", values=""))
