"""`models` on the command line: a table, a file told apart, folders of other programs."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from backend.api.models_command import run
from backend.places import default_places
from backend.services.models import open_models
from tests.fixtures import model_files as made
from tests.fixtures.program import ROOT


@pytest.fixture
def places(tmp_path):
    return replace(
        default_places(), root=tmp_path, data=tmp_path / "data", models=tmp_path / "models"
    )


@pytest.fixture
def models(places):
    for name in ("checkpoints", "loras"):
        (places.models / name).mkdir(parents=True)
    made.write_safetensors(
        places.models / "checkpoints" / "dream.safetensors", made.sd15_checkpoint()
    )
    made.write_safetensors(places.models / "loras" / "odd\n“🦊”.safetensors", made.kohya_lora())
    return places.models


@pytest.fixture
def command(places, capsys):
    def command(*words):
        code = run(words, lambda: open_models(places))
        return (code, *capsys.readouterr())

    return command


def test_the_table_has_a_line_for_each_model(models, command):
    code, out, _ = command()

    head, *lines = out.splitlines()
    assert code == 0
    assert head.split() == ["KIND", "FAMILY", "VARIANT", "PRECISION", "SIZE", "NAME", "STATE"]
    assert [line.split()[0] for line in lines] == ["checkpoint", "lora"]
    assert lines[0].split()[-2:] == ["dream", "ready"]
    assert "odd�“🦊”" in lines[1]


def test_one_kind_alone_as_json(models, command):
    _, out, _ = command("--kind", "lora", "--json")

    [view] = json.loads(out)
    assert (view["kind"], view["family"], view["id"]) == (
        "lora",
        "sd15",
        "loras/odd\n“🦊”.safetensors",
    )


def test_no_models_are_told(command):
    assert command() == (0, "No model is installed.\n", "")


def test_any_file_is_told_with_what_it_needs(models, tmp_path, command):
    path = made.write_safetensors(tmp_path / "flux.safetensors", made.flux(), dtype="F8_E4M3")
    (models / "vae").mkdir()
    made.write_safetensors(models / "vae" / "ae.safetensors", made.VAE16)

    code, out, _ = command("show", str(path), "--json")

    view = json.loads(out)
    assert code == 0
    assert (view["family"], view["variants"], view["precision"]) == ("flux1", ["dev"], "fp8 e4m3")
    assert {need["role"]: need["chosen"] for need in view["needs"]} == {
        "clip_l": None,
        "t5xxl": None,
        "vae": "vae/ae.safetensors",
    }
    assert view["problem"]["code"] == "missing_parts"


def test_hashes_are_told_when_asked_for(tmp_path, command):
    path = made.write_safetensors(tmp_path / "ae.safetensors", made.VAE16)

    _, out, _ = command("show", str(path), "--json", "--hash")

    hashes = json.loads(out)["hashes"]
    assert hashes["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert hashes["short"] == hashes["sha256"][:10]


def test_an_installed_model_is_shown_by_its_name_for_a_person(models, command):
    code, out, _ = command("show", "Dream")

    assert code == 0
    assert out.splitlines()[0] == "dream"
    assert "SD 1.5" in out
    assert "Short hash" not in out


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("show", "/nowhere/x.safetensors"), 1, "There is no model at"),
        (("add-folder", "/nowhere"), 2, "There is no folder"),
        (("remove-folder", "/nowhere"), 2, "is not in the library"),
        (("--kind", "magic"), 2, "magic"),
        (("shwo",), 2, "shwo"),
    ],
)
def test_slips_are_sentences_with_an_exit_code(command, words, code, sentence):
    told, out, error = command(*words)

    assert (told, out) == (code, "")
    assert sentence in error
    assert "Traceback" not in error


def test_another_programs_folder_is_taken_in_and_left_again(models, tmp_path, command):
    other = tmp_path / "forge"
    (other / "models" / "Stable-diffusion").mkdir(parents=True)
    made.write_safetensors(
        other / "models" / "Stable-diffusion" / "anime.safetensors", made.sd15_checkpoint()
    )

    _, added, _ = command("add-folder", str(other))
    assert "AUTOMATIC1111 or Forge" in added
    assert "3 models in all" in added
    assert str(other) in command("folders")[1]
    assert json.loads(command("folders", "--json")[1])[0]["own"] is True
    assert "anime" in command()[1]

    assert command("remove-folder", str(other))[0] == 0
    assert "anime" not in command()[1]


def test_a_rescan_names_what_is_new(models, command):
    command()
    made.write_safetensors(models / "fresh.safetensors", made.VAE)
    (models / "checkpoints" / "dream.safetensors").unlink()

    _, out, _ = command("rescan")

    assert out.splitlines() == [
        "1 new, 1 gone; 2 models in all.",
        "  new: fresh.safetensors",
        f"  gone: {models / 'checkpoints' / 'dream.safetensors'}",
    ]
    assert json.loads(command("rescan", "--json")[1])["new"] == []


def test_the_real_command_answers_without_torch(models, tmp_path):
    """As a person starts it, and while nothing says that the engine's packages were read."""
    code = (
        "import sys; from backend.api.cli import models; code = models(['--json']);"
        "sys.exit(code or ('torch' in sys.modules))"
    )
    own = {"EASEL_DATA": str(tmp_path / "data"), "EASEL_MODELS": str(models)}

    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | own,
    )

    assert done.returncode == 0, done.stderr
    assert {"starter", "checkpoints/dream.safetensors"} <= {
        v["id"] for v in json.loads(done.stdout)
    }
