"""From the command line to the command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backend.setup import entrance
from backend.setup.entrance import run
from backend.setup.errors import SetupError

ROOT = Path(__file__).resolve().parents[3]


class TakenOverError(Exception):
    """Another Python runs in the place of this one."""


@pytest.fixture
def prepared(monkeypatch):
    """What was asked of the environment; nothing is really prepared."""
    asked = []
    monkeypatch.setattr(entrance, "prepare", lambda _, wanted: asked.append(wanted))
    return asked


@pytest.fixture
def inside(monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(ROOT / ".venv"))


def test_help_needs_no_environment(prepared, capfd):
    assert run(["--help"], {}) == 0

    assert "python3 app.py [flags]" in capfd.readouterr().out
    assert prepared == []


def test_a_slip_is_one_sentence_and_code_2(prepared, capfd):
    assert run(["genrate"], {}) == 2

    assert "did you mean generate?" in capfd.readouterr().err
    assert prepared == []


def test_the_page_gets_its_flags_but_not_those_of_the_set_up(prepared, inside):
    got = []

    assert (
        run(["--torch", "cpu", "--port", "9000"], {"page": lambda rest: got.append(rest) or 7}) == 7
    )

    assert got == [("--port", "9000")]
    assert [(wanted.torch, wanted.tests) for wanted in prepared] == [("cpu", False)]


def test_generate_gets_the_rest(prepared, inside):
    got = []

    assert (
        run(["generate", "apple", "-o", "a.png"], {"generate": lambda rest: got.append(rest) or 0})
        == 0
    )

    assert got == [("apple", "-o", "a.png")]


@pytest.mark.skipif(os.name == "nt", reason="Windows starts a child instead")
def test_outside_the_environment_its_python_takes_over(prepared, monkeypatch):
    def take_over(program, line):
        raise TakenOverError(program, line)  # the real one does not come back either

    monkeypatch.setattr(sys, "prefix", "/usr")
    monkeypatch.setattr(os, "execv", take_over)

    with pytest.raises(TakenOverError) as caught:
        run(["generate", "apple"], {})

    python = str(ROOT / ".venv" / "bin" / "python")
    assert caught.value.args == (python, [python, str(ROOT / "app.py"), "generate", "apple"])


def test_what_keeps_it_from_being_set_up_is_one_sentence(monkeypatch, capfd):
    def fail(*_):
        raise SetupError("The disk is full.", "Make room.")

    monkeypatch.setattr(entrance, "prepare", fail)

    assert run([], {}) == 1

    assert capfd.readouterr().err == "The disk is full. Make room.\n"


def test_ctrl_c_is_no_traceback(monkeypatch, capfd):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(entrance, "prepare", interrupt)

    assert run([], {}) == 130

    assert "goes on from here" in capfd.readouterr().err


def test_doctor_tells_which_words_it_knows(capfd):
    assert run(["doctor", "--fix-everything"], {}) == 2

    assert "--check" in capfd.readouterr().err


@pytest.mark.parametrize("version", ["(3, 6, 15)", "(3, 10, 13)"])
def test_an_old_python_is_told_what_easel_needs(version):
    code = f"import sys, runpy; sys.version_info = {version}; sys.argv = ['app.py']; "
    code += f"runpy.run_path({str(ROOT / 'app.py')!r}, run_name='__main__')"

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "needs Python 3.11 or newer, and this is Python 3." in done.stderr
    assert "https://www.python.org/downloads/" in done.stderr
    assert "Traceback" not in done.stderr


def test_app_py_speaks_the_python_of_long_ago():
    compile_old = "import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 7))"

    done = subprocess.run(
        [sys.executable, "-c", compile_old, ROOT / "app.py"], capture_output=True, check=False
    )

    assert done.returncode == 0
    assert 'f"' not in (ROOT / "app.py").read_text(encoding="utf-8")
