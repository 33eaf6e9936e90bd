"""`app.py upscale`: files and folders, and where the results go."""

import pytest
from PIL import Image

from backend.api.running import DONE, FAILED, MISUSED, run_command
from backend.api.upscale_command import upscale_command
from backend.schema.events import Failed
from backend.schema.jobs import JobState
from tests.fixtures.studio import MemoryStudio


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.jpg", "b.png"):
        Image.new("RGB", (8, 8)).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


def run(studio, *arguments):
    return run_command(upscale_command(lambda: studio), [str(each) for each in arguments])


def test_a_file_becomes_a_picture_in_the_outputs_folder(studio, photos, capsys):
    code = run(studio, photos / "a.jpg", "--factor", 4, "--upscaler", "starter")

    assert code == DONE
    (request,) = studio.upscalings
    assert request.picture == str(photos / "a.jpg")
    assert (request.factor, request.upscaler, request.output.format) == (4, "starter", "png")
    (picture,) = studio.pictures.values()
    assert capsys.readouterr().out.strip() == str(studio.folder / picture.path)


def test_the_name_of_the_result_says_its_format(studio, photos, capsys):
    target = photos / "large.webp"

    assert run(studio, photos / "a.jpg", "-o", target) == DONE

    assert studio.upscalings[0].output.format == "webp"
    assert target.exists()
    assert capsys.readouterr().out.strip() == str(target)


def test_each_picture_of_a_folder_is_a_job(studio, photos, tmp_path):
    assert run(studio, photos, "-o", tmp_path / "large") == DONE

    assert [each.picture for each in studio.upscalings] == [
        str(photos / "a.jpg"),
        str(photos / "b.png"),
    ]
    names = sorted(each.name for each in (tmp_path / "large").iterdir())
    assert names == ["a-upscaled.png", "b-upscaled.png"]


def test_a_picture_that_fails_does_not_end_the_others(studio, photos, capsys):
    studio.state = JobState.FAILED
    studio.failure = Failed(code="bad_request", sentence="It is too large.", hint="Cut it.")

    assert run(studio, photos) == FAILED

    assert len(studio.upscalings) == 2
    assert capsys.readouterr().err.count("It is too large. Cut it.") == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["gone.png"], MISUSED, "There is no file gone.png"),
        (["{photos}", "-o", "one.png"], MISUSED, "do not fit into one file"),
        (["{photos}/a.jpg", "-o", "{photos}/a.jpg"], MISUSED, "would be overwritten"),
        (["{photos}/a.jpg", "-o", "x.bmp"], MISUSED, "does not end in .png"),
        (["{photos}/a.jpg", "--factor", "9"], FAILED, "from 1.5 to 8"),
        ([], MISUSED, "FILES"),
    ],
)
def test_a_slip_is_told_in_a_sentence(studio, photos, capsys, arguments, code, words):
    filled = [each.replace("{photos}", str(photos)) for each in arguments]

    assert run(studio, *filled) == code

    assert words in capsys.readouterr().err
    assert studio.upscalings == []
