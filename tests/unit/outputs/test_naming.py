"""File names: readable by default, safe with any pattern, and always found again."""

import re
import time
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.outputs.naming import find_pictures, picture_path
from backend.schema.output_settings import ENDINGS, OutputSettings
from tests.fixtures.requests import resolved

JOB = "0123456789ab"
NOON = time.mktime((2026, 11, 24, 14, 30, 5, 0, 0, -1))
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def test_the_default_name_says_day_time_and_seed():
    path = picture_path(JOB, 3, resolved(seed=40), NOON)

    assert path == PurePosixPath(f"2026-11-24/143005-43-{JOB}-3.png")


def test_every_placeholder_is_filled_and_others_stay():
    pattern = "{checkpoint}/{prompt} {width}x{height} {steps} {cfg_scale} {sampler} {nothing}"

    path = picture_path(JOB, 0, resolved("A red, RED apple: 3d!"), NOON, pattern)

    assert path.parts[0] == "starter"
    assert path.name == f"a-red-red-apple-3d 128x64 7 4.5 euler_a {{nothing}}-{JOB}-0.png"


def test_a_long_prompt_is_cut_between_words():
    path = picture_path(JOB, 0, resolved("mountain " * 30), NOON, "{prompt}")

    assert path.name == f"mountain-mountain-mountain-mountain-{JOB}-0.png"


@pytest.mark.parametrize(
    "pattern",
    ["../../etc/x", "/etc/x", "C:\\Windows\\x", "..\\..\\x", "//server/share/x", "a/../../x", ""],
)
def test_no_pattern_leaves_the_outputs_folder(pattern):
    path = picture_path(JOB, 0, resolved(), NOON, pattern)

    assert not path.is_absolute()
    assert not {"..", ""} & set(path.parts)
    assert not PureWindowsPath(path).drive


@given(pattern=st.text(max_size=300), prompt=st.text(max_size=100))
def test_any_pattern_gives_a_name_that_every_system_takes(pattern, prompt):
    path = picture_path(JOB, 7, resolved(prompt), NOON, pattern + "{prompt}")

    assert path.name.endswith(f"{JOB}-7.png")
    assert len(path.parts) <= 4
    for part in path.parts:
        assert not re.search(r'[<>:"|?*\\\x00-\x1f]', part)
        assert not RESERVED.fullmatch(part)
        assert part == part.strip()
        assert not part.endswith(".")
        assert len(part.encode()) <= 255


@pytest.mark.parametrize("pattern", ["{date}/{time}", "flat", "a/b/c/d", "{prompt}", ""])
def test_pictures_are_found_again_whatever_named_them(tmp_path, pattern):
    for index in (0, 12):
        path = tmp_path / picture_path(JOB, index, resolved(), NOON, pattern)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / f"x-{JOB}0-1.png").touch()
    (tmp_path / f"x-{JOB}-2.png.part").touch()
    (tmp_path / f"x{JOB}-3.png").touch()

    assert sorted(find_pictures(tmp_path, JOB)) == [0, 12]


def test_without_an_outputs_folder_nothing_is_found(tmp_path):
    assert find_pictures(tmp_path / "nowhere", JOB) == {}


def test_pictures_are_found_in_every_format_and_side_cars_are_none(tmp_path):
    for index, kind in enumerate(ENDINGS):
        output = OutputSettings(format=kind, sidecar="json")
        request = resolved().model_copy(update={"output": output})
        path = tmp_path / picture_path(JOB, index, request, NOON)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        path.with_name(f"{path.stem}_metadata.json").touch()

    found = find_pictures(tmp_path, JOB)

    assert {index: path.suffix for index, path in found.items()} == {
        0: ".png", 1: ".jpg", 2: ".webp", 3: ".avif",
    }  # fmt: skip
