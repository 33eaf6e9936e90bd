"""LoRA tags with two weights mean the same in every program that reads Easel's texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.metadata.catalogue import load_catalogue
from backend.metadata.infotext import read, write
from backend.metadata.lora_tags import named_by_a1111, named_by_easel
from backend.prompts.tags import take_tags
from tests.fixtures.requests import resolved

CATALOGUE = load_catalogue()


@pytest.mark.parametrize(
    ("tag", "a1111", "easel"),
    [
        ("<lora:a:0.5:0.8>", "<lora:a:te=0.5:unet=0.8>", "<lora:a:te=0.8:unet=0.5>"),
        ("<lyco:a:1:0>", "<lyco:a:te=1:unet=0>", "<lyco:a:te=0:unet=1>"),
        ("<lora:a:0.5:0.8:8>", "<lora:a:te=0.5:unet=0.8:8>", "<lora:a:te=0.8:unet=0.5:8>"),
        ("<lora:a:0.5>", "<lora:a:0.5>", "<lora:a:0.5>"),
        ("<lora:a>", "<lora:a>", "<lora:a>"),
        ("<lora:a:te=1:unet=2>", "<lora:a:te=1:unet=2>", "<lora:a:te=1:unet=2>"),
        ("<lora:a:b:c>", "<lora:a:b:c>", "<lora:a:b:c>"),
        ("<hypernet:a:1:2>", "<hypernet:a:1:2>", "<hypernet:a:1:2>"),
    ],
)
def test_both_weights_are_named(tag, a1111, easel):
    assert named_by_a1111(f"x {tag} y") == f"x {a1111} y"
    assert named_by_easel(f"x {tag} y") == f"x {easel} y"


WEIGHTS = st.floats(-2, 2).map(lambda value: f"{value:.3f}")


@given(name=st.from_regex(r"[\w\- .]{1,12}", fullmatch=True), one=WEIGHTS, two=WEIGHTS)
def test_weights_survive_infotext(name, one, two):
    prompt = f"a fox <lora:{name}:{one}:{two}>, <lora:{name}:{one}>"

    text = write(resolved(prompt, prompt), 0, CATALOGUE)

    told = read(text, CATALOGUE).prompt
    for side in (told.positive, told.negative):
        again = [(each.unet, each.text_encoder) for each in take_tags(side)[1]]
        assert again == [(each.unet, each.text_encoder) for each in take_tags(prompt)[1]]
