"""`models bring` and `models forget` on the command line: the report, and what it cannot be."""

import json
from dataclasses import replace

import pytest

from backend.api import models_command
from backend.api.models_bring_command import bring_commands
from backend.locks import HeldLock
from backend.places import default_places
from backend.services.bringing import brought_pictures, open_bringing
from tests.fixtures import installations as layouts
from tests.fixtures.installations import written


@pytest.fixture
def places(tmp_path):
    return replace(
        default_places(), root=tmp_path, data=tmp_path / "data", models=tmp_path / "models"
    )


@pytest.fixture
def command(places, capsys):
    def never():
        raise AssertionError("it opens what it needs itself")

    def command(*words):
        more = bring_commands(lambda: open_bringing(places))
        return (models_command.run(words, never, more), *capsys.readouterr())

    return command


def test_the_report_is_printed(command, places, tmp_path):
    folder = layouts.forge(tmp_path / "webui")
    written(folder / "outputs" / "broken.png", "no picture")
    written(folder / "config.json", "{")

    code, out, err = command("bring", str(folder))

    assert (code, err) == (0, "")
    found = "1 checkpoint, 1 LoRA, 1 embedding, 2 styles, 2 wildcards, 3 pictures"
    assert out.splitlines() == [
        f"{folder} is in use. AUTOMATIC1111 or Forge: {found}.",
        "Not understood (1):",
        "  config.json: It is no JSON.",
        "broken.png is no whole picture, and is not shown.",
        "2 pictures are in the gallery, 2 of them new.",
    ]
    assert len(brought_pictures(places).newest(10)) == 2


def test_the_report_as_json(command, tmp_path):
    folder = layouts.comfyui(tmp_path / "ComfyUI")

    code, out, _ = command("bring", str(folder), "--json")

    told = json.loads(out)
    assert code == 0
    assert told["program"] == "ComfyUI"
    assert told["models"] == [{"kind": "checkpoint", "count": 1}]
    assert (told["wildcards"], told["pictures"], told["unclear"]) == (1, 1, [])


def test_a_page_that_is_open_is_told_of(command, places, tmp_path):
    lock = HeldLock(places.data / "easel.lock")
    assert lock.take("process 1")
    try:
        _, out, _ = command("bring", str(layouts.fooocus(tmp_path / "Fooocus")))
    finally:
        lock.release()

    assert out.splitlines()[-1] == "The page that is open shows the models after a rescan."


def test_a_folder_of_anything_is_refused_with_what_can_be_done(command, tmp_path):
    (tmp_path / "loras").mkdir()

    code, out, err = command("bring", str(tmp_path / "loras"))

    assert (code, out) == (1, "")
    assert "is no installation of ComfyUI" in err
    assert "add-folder" in err


def test_an_installation_can_be_forgotten(command, places, tmp_path):
    folder = layouts.forge(tmp_path / "webui")
    command("bring", str(folder))

    assert command("forget", "webui")[0] == 0
    assert brought_pictures(places).newest(10) == ()
    code, _, err = command("forget", str(folder))
    assert code == 1
    assert "no installation in use" in err
