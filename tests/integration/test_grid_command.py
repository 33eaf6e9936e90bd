"""`app.py grid`, and `generate` for the prompts of a file and the pictures of a folder."""

import pytest
from PIL import Image

from backend.api import generate_command
from backend.api.grid_command import grid_command
from backend.api.running import DONE, FAILED, MISUSED, run_command
from backend.schema.events import Failed
from backend.schema.jobs import JobState
from backend.schema.series import Axis
from tests.fixtures.studio import MemoryStudio


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


@pytest.fixture
def prompts(tmp_path):
    file = tmp_path / "prompts.txt"
    file.write_text("\N{ZERO WIDTH NO-BREAK SPACE}a pear\n# a note\n\na plum\n", encoding="utf-8")
    return file


@pytest.fixture
def photos(tmp_path, monkeypatch):
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    monkeypatch.chdir(tmp_path)
    return folder


def grid(studio, *arguments):
    return run_command(grid_command(lambda: studio), [str(each) for each in arguments])


def generate(studio, *arguments):
    return generate_command.run([str(each) for each in arguments], lambda: studio)


def test_a_grid_is_asked_for_and_its_sheet_is_told(studio, capsys):
    code = grid(studio, "an apple", "--x", "steps=10,20", "--y", "cfg_scale = 4-7", "--seed", 5)

    assert code == DONE
    (request,) = studio.series_asked
    assert (request.base.prompt.positive, request.base.seed.value) == ("an apple", 5)
    assert request.x == Axis(field="steps", values="10,20")
    assert request.y == Axis(field="cfg_scale", values=" 4-7")
    assert (request.z, request.sheet) == (None, True)
    out, err = capsys.readouterr()
    assert "2 pictures" in err
    (job,) = studio.views.values()
    assert out.splitlines() == [str(studio.folder / job.pictures[2].path)]


def test_without_a_sheet_the_pictures_are_told(studio, capsys):
    assert grid(studio, "an apple", "--x", "steps=10,20", "--no-sheet") == DONE

    assert not studio.series_asked[0].sheet
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_prompts_of_a_file_take_a_free_axis(studio, prompts):
    assert grid(studio, "--prompts", prompts, "--y", "steps=10,20") == DONE

    (request,) = studio.series_asked
    assert request.x.field == "prompts"
    assert "a plum" in request.x.values
    assert request.base.prompt.positive == ""


def test_files_on_an_axis_are_named_by_their_whole_paths(studio, photos):
    assert grid(studio, "an apple", "--x", "init=photos/a.png,input-1") == DONE

    assert studio.series_asked[0].x.values == (str(photos / "a.png"), "input-1")


def test_generate_draws_each_prompt_of_a_file(studio, prompts, tmp_path, capsys):
    assert generate(studio, "--prompts", prompts, "-o", tmp_path / "all.jpg", "--steps", 3) == DONE

    (request,) = studio.series_asked
    assert (request.x.field, request.y, request.sheet) == ("prompts", None, False)
    assert (request.base.sampling.steps, request.base.output.format) == (3, "jpeg")
    assert [(tmp_path / f"all-{number}.jpg").is_file() for number in (1, 2)] == [True, True]


def test_generate_draws_from_each_picture_of_a_folder(studio, photos):
    assert generate(studio, "an apple", "--init", "photos", "--strength", 0.5) == DONE

    (request,) = studio.series_asked
    assert request.x == Axis(field="init", values=(str(photos),))
    assert request.base.source.picture is None
    assert request.base.source.strength == 0.5


def test_a_single_picture_is_named_by_its_whole_path(studio, photos):
    assert generate(studio, "an apple", "--init", "photos/a.png") == DONE

    assert studio.requests[0].source.picture == str(photos / "a.png")


def test_a_grid_that_fails_says_why(studio, capsys):
    studio.state = JobState.FAILED
    studio.failure = Failed(code="model", sentence="It is broken.", hint="Get another.")

    assert grid(studio, "an apple", "--x", "steps=10,20") == FAILED

    assert "It is broken. Get another." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["an apple", "--x", "steps"], "“steps” is no axis"),
        (["--x", "steps=1,2"], "Missing argument 'PROMPT'"),
        (["--prompts", "gone.txt"], "There is no file gone.txt"),
        (["an apple", "--x", "steps=1", "-o", "x.bmp"], "does not end in .png"),
        (["an apple", "--sampler", "Eula", "--x", "steps=1"], "Eula"),
        (
            ["--prompts", "{prompts}", "--x", "a=1", "--y", "b=1", "--z", "c=1"],
            "More than three things are varied",
        ),
    ],
)
def test_a_slip_is_told_in_a_sentence(studio, prompts, capsys, arguments, words):
    filled = [each.replace("{prompts}", str(prompts)) for each in arguments]

    assert grid(studio, *filled) == MISUSED

    assert words in capsys.readouterr().err
    assert studio.series_asked == []
