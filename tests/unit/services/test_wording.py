"""What prompts become when their choices are made: a prompt for each picture."""

from dataclasses import replace

import pytest

from backend.library.brought import BroughtBook, InUse
from backend.metadata import infotext
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.errors import OutOfRangeError
from backend.schema.picture_settings import BatchSettings
from backend.services.wording import Wording
from tests.fixtures.installations import forge
from tests.fixtures.requests import resolved

COLOURS = {"red", "blue", "green"}


@pytest.fixture
def places(tmp_path):
    return replace(default_places(), data=tmp_path / "data", models=tmp_path / "models")


@pytest.fixture
def wording(places):
    places.wildcards.mkdir()
    (places.wildcards / "colour.txt").write_text("red\nblue\ngreen\n", encoding="utf-8")
    return Wording(places)


def asked(prompt: str, negative: str = "", seed: int = 1, pictures: int = 1):
    batch = BatchSettings(size=2, count=pictures // 2) if pictures > 1 else BatchSettings()
    return resolved(prompt, negative, seed=seed).model_copy(update={"batch": batch})


def test_a_prompt_without_choices_is_left_alone(wording):
    request = asked("a [red:blue:0.5] apple {", "(blurry:1.2)", pictures=4)
    assert wording.worded(request) == request


def test_each_picture_gets_its_own_choice_by_its_seed(wording):
    worded = wording.worded(asked("a __colour__ apple", "{old|worn}", seed=7, pictures=20))

    made = [each.positive for each in worded.expanded.values()]
    assert set(made) == {f"a {colour} apple" for colour in COLOURS}
    assert worded.prompt.positive == "a __colour__ apple"
    alone = wording.worded(asked("a __colour__ apple", "{old|worn}", seed=10))
    assert alone.expanded == {0: worded.prompt_of(3)}
    assert {each.negative for each in worded.expanded.values()} == {"old", "worn"}


def test_lists_of_installations_are_used_too(places, wording, tmp_path):
    folder = forge(tmp_path / "forge")
    BroughtBook(places.data / "brought.json").put(
        InUse(path=str(folder), label="forge", added=True)
    )

    request = wording.worded(asked("__animal__, __colours/warm__ __nowhere__"))

    animal, _, rest = request.prompt_of(0).positive.partition(", ")
    assert animal in {"fox", "owl"}
    assert rest in {"red __nowhere__", "gold __nowhere__"}


def test_a_list_that_makes_the_prompt_too_long_is_refused(places, wording):
    (places.wildcards / "long.txt").write_text("word " * 3_000, encoding="utf-8")

    with pytest.raises(OutOfRangeError, match="characters long"):
        wording.worded(asked("__long__"))


def test_the_picture_tells_what_was_drawn_and_what_was_typed(wording):
    request = wording.worded(asked("a __colour__ apple", "{old|old}", seed=7, pictures=4))

    text = infotext.write(request, 2, load_catalogue())

    assert text.startswith(f"{request.prompt_of(2).positive}\nNegative prompt: old\n")
    assert ", Wildcard prompt: a __colour__ apple, Wildcard negative prompt: {old|old}, " in text
    again = infotext.read(text, load_catalogue())
    assert again.prompt == request.prompt_of(2)
    assert (again.seed.value, again.batch.size) == (9, 1)


def test_a_picture_made_again_makes_the_same_choice(wording):
    request = wording.worded(asked("a __colour__ apple", seed=7, pictures=4))

    again = request.as_request(3)

    assert again.prompt.positive == "a __colour__ apple"
    assert (again.seed.value, again.batch.pictures) == (10, 1)
