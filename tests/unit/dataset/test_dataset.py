"""Pictures and captions as a LoRA would learn from them, and what is wrong with them."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from backend.api.dataset_command import dataset_command
from backend.api.running import run_command
from backend.dataset.buckets import Grid
from backend.dataset.captions import has_words, tags_of, with_trigger, without_trigger
from backend.dataset.report import report
from backend.schema.errors import NotFoundError


def photo(seed, width=96, height=96):
    """A picture with edges and detail of its own."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (8, 8, 3), np.uint8))
    return coarse.resize((width, height), Image.Resampling.NEAREST)


@pytest.fixture
def folder(tmp_path):
    """A good dataset of six pictures."""
    for number in range(6):
        photo(number).save(tmp_path / f"{number}.png")
        (tmp_path / f"{number}.txt").write_text(f"zkw7, a pattern, number {number}")
    return tmp_path


def codes(folder, trigger="zkw7", resolution=64):
    told = report(folder, trigger, Grid(resolution))
    return {finding.code: finding.paths for finding in told.findings}


def test_nothing_is_wrong_with_a_good_dataset(folder):
    told = report(folder, "zkw7", Grid(64))

    assert told.findings == ()
    assert [item.caption for item in told.items][1] == "zkw7, a pattern, number 1"
    assert told.tags["zkw7"] == 6
    assert [(each.width, each.height, len(each.paths)) for each in told.buckets] == [(64, 64, 6)]


def test_what_spoils_learning_is_found(folder):
    photo(7, 30, 30).save(folder / "small.png")
    photo(8).filter(ImageFilter.GaussianBlur(9)).save(folder / "soft.png")
    photo(0).point(lambda level: level * 0.9).save(folder / "twin.jpg", quality=95)
    (folder / "broken.png").write_bytes((folder / "1.png").read_bytes()[:60])
    (folder / "2.txt").write_text("a pattern")
    (folder / "alone.txt").write_text("nobody")

    found = codes(folder)

    assert found == {
        "unreadable": ("broken.png",),
        "caption without picture": ("alone.txt",),
        "too small": ("small.png",),
        "blurred": ("soft.png",),
        "alike": ("0.png", "twin.jpg"),
        "no caption": ("small.png", "soft.png", "twin.jpg"),
        "no trigger": ("2.png",),
    }


def test_a_picture_that_is_broken_behind_its_head_is_left_out(folder):
    content = (folder / "1.png").read_bytes()
    (folder / "1.png").write_bytes(content[: len(content) - 60])

    told = report(folder, "", Grid(64))

    assert [finding.code for finding in told.findings] == ["unreadable"]
    assert "whole picture" in told.findings[0].sentence


@pytest.mark.parametrize(("trigger", "common"), [("dog", True), ("zkw7", False), ("sks", True)])
def test_a_trigger_that_models_know_is_told(folder, trigger, common):
    assert ("common trigger" in codes(folder, trigger)) is common


def test_captions_that_say_the_same_and_too_few_pictures_are_told(tmp_path):
    for number in range(3):
        photo(number).save(tmp_path / f"{number}.png")
        (tmp_path / f"{number}.caption").write_text("a pattern")

    assert set(codes(tmp_path, "")) == {"same caption", "few pictures"}


@pytest.mark.parametrize(
    ("content", "expected", "guessed"),
    [
        ("žluťoučký kůň".encode(), "žluťoučký kůň", False),
        ("žluťoučký kůň".encode("utf-16"), "žluťoučký kůň", False),
        ("\ufeffa café".encode(), "a café", False),
        ("a café".encode("cp1252"), "a café", True),
        (b"two\nlines\r\n", "two lines", False),
        (b"", "", False),
    ],
)
def test_captions_in_any_encoding_are_read(folder, content, expected, guessed):
    (folder / "3.txt").write_bytes(content)

    told = report(folder, "", Grid(64))

    assert told.items[3].caption == expected
    assert ("unknown encoding" in {each.code for each in told.findings}) is guessed


def test_a_list_and_kohyas_folders_are_understood(tmp_path):
    inside = tmp_path / "10_zkw7 cat"
    inside.mkdir()
    rows = [{"file_name": "1.png", "text": "from the list"}, {"image": "2.png", "caption": "too"}]
    for number in range(3):
        photo(number).save(inside / f"{number}.png")
    lines = [*map(json.dumps, rows), "no json", "[]"]
    (inside / "metadata.jsonl").write_text("\n".join(lines))
    (inside / "2.txt").write_text("its own")

    items = report(tmp_path, "", Grid(64)).items

    assert {(item.repeats, item.concept) for item in items} == {(10, "zkw7 cat")}
    assert [item.caption for item in items] == ["", "from the list", "its own"]
    assert items[1].written == "10_zkw7 cat/metadata.jsonl"


def test_nothing_is_written(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}

    report(folder, "zkw7")

    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_a_folder_without_pictures_says_so(tmp_path):
    with pytest.raises(NotFoundError, match="has no pictures"):
        report(tmp_path)
    with pytest.raises(NotFoundError, match="There is no folder"):
        report(tmp_path / "nowhere")


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([128, 512, 1024]))
def test_a_size_is_as_large_as_is_learned_and_enlarges_nothing(width, height, resolution):
    wide, high = Grid(resolution, 32).size_for(width, height)

    assert wide % 32 == high % 32 == 0
    assert wide * high <= resolution**2
    assert wide <= max(32, width)
    assert high <= max(32, height)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((2000, 2000), (512, 512)),
        ((1600, 900), (640, 384)),
        ((900, 1600), (384, 640)),
        ((4000, 100), (320, 64)),
        ((300, 300), (256, 256)),
    ],
)
def test_sizes_keep_proportions(size, expected):
    assert Grid(512).size_for(*size) == expected


def test_tags():
    assert tags_of(" a, b ,, c d ,") == ("a", "b", "c d")
    assert with_trigger("a cat, sitting", "zkw7") == "zkw7, a cat, sitting"
    assert with_trigger("a cat, sitting", "zkw7", "end") == "a cat, sitting, zkw7"
    for own in ("a cat, zkw7, sitting", "a Zkw7 cat", "a cat in zkw7 style"):
        assert with_trigger(own, "zkw7") == own
        assert "zkw7" not in without_trigger(own, "zkw7").casefold()
    assert without_trigger("zkw7, a zkw77 cat", "zkw7") == "a zkw77 cat"
    assert has_words("a Zkw7-cat, sitting", "zkw7")
    assert not has_words("a zkw77 cat", "zkw7")


def test_the_command_tells_it_in_words(folder, capsys):
    (folder / "5.txt").unlink()

    code = run_command(dataset_command(), [str(folder), "--resolution", "64"])

    out = capsys.readouterr().out
    assert code == 0
    assert "6 pictures, 5 with captions" in out
    assert "Learned at 64 × 64 (6)" in out
    assert "1 picture is without a caption.\n  5.png\n  Write what each shows" in out
    assert run_command(dataset_command(), [str(folder / "nowhere")]) != 0
    assert "There is no folder" in capsys.readouterr().err
