"""`plan` on the command line: from the header alone, in words or as JSON."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from backend.api.plan_command import run
from backend.places import default_places
from backend.services.memory import open_memory
from tests.fixtures import model_files as made
from tests.fixtures.program import ROOT
from tests.fixtures.published_unets import whole_file

GIB = 2**30


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    place = tmp_path_factory.mktemp("downloads") / "dream.safetensors"
    return made.write_safetensors(place, whole_file("sdxl"))


@pytest.fixture
def command(tmp_path, capsys):
    (tmp_path / "models").mkdir()
    places = replace(default_places(), data=tmp_path / "data", models=tmp_path / "models")

    def command(*words):
        code = run([str(word) for word in words], lambda: open_memory(places))
        return (code, *capsys.readouterr())

    return command


def test_it_says_whether_a_picture_fits(command, file):
    code, out, _ = command("--model", file, "--budget", "6GB", "--ram", "16GB")

    assert code == 0
    assert out.startswith("Needs 5.")
    assert "of 6 GB" in out
    assert "Activations" in out


def test_as_json_with_parts_that_add_up(command, file):
    code, out, _ = command(
        "--model", file, "--size", "1024x1024", "--batch", "1", "--budget", "6144MB", "--json"
    )

    view = json.loads(out)
    assert code == 0
    assert view["fits"]
    assert view["budget"]["device_bytes"] == 6 * GIB
    assert sum(piece["bytes"] for piece in view["pieces"]) == view["peak_bytes"] <= 6 * GIB
    assert {part["role"] for part in view["parts"]} == {
        "diffusion_model",
        "vae",
        "clip_l",
        "clip_g",
    }


def test_what_does_not_fit_is_told_with_what_helps(command, file):
    code, out, _ = command("--model", file, "--budget", "0.5GB")

    assert code == 1
    assert out.startswith("Does not fit: needs")
    assert "smaller size" in out


def test_placements_are_chosen_by_hand(command, file):
    _, out, _ = command("--model", file, "--budget", "24GB", "--placement", "group", "--json")

    assert json.loads(out)["placement"] == "group"


def test_less_memory_in_one_word(command, file):
    def planned(*words):
        view = json.loads(command("--model", file, "--budget", "24GB", "--json", *words)[1])
        return view["placement"], view["vae_tile"]

    assert planned() == ("resident", None)
    assert planned("--medvram") == ("model", None)
    assert planned("--lowvram") == ("group", 32)
    assert planned("--lowvram", "--placement", "leaf", "--vae-tiling", "whole") == ("leaf", None)


def test_each_parts_precision_is_told(command, file):
    _, out, _ = command("--model", file, "--budget", "4GB", "--precision", "fp8", "--json")

    view = json.loads(out)
    assert {part["role"]: part["storage"] for part in view["parts"]} == {
        "clip_l": "full",
        "clip_g": "full",
        "diffusion_model": "fp8",
        "vae": "full",
    }
    assert {"placement", "peak_bytes", "seconds", "sentence", "why"} <= view.keys()


def test_without_a_budget_this_machine_counts(command):
    code, out, _ = command("--model", "starter", "--device", "cpu", "--json")

    view = json.loads(out)
    assert code == 0
    assert view["budget"]["device"] == "cpu"
    assert view["budget"]["device_bytes"] == view["budget"]["ram_bytes"] > GIB


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--size", "wide"), "--size cannot be “wide”. Say it like 1024x768."),
        (("--budget", "much"), "--budget cannot be “much”. Say it like 6GB or 6144MB."),
        (("--ram", "0GB"), "--ram cannot be “0GB”."),
        (("--size", "32x64"), "Width cannot be 32."),
        (("--batch", "99"), "Batch size cannot be 99."),
    ],
)
def test_what_makes_no_sense_is_said_in_words(command, words, said):
    code, _, errors = command("--model", "starter", *words)

    assert code == 2
    assert said in errors


def test_a_missing_file_is_said_in_words(command, tmp_path):
    code, _, errors = command("--model", tmp_path / "gone.safetensors", "--budget", "8GB")

    assert code == 1
    assert "There is no model at" in errors


def test_it_loads_no_torch():
    code = (
        "import sys; from backend.api import cli; "
        "done = cli.plan(['--model', 'starter', '--budget', '4GB']); "
        "sys.exit(done or 'torch' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert "Needs" in done.stdout
