"""What the command line may say."""

import re
from pathlib import Path

import pytest

from backend.setup.commands import COMMANDS, PAGE_FLAGS, SETUP_FLAGS, Command, parse, usage
from backend.setup.errors import UsageError
from ui.server.options import parse as serving_options

README = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", Command("page")),
        ("--port 9000 --no-browser", Command("page", ("--port", "9000", "--no-browser"))),
        ("--port=9000", Command("page", ("--port=9000",))),
        ("--torch cpu --listen", Command("page", ("--listen",), "cpu")),
        ("--torch=cu126", Command("page", (), "cu126")),
        ("doctor --torch rocm", Command("doctor", (), "rocm")),
        ("generate apple -o a.png", Command("generate", ("apple", "-o", "a.png"))),
        ("generate -- --torch", Command("generate", ("--", "--torch"))),
        ("test tests/unit -x", Command("test", ("tests/unit", "-x"))),
        ("--help", Command("help")),
        ("--port 9000 -h", Command("help")),
        ("generate --help", Command("generate", ("--help",))),
    ],
)
def test_a_line_is_read(line, expected):
    assert parse(line.split()) == expected


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("genrate", r"no command 'genrate' \(did you mean generate\?\)"),
        ("apple", "no command 'apple'"),
        ("--prot 9000", r"no flag '--prot' \(did you mean --port\?\)"),
        ("--listen 9000", "no flag '9000'"),
        ("--torch", "needs the name of a build"),
    ],
)
def test_a_slip_is_told_before_anything_is_installed(line, sentence):
    with pytest.raises(UsageError, match=sentence) as caught:
        parse(line.split())

    assert caught.value.hint


def test_the_flags_let_through_are_those_that_the_page_knows(capfd):
    assert serving_options(["--help"], lambda _: 0) == 0

    known = set(re.findall(r"--[a-z-]+", capfd.readouterr().out)) - {"--help"}
    assert known == PAGE_FLAGS.keys()


def test_the_help_names_every_command_and_flag():
    for word in [*COMMANDS, *PAGE_FLAGS, *SETUP_FLAGS]:
        assert word in usage()


@pytest.mark.parametrize("word", [*COMMANDS, *PAGE_FLAGS, *SETUP_FLAGS])
def test_the_readme_tells_of_every_command_and_flag(word):
    assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", README)
