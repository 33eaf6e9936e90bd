"""`app.py map`: a picture in, a map out."""

import json

import numpy as np
import pytest
from PIL import Image

from backend.api.map_command import map_command
from backend.api.running import DONE, FAILED, MISUSED, run_command
from backend.control.files import pose_in
from backend.control.poses import draw_poses
from backend.schema.events import Failed
from tests.fixtures.photos import photo
from tests.fixtures.studio import MemoryStudio


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


@pytest.fixture
def picture(tmp_path):
    photo(1).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def run(studio, *arguments):
    return run_command(map_command(lambda: studio), [str(each) for each in arguments])


@pytest.mark.parametrize("name", ["map.png", "map.webp", "map.jpg"])
def test_the_map_is_written_in_the_format_that_its_name_says(studio, picture, capsys, name):
    target = picture.with_name(name)

    assert run(studio, picture, "-o", target, "--resolution", 64, "--threshold-a", 50) == DONE

    assert capsys.readouterr().out.strip() == str(target)
    with Image.open(target) as made:
        assert (made.size, made.format) == (
            (64, 64),
            {".jpg": "JPEG"}.get(target.suffix, made.format),
        )


def test_what_went_wrong_is_told(studio, picture, capsys):
    studio.failure = Failed(code="model", sentence="It is broken.", hint="Copy it again.")

    assert run(studio, picture, "-o", picture.with_name("map.png")) == FAILED
    assert "It is broken. Copy it again." in capsys.readouterr().err
    assert not picture.with_name("map.png").exists()


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--preprocessor", "sharpest"], "sharpest"),
        (["--resolution", "9"], "Resolution"),
        (["--threshold-a", "300"], "Low threshold"),
    ],
)
def test_a_slip_is_told(studio, picture, capsys, flags, told):
    assert run(studio, picture, "-o", picture.with_name("map.png"), *flags) in (FAILED, MISUSED)
    assert told in capsys.readouterr().err


def test_a_pose_is_drawn_as_its_map_which_can_be_edited_again(studio, tmp_path):
    pose, target = tmp_path / "pose.json", tmp_path / "map.png"
    pose.write_text(json.dumps(studio.poses.presets()[0].pose))

    assert run(studio, pose, "-o", target, "--resolution", 256) == DONE

    poses = pose_in(target)
    assert poses
    assert (poses.width, poses.height) == (256, 384)
    assert np.array_equal(np.asarray(Image.open(target)), np.asarray(draw_poses(poses)))


@pytest.mark.parametrize(
    ("content", "told"),
    [("{", "is no JSON"), ('{"people": 1}', "it has no list of people"), (None, "no file")],
)
def test_what_is_no_pose_is_told(studio, tmp_path, capsys, content, told):
    pose = tmp_path / "pose.json"
    if content is not None:
        pose.write_text(content)

    assert run(studio, pose, "-o", tmp_path / "map.png") in (FAILED, MISUSED)

    assert told in capsys.readouterr().err
