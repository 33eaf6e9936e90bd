"""Which pictures are learned, called by which word, and which play another part."""

import numpy as np
import pytest
from PIL import Image

from backend.dataset.buckets import Grid
from backend.dataset.learned import learned_pictures
from backend.schema.errors import RequestError
from backend.schema.training_data import DatasetSettings


def put(folder, count, caption="a toy"):
    folder.mkdir(parents=True)
    for number in range(count):
        values = np.random.default_rng(number).integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(values).save(folder / f"{number}.png")
        if caption:
            (folder / f"{number}.txt").write_text(f"{caption}, number {number}")


@pytest.fixture
def folder(tmp_path):
    put(tmp_path / "toys" / "10_cat", 3)
    put(tmp_path / "toys" / "dogs", 2)
    return tmp_path / "toys"


def learned(folder, **asked):
    settings = DatasetSettings(folder=str(folder), **asked)
    return learned_pictures(settings, Grid(64))


@pytest.mark.parametrize("typed", ["dogs=qvx2, cat = wpt3", "DOGS=qvx2, 10_cat=wpt3"])
def test_each_concept_has_its_trigger(folder, typed):
    put(folder / "others", 1)

    pictures = learned(folder, trigger="zkw7", concepts=typed)

    words = {each.path.split("/")[-2]: (each.concept, each.repeats) for each in pictures}
    assert words == {"10_cat": ("wpt3", 10), "dogs": ("qvx2", 1), "others": ("zkw7", 1)}
    assert [each.caption for each in pictures if each.concept == "qvx2"] == [
        "qvx2, a toy, number 0",
        "qvx2, a toy, number 1",
    ]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("dogs", "does not say which folder"),
        ("birds=qvx2", "no folder birds. There are: 10_cat, dogs."),
    ],
)
def test_a_concept_without_a_folder_is_said(folder, typed, reason):
    with pytest.raises(RequestError) as caught:
        learned(folder, concepts=typed)

    assert reason in f"{caught.value.sentence} {caught.value.hint}"


def test_a_picture_without_a_caption_is_what_its_folder_says(folder):
    for path in folder.rglob("*.txt"):
        path.unlink()

    said = {each.path.split("/")[-2]: each.caption for each in learned(folder, trigger="zkw7")}

    assert said == {"10_cat": "zkw7, cat", "dogs": "zkw7"}


def test_some_pictures_are_held_back_always_the_same(folder):
    before = learned(folder, validation=0.4)
    put(folder / "more", 1)
    after = learned(folder, validation=0.4)

    held = {each.path for each in before if each.held_back}
    assert len(held) == 2
    assert sum(each.held_back for each in after) == 2
    assert not any(each.held_back for each in learned(folder))
    assert sum(each.held_back for each in learned(folder / "more", validation=0.5)) == 0
    assert sum(each.held_back for each in learned(folder / "dogs", validation=0.05)) == 1


def test_regularisation_pictures_keep_their_words_and_are_not_learned(folder):
    put(folder / "class" / "1_plain cat", 2, caption="")

    pictures = learned(folder, trigger="zkw7", regular_folder=str(folder / "class"), validation=0.5)

    regular = [each for each in pictures if each.regular]
    assert [each.caption for each in regular] == ["plain cat", "plain cat"]
    assert len(pictures) == 5 + 2
    assert not any(each.held_back for each in regular)
    assert all(each.caption.startswith("zkw7, ") for each in pictures if not each.regular)
