"""What the prompt coach says of prompts, good ones and others."""

import pytest
from hypothesis import given

from backend.prompts.coach import Coach
from backend.prompts.counting import texts_of
from backend.prompts.wildcards import Wildcards
from backend.schema.writing import Heard, Piece
from tests.fixtures.prompts import PROMPTS

SHORT = Heard(reader="CLIP", used=20, room=75, pieces=(Piece(tokens=20, end=80),))
GOOD = "an old fisherman mending green nets on a harbour wall, soft morning light, photo"


@pytest.fixture(scope="module")
def coach():
    return Coach.ready()


def texts(typed: str) -> tuple[str, ...]:
    return texts_of(typed, 20, Wildcards({}), several=True)


def lacking(coach: Coach, typed: str) -> set[str]:
    return {check.id for check in coach.checks(texts(typed)) if not check.good}


def faults(coach: Coach, typed: str, heard: Heard = SHORT) -> list[str]:
    found = coach.faults(typed, texts(typed), heard, hears_negative=True)
    return [each.label for each in found]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (GOOD, set()),
        ("a (cat:1.2)", {"specific", "setting", "light"}),
        ("masterpiece, best quality, an old cat asleep in a garden at dusk", {"subject"}),
        ("an oil painting, red house in a valley, storm", {"subject"}),
        ("a red glass apple on a table, <lora:moonlight:1>", {"light"}),
        ("a castle of white stone AND forest at night", set()),
        ("", set()),
    ],
)
def test_a_good_prompt_has_subject_detail_setting_and_light(coach, typed, expected):
    assert lacking(coach, typed) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (GOOD, []),
        ("a street by day, midnight sky", ["“day” and “midnight” contradict each other"]),
        ("black and white photo, colourful", ["“black and white” and “colourful” contradict each"]),
        ("a road at [day:night:0.5]", []),
        ("a road by {day|night}", []),
        ("a street, no cars", ["“no cars” may draw just that"]),
        ("no one on the road", []),
        ("cat, red roof, Cat", ["“cat” stands there twice"]),
        ("a (red cat, sleeping", ["A bracket closes nowhere: “(red cat, sleeping”"]),
        ("a red] cat", ["A bracket opens nowhere: “a red]”"]),
        (r"a red \( cat :)", ["A bracket opens nowhere"]),
        (r"a red \( cat", []),
        ("a (red [cat:dog:5] {a|b})", []),
    ],
)
def test_what_spoils_a_prompt_is_named(coach, typed, expected):
    said = faults(coach, typed)

    assert len(said) == len(expected)
    assert all(label.startswith(words) for label, words in zip(said, expected, strict=True))


def test_no_is_put_elsewhere_where_a_negative_prompt_is_heard(coach):
    typed = "a street, no cars"
    (heard,) = coach.faults(typed, texts(typed), SHORT, hears_negative=True)
    (unheard,) = coach.faults(typed, texts(typed), SHORT, hears_negative=False)

    assert "put “cars” into the negative prompt" in heard.advice
    assert "say what is there instead" in unheard.advice


def test_a_prompt_that_is_too_long_is_told_so(coach):
    lost = Heard(reader="T5", used=300, room=255, lost_from=900)
    pieces = (Piece(tokens=75, end=9),) * 4
    many = Heard(reader="CLIP", used=300, room=300, pieces=pieces)

    assert faults(coach, GOOD, lost) == ["The end of the prompt is not heard"]
    assert faults(coach, GOOD, many) == ["300 tokens are very many"]


def test_models_are_spoken_to_as_they_learned(coach):
    tags = "1girl, red hair, forest, smile, long dress, looking away"

    assert "sentences" in coach.form(tags, in_sentences=True)
    assert coach.form(tags, in_sentences=False) == ""
    assert coach.form(GOOD, in_sentences=True) == ""
    assert "short phrases" in coach.form("the man " * 10, in_sentences=False)


@given(PROMPTS)
def test_no_text_confuses_the_coach(typed):
    coach = Coach.ready()
    for check in coach.faults(typed, texts(typed), SHORT, hears_negative=True):
        assert check.label
        assert check.advice
    assert len(coach.checks(texts(typed))) in {0, 4}
