"""`generate` on the command line: flags from the schema, files where asked, clear sentences."""

import json
from contextlib import contextmanager

import pytest

from backend.api.generate_command import run
from backend.schema.errors import AlreadyRunningError
from backend.schema.events import Failed
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.jobs import JobState
from backend.schema.memory_settings import MemorySettings
from tests.fixtures.studio import MemoryStudio


@pytest.fixture
def studio(tmp_path):
    folder = tmp_path / "outputs"
    folder.mkdir()
    return MemoryStudio(folder)


def test_a_picture_lands_in_the_file_that_was_asked_for(studio, tmp_path, capsys):
    target = tmp_path / "deep" / "apple.png"

    code = run(["generate", "a red apple", "-o", str(target)], lambda: studio)

    assert code == 0
    assert target.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out == f"{target}\n"
    assert studio.requests[0].prompt.positive == "a red apple"
    assert studio.done == ["closed"]


def test_several_pictures_are_numbered(studio, tmp_path, capsys):
    target = tmp_path / "apple.png"

    assert run(["x", "-o", str(target), "--batch-size", "2"], lambda: studio) == 0

    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / "apple-1.png"),
        str(tmp_path / "apple-2.png"),
    ]
    assert not target.exists()


def test_without_a_file_the_saved_path_is_told(studio, capsys):
    assert run(["x"], lambda: studio) == 0

    assert capsys.readouterr().out == f"{studio.folder / 'x-000000000001-0.png'}\n"


def test_every_field_is_a_flag_with_its_help(studio, capsys):
    assert run(["--help"], lambda: studio) == 0

    text = " ".join(capsys.readouterr().out.split())
    for spec in GENERATION_FIELDS:
        if spec.setting.short_name != "prompt" and spec.number <= 1:
            assert spec.flag in text
            assert spec.setting.label in text
    assert "ControlNet 2 to 5 have the flags of ControlNet 1" in text
    assert "--control2-weight" not in text
    assert "From 1 to 150." in text
    assert studio.requests == []


def test_flags_reach_the_request(studio):
    arguments = ["x", "--steps", "3", "--cfg-scale", "4.5", "--sampler", "Euler a", "--seed", "-1"]

    assert run(arguments, lambda: studio) == 0

    request = studio.requests[0]
    assert (request.sampling.steps, request.sampling.cfg_scale) == (3, 4.5)
    assert request.sampling.sampler == "euler_a"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--placement", "group"], MemorySettings(placement="group")),
        (["--medvram"], MemorySettings(placement="model")),
        (["--lowvram"], MemorySettings(placement="group", tiling="tiled")),
        (["--medvram", "--lowvram"], MemorySettings(placement="group", tiling="tiled")),
        (
            ["--lowvram", "--placement", "leaf", "--precision", "fp8"],
            MemorySettings(placement="leaf", precision="fp8", tiling="tiled"),
        ),
    ],
)
def test_how_memory_is_used_reaches_the_request(studio, flags, expected):
    assert run(["x", *flags], lambda: studio) == 0

    assert studio.requests[0].memory == expected


def test_json_prints_the_settings(studio, capsys):
    assert run(["x", "--json"], lambda: studio) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["settings"]["seed"]["value"] == 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["x", "--steps", "0"], "Steps cannot be 0."),
        (["x", "--sampler", "y"], "Choose one of:"),
        (["x", "--steps", "many"], "many"),
        (["x", "--nothing"], "--nothing"),
        ([], "PROMPT"),
        (["x", "-o", "a.gif"], "does not end in .png or .jpg or .webp or .avif or .jpeg"),
        (["x", "-o", "a.jpg", "--format", "webp"], "does not end in .webp"),
    ],
)
def test_a_misuse_is_told_in_words(studio, capsys, arguments, words):
    assert run(arguments, lambda: studio) == 2

    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told


def test_a_failed_job_gives_its_reason(studio, capsys):
    studio.state = JobState.FAILED
    studio.failure = Failed(code="model", sentence="It broke.", hint="Fix it.")

    assert run(["x"], lambda: studio) == 1
    assert "It broke. Fix it." in capsys.readouterr().err


def test_another_easel_on_the_same_data_is_one_sentence(capsys):
    @contextmanager
    def taken():
        raise AlreadyRunningError("Easel is already running here.", "Use its page.")
        yield

    assert run(["x"], taken) == 1
    assert capsys.readouterr().err == "Easel is already running here. Use its page.\n"


def test_control_c_cancels_and_keeps_what_was_made(studio, monkeypatch, capsys):
    submit = studio.submit

    def submit_slowly(actor, request):
        view = submit(actor, request)
        running = studio.views[view.id].model_copy(update={"state": JobState.RUNNING})
        studio.views[view.id] = running
        return view

    def interrupt(seconds):
        raise KeyboardInterrupt

    studio.generation.submit = submit_slowly
    monkeypatch.setattr("backend.api.waiting.time.sleep", interrupt)

    code = run(["x"], lambda: studio)

    told = capsys.readouterr()
    assert code == 1
    assert studio.done == ["cancel", "closed"]
    assert told.out == f"{studio.folder / 'x-000000000001-0.png'}\n"
    assert "The job was cancelled." in told.err


def test_a_model_is_named_by_a_file_or_by_its_name(studio, tmp_path, monkeypatch):
    (tmp_path / "dream.safetensors").touch()
    monkeypatch.chdir(tmp_path)

    assert run(["x", "--model", "dream.safetensors"], lambda: studio) == 0
    assert run(["x", "--checkpoint", "dream"], lambda: studio) == 0

    asked = [request.model.checkpoint for request in studio.requests]
    assert asked == [str(tmp_path / "dream.safetensors"), "dream"]
