"""Prompts with settings, one a line."""

import pytest

from backend.schema.errors import RequestError
from backend.series.lines import fields_of


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("a red apple -- or a pear", {"prompt.positive": "a red apple -- or a pear"}),
        (
            '--prompt "a red apple" --steps 30 --negative_prompt "blurry, dark"',
            {
                "prompt.positive": "a red apple",
                "sampling.steps": "30",
                "prompt.negative": "blurry, dark",
            },
        ),
        (
            '--prompt a red apple --sampler_name "Euler a" --cfg-scale 7 --sd_model starter',
            {
                "prompt.positive": "a red apple",
                "sampling.sampler": "Euler a",
                "sampling.cfg_scale": "7",
                "model.checkpoint": "starter",
            },
        ),
        ("--seed -1", {"seed.value": "-1"}),
    ],
)
def test_a_line_tells_settings_as_a1111_has_them(line, fields):
    assert fields_of(line, 1) == fields


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('--prompt "a red', "Line 4 has a quote without its end"),
        ("--prompt a --colour red", "“--colour”, which is no setting of Easel"),
        ("--prompt a --steps", "“--steps” without a value"),
        ("--prompt a --n_iter 3", "Line 4 asks for several pictures"),
    ],
)
def test_what_a_line_gets_wrong_is_told(line, sentence):
    with pytest.raises(RequestError, match=sentence):
        fields_of(line, 4)
