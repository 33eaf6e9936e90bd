"""`prompt` on the command line: how a text is read, in words or as JSON."""

import json
import subprocess
import sys

import pytest

from backend.api.prompt_command import run
from backend.prompts.wildcards import Wildcards
from tests.fixtures.program import ROOT


@pytest.fixture
def command(capsys):
    def command(*words):
        code = run(words, lambda: Wildcards({"colour": ("red", "blue", "green")}))
        return (code, *capsys.readouterr())

    return command


def test_attention_and_schedule_come_in_the_form_of_a1111s_parser(command):
    code, out, _ = command("a (big:1.3) BREAK [cat:dog:0.5]", "--steps", "20", "--json")

    told = json.loads(out)
    assert code == 0
    assert told["attention"] == [
        ["a ", 1.0],
        ["big", 1.3],
        ["", 1.0],
        ["BREAK", -1],
        ["", 1.0],
        ["cat:dog:0.5", pytest.approx(1 / 1.1)],
    ]
    assert told["schedule"] == [
        [10, "a (big:1.3) BREAK cat"],
        [20, "a (big:1.3) BREAK dog"],
    ]


def test_a_person_is_told_in_words(command):
    _, out, _ = command("[cat:dog:5] (sun:1.2) __nowhere__ <lora:ink:0.8:0.5> AND fog:0.4")

    assert out.splitlines() == [
        "[cat:dog:5] (sun:1.2) __nowhere__ <lora:ink:0.8:0.5> AND fog:0.4",
        "Weights:",
        "  1        cat",
        "  1.2      sun",
        "  1        __nowhere__  AND fog:0.4",
        "Steps:",
        "  to 5     cat (sun:1.2) __nowhere__  AND fog:0.4",
        "  to 20    dog (sun:1.2) __nowhere__  AND fog:0.4",
        "Drawn together:",
        "  1        [cat:dog:5] (sun:1.2) __nowhere__",
        "  0.4      fog",
        "LoRAs, network and text encoder:",
        "  0.8, 0.5 ink",
        "Wildcards that are not there:",
        "           nowhere",
    ]
    assert command("a plain apple")[1] == "a plain apple\n"


def test_choices_follow_the_seed(command):
    texts = {command("__colour__ {apple|pear}", "--seed", str(seed))[1] for seed in range(40)}

    assert len(texts) == 6
    assert command("__colour__", "--seed", "3") == command("__colour__", "--seed", "3")


@pytest.mark.parametrize(
    "words", [(), ("a", "b"), ("a", "--steps", "0"), ("a", "--steps", "x"), ("a", "--colour")]
)
def test_bad_use_is_told(command, words):
    code, out, error = command(*words)

    assert code == 2
    assert not out
    assert "Usage: app.py prompt" in error


def test_the_program_reads_a_persons_own_lists_without_torch(tmp_path):
    (tmp_path / "wildcards").mkdir()
    (tmp_path / "wildcards" / "colour.txt").write_text("red\n# a note\n\n", encoding="utf-8")
    places = {"EASEL_MODELS": str(tmp_path / "models"), "EASEL_DATA": str(tmp_path / "data")}
    code = (
        "import sys; from backend.api.cli import prompt; "
        "prompt(['a __colour__ apple']); sys.exit('torch' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**places, "PYTHONPATH": str(ROOT)},
    )

    assert (done.returncode, done.stdout) == (0, "a red apple\n")
    assert not (tmp_path / "data").exists(), "a look leaves nothing behind"
