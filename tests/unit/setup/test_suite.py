"""The account of `app.py test`."""

import os
import re
import time

import pytest

from backend.setup import slowness, suite
from backend.setup.environment import Environment
from backend.setup.suite import Counts, Suite, read_report, selects

REPORT = """<testsuites><testsuite>
<testcase classname="tests.unit.setup.test_a" name="one" time="1.5"/>
<testcase classname="tests.unit.test_b" name="two" time="0.5"><failure/></testcase>
<testcase classname="tests.ui.test_c" name="three" time="2"><skipped/></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("line", "selected"),
    [
        ("", False),
        ("-x -q", False),
        ("tests/unit", True),
        ("tests/unit/setup/test_suite.py::test_a", True),
        ("-k infotext", True),
        ("-m gpu", True),
        ("--maxfail=1", False),
    ],
)
def test_what_picks_tests_leaves_the_other_checks_out(line, selected, pytestconfig):
    assert selects(line.split(), pytestconfig.rootpath) is selected


def test_a_report_is_added_up_by_folder(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(REPORT)

    parts, counts = read_report(report)

    assert [(part.name, part.seconds, part.passed) for part in parts] == [
        ("tests/ui", 2.0, True),
        ("tests/unit", 2.0, False),
    ]
    assert counts == Counts(passed=1, failed=1, skipped=1)


def test_the_parts_budgets_make_up_the_whole():
    assert sum(suite.BUDGETS.values()) == suite.WHOLE_BUDGET


def test_every_folder_of_tests_has_a_budget(pytestconfig):
    folders = {
        file.relative_to(pytestconfig.rootpath).parts[1]
        for file in (pytestconfig.rootpath / "tests").rglob("test_*.py")
    }

    assert {f"tests/{folder}" for folder in folders} <= suite.BUDGETS.keys()


def test_no_report_is_no_test(tmp_path):
    assert read_report(tmp_path / "none.xml") == ([], Counts())


@pytest.fixture
def environment(tmp_path):
    """An environment whose Python writes the report and fails where a file says so."""
    python = Environment(tmp_path).python
    python.parent.mkdir(parents=True)
    (tmp_path / "report.xml").write_text(REPORT.replace("<failure/>", ""))
    python.write_text(
        "#!/bin/sh\n"
        'for word in "$@"; do\n'
        '  case "$word" in --junit-xml=*) cp report.xml "${word#*=}" ;; esac\n'
        "done\n"
        'echo "$@" >> asked; case "$*" in *ruff*check* | *pyright*) [ ! -e bad ] ;; esac\n'
    )
    python.chmod(0o755)
    return Environment(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")
class TestRun:
    def test_everything_runs_and_is_accounted_for(self, environment, capfd):
        assert Suite(environment).run([]) == 0

        said = capfd.readouterr().out
        asked = (environment.root / "asked").read_text()
        for part in ("ruff format --check", "ruff check", "pyright", "lint_imports", "pytest"):
            assert part in asked
        assert "-m not gpu and not slow" in asked
        assert "tests/unit" in said
        assert said.rstrip().endswith("2 passed, 0 failed, 1 skipped")

    def test_the_whole_runs_side_by_side_and_a_folders_seconds_are_those_of_the_clock(
        self, environment, capfd
    ):
        Suite(environment).run([])

        assert "-n 2 --dist=loadfile" in (environment.root / "asked").read_text()
        assert "tests/unit              1.0 s" in capfd.readouterr().out

    def test_a_part_runs_in_one_process(self, environment, capfd):
        Suite(environment).run(["-k", "infotext"])

        assert "--dist" not in (environment.root / "asked").read_text()
        assert "tests/unit              2.0 s" in capfd.readouterr().out

    def test_a_failed_check_fails_the_whole_and_is_named(self, environment, capfd):
        (environment.root / "bad").touch()

        assert Suite(environment).run([]) == 1

        assert "Failed: format, lint, types." in capfd.readouterr().out

    def test_a_mark_asked_for_takes_the_usual_ones_place(self, environment):
        assert Suite(environment).run(["-m", "gpu"]) == 0

        asked = (environment.root / "asked").read_text()
        assert "not gpu" not in asked
        assert "ruff" not in asked

    def test_a_whole_that_takes_too_long_fails(self, environment, monkeypatch, capfd):
        monkeypatch.setattr(suite, "WHOLE_BUDGET", 0.0)

        assert Suite(environment).run([]) == 1

        assert "longer than it may" in capfd.readouterr().out

    def test_a_machine_half_as_fast_may_take_twice_as_long(self, environment, monkeypatch, capfd):
        monkeypatch.setattr(slowness, "_work", lambda: burn(2.1 * slowness.REFERENCE))

        Suite(environment).run([])

        said = capfd.readouterr().out
        allowed = [float(word) for word in re.findall(r"whole .* of +(\d+) s", said)]
        assert allowed[0] >= 2 * suite.WHOLE_BUDGET
        assert "times as fast as this one" in said


def burn(seconds: float):
    """Keep the processor busy for so many of its own seconds."""
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        pass
