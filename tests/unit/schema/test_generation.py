"""The request schema: ranges, names, and the way from a picture back to its request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.schema.errors import OutOfRangeError
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.schema.resolved import ResolvedModel, ResolvedRequest, ResolvedSampling, ResolvedSize
from backend.schema.sampling_settings import MAXIMUM_SEED


def resolved(seed: int = 5, size: int = 1, count: int = 1) -> ResolvedRequest:
    return ResolvedRequest(
        prompt=PromptSettings(positive="a red apple", negative="blurry"),
        model=ResolvedModel(checkpoint="starter", name="S", path="p", family="sd15", sha256="0"),
        size=ResolvedSize(width=128, height=64),
        sampling=ResolvedSampling(sampler="euler", schedule="karras", steps=7, cfg_scale=4.5),
        seed=seed,
        batch=BatchSettings(size=size, count=count),
    )


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("sampling.steps", 0, "Steps cannot be 0. Choose a value from 1 to 150."),
        ("sampling.steps", 151, "Steps cannot be 151. Choose a value from 1 to 150."),
        ("sampling.cfg_scale", 0.5, "CFG scale cannot be 0.5. Choose a value from 1 to 30."),
        (
            "size.width",
            32,
            "Width cannot be 32. Choose a value from 64 to 4096.",
        ),
        ("seed.value", -2, "Seed cannot be -2. Choose a value from -1 to 4294967295."),
        ("batch.count", 101, "Pictures cannot be 101. Choose a value from 1 to 100."),
    ],
)
def test_a_value_out_of_range_is_named_with_its_range(field, value, words):
    with pytest.raises(OutOfRangeError) as caught:
        GenerationRequest.from_fields({field: value})

    assert str(caught.value) == words
    assert caught.value.field == field


def test_an_unknown_setting_lists_the_known_ones():
    with pytest.raises(OutOfRangeError, match=r"no setting called “stepz”.*steps"):
        GenerationRequest.from_short_names({"stepz": 3})


def test_words_where_a_number_belongs_are_refused_in_words():
    with pytest.raises(OutOfRangeError, match="Steps cannot be 'many'"):
        GenerationRequest.from_short_names({"steps": "many"})


def test_infinity_and_not_a_number_are_refused():
    for value in (float("inf"), float("nan")):
        with pytest.raises(OutOfRangeError):
            GenerationRequest.from_fields({"sampling.cfg_scale": value})


def test_empty_values_keep_their_defaults():
    assert GenerationRequest.from_fields({"sampling.steps": None}) == GenerationRequest()


def test_every_field_has_words_and_a_name_of_its_own():
    names = [spec.setting.short_name for spec in GENERATION_FIELDS]

    assert all(spec.setting.label and spec.setting.help for spec in GENERATION_FIELDS)
    assert all(names)
    assert len(set(names)) == len(names)


@given(st.integers(1, 150), st.floats(1, 30), st.text(max_size=50), st.integers(8, 512))
def test_fields_and_back(steps, cfg_scale, prompt, eighths):
    flat = {
        "prompt.positive": prompt,
        "sampling.steps": steps,
        "sampling.cfg_scale": cfg_scale,
        "size.width": eighths * 8,
    }

    request = GenerationRequest.from_fields(flat)

    assert GenerationRequest.from_fields(request.to_fields()) == request
    assert {key: request.to_fields()[key] for key in flat} == flat


def test_the_seed_of_a_picture_wraps_around():
    request = resolved(seed=MAXIMUM_SEED, size=2)

    assert [request.seed_of(index) for index in (0, 1)] == [MAXIMUM_SEED, 0]


def test_a_picture_asks_for_its_own_batch_again():
    request = resolved(seed=10, size=2, count=3).as_request(index=3)

    assert request.seed.value == 12
    assert request.batch == BatchSettings(size=2, count=1)
    assert request.sampling.sampler == "euler"
    assert (request.size.width, request.size.height) == (128, 64)
