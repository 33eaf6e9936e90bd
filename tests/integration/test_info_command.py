"""`info`: pictures of other programs told as JSON and in words."""

import json
import os
import subprocess
import sys

import pytest

from backend.api.info_command import run
from backend.places import Places
from backend.services.readings import open_readings
from tests.fixtures import foreign_pictures as made
from tests.fixtures import model_files
from tests.fixtures.program import ROOT


@pytest.fixture
def info(tmp_path, capsys):
    folder = tmp_path / "models" / "checkpoints"
    folder.mkdir(parents=True)
    model_files.write_safetensors(folder / "dream.safetensors", model_files.sd15_checkpoint())
    places = Places(tmp_path, tmp_path / "outputs", tmp_path / "data", tmp_path / "models")

    def info(*words):
        code = run([str(word) for word in words], lambda: open_readings(places))
        return (code, *capsys.readouterr())

    return info


def test_json_has_fields_models_and_what_is_left_over(info, tmp_path):
    (tmp_path / "a.png").write_bytes(made.png({"parameters": made.A1111}))

    code, out, _ = info(tmp_path / "a.png", "--json")

    told = json.loads(out)
    assert code == 0
    assert (told["program"], told["width"], told["height"]) == ("AUTOMATIC1111", *made.SIZE)
    assert told["request"]["sampling.steps"] == 20
    assert told["request"]["model.checkpoint"] == "checkpoints/dream.safetensors"
    assert told["models"][0] == {
        "use": "checkpoint",
        "name": "dream",
        "hash": "abcdef0123",
        "weight": "",
        "installed": "checkpoints/dream.safetensors",
        "by_hash": False,
    }
    assert told["request"]["hires.factor"] == 2
    assert told["text"] == made.A1111


def test_a_part_that_is_the_checkpoints_own_is_told_as_null(info, tmp_path):
    text = json.dumps(made.FOOOCUS)
    (tmp_path / "a.jpg").write_bytes(made.with_exif("JPEG", text, first={0x927C: "fooocus"}))

    _, out, _ = info(tmp_path / "a.jpg", "--json")

    assert json.loads(out)["request"]["model.vae"] is None


def test_a_person_is_told_in_words(info, tmp_path):
    (tmp_path / "a.png").write_bytes(made.png({"prompt": json.dumps(made.comfy_graph())}))

    code, out, _ = info(tmp_path / "a.png")

    assert code == 0
    assert out.splitlines()[0] == f"{tmp_path / 'a.png'}: ComfyUI, 48 × 40"
    assert "  Steps: 20" in out
    assert "checkpoint: dream - one of this name is installed (checkpoints/dream.safeten" in out
    assert "LoRA: barn, weight te=0.5, unet=0.8 - not installed" in out


def test_several_files_are_told_and_each_that_fails_has_its_reason(info, tmp_path):
    (tmp_path / "a.png").write_bytes(made.png({"Dream": made.DREAM}))
    (tmp_path / "b.png").write_bytes(made.png({}))

    code, out, errors = info(tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c.png", "--json")

    assert code == 2
    assert [each.get("program") for each in json.loads(out)] == ["InvokeAI", None, None]
    assert "“b.png” does not tell how it was made" in errors
    assert "“c.png” cannot be read: no such file or directory" in errors


def test_the_program_has_the_command(tmp_path):
    (tmp_path / "a.png").write_bytes(made.png({"parameters": made.A1111}))
    folders = {"EASEL_DATA": "data", "EASEL_MODELS": "models", "EASEL_OUTPUTS": "outputs"}
    environment = os.environ | {name: str(tmp_path / to) for name, to in folders.items()}

    done = subprocess.run(
        [sys.executable, ROOT / "app.py", "info", tmp_path / "a.png", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["program"] == "AUTOMATIC1111"
