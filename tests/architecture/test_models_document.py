"""`docs/models.md` tells what is registered and tested, no more and no less."""

import pytest

from benchmarks.models_document import DOCUMENT, document, kept_measurements, measured_in
from benchmarks.models_table import named
from tests.fixtures.layouts import cases

WRITE_ANEW = "run python -m benchmarks.models_table"


@pytest.fixture(scope="module")
def text() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def test_each_row_is_a_case_that_is_tested_and_none_is_missing(text):
    assert measured_in(text) == [named(case) for case in cases()], WRITE_ANEW


def test_its_text_and_what_the_program_knows_are_current(text):
    assert document(kept_measurements(text)) == text, f"{WRITE_ANEW} --text"


def test_every_step_is_as_diffusers_takes_it(text):
    figures = [float(line.split("|")[5]) for line in text.splitlines() if "| yes | yes |" in line]

    assert len(figures) == len(cases())
    assert max(figures) < 1e-5
