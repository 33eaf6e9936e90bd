"""What runs took beside their weights corrects the next plans, carefully."""

import pytest

from backend.memory.peaks import PeakBook, ratio_of
from backend.memory.plan import plan
from backend.memory.published import published
from backend.schema.memory import Budget

GIB = 2**30
CARD = Budget(device="cuda", device_bytes=24 * GIB, ram_bytes=32 * GIB)


@pytest.fixture
def workload():
    return next(published()).workload


@pytest.fixture
def book(tmp_path):
    return PeakBook(tmp_path / "deep" / "peaks.json")


def correction_after(book, workload, *ratios):
    for ratio in ratios:
        book.learn("card", workload, ratio)
    return book.correction("card", workload)


def test_nothing_is_corrected_before_the_first_run(book, workload):
    assert book.correction("card", workload) == 1.0


def test_a_run_that_took_more_counts_at_once(book, workload):
    assert correction_after(book, workload, 1.3) == 1.3
    assert correction_after(book, workload, 1.1) == 1.3
    assert book.correction("another card", workload) == 1.0
    assert book.correction("card", workload.model_copy(update={"family": "sd2"})) == 1.0


def test_less_is_planned_only_when_enough_runs_agree(book, workload):
    assert correction_after(book, workload, 0.8, 0.7, 0.8, 0.7) == 1.0
    assert correction_after(book, workload, 0.75) == 0.8


def test_one_bad_run_is_forgotten_after_enough_good_ones(book, workload):
    assert correction_after(book, workload, 1.5, 1.0, 1.0, 1.0, 1.0) == 1.5
    assert correction_after(book, workload, 1.0) == 1.0


def test_what_no_network_explains_counts_only_as_far_as_one_could(book, workload):
    assert correction_after(book, workload, 40.0) == 2.0
    assert correction_after(book, workload, *[-3.0] * 5) == 0.5


def test_a_broken_file_counts_as_empty_and_is_replaced(tmp_path, workload):
    file = tmp_path / "peaks.json"
    file.write_text("{half a")

    assert correction_after(PeakBook(file), workload, 1.2) == 1.2


@pytest.mark.parametrize("before", [1.0, 1.25])
def test_a_plan_that_is_corrected_by_its_own_measure_says_what_was_measured(workload, before):
    view = plan(workload, CARD, correction=before)
    measured = view.peak_bytes + 300_000_000

    ratio = ratio_of(view, measured, before)

    corrected = plan(workload, CARD, correction=ratio)
    assert corrected.peak_bytes == pytest.approx(measured, rel=1e-6)
    assert sum(piece.bytes for piece in corrected.pieces) == corrected.peak_bytes
    assert [part.device_bytes for part in corrected.parts] == [
        part.device_bytes for part in view.parts
    ]
