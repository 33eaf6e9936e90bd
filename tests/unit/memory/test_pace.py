"""What this machine's own runs told about its speed."""

import pytest

from backend.memory.pace import PaceBook, work_of
from backend.memory.published import published


@pytest.fixture
def workload():
    return next(published()).workload


@pytest.fixture
def paces(tmp_path):
    return PaceBook(tmp_path / "deep" / "pace.json")


def test_nothing_is_known_before_the_first_run(paces, workload):
    assert paces.rate("card", workload) is None
    assert paces.last_device == ""


def test_a_run_tells_the_rate_of_its_device_and_network(paces, workload):
    paces.learn("card", workload, seconds=5)

    assert paces.rate("card", workload) == pytest.approx(work_of(workload) / 5)
    assert paces.rate("another card", workload) is None
    assert paces.rate("card", workload.model_copy(update={"family": "sd2"})) is None
    assert paces.last_device == "card"


def test_new_runs_count_beside_old_ones(paces, workload):
    paces.learn("card", workload, seconds=5)
    paces.learn("card", workload, seconds=10)

    slow, fast = work_of(workload) / 10, work_of(workload) / 5
    assert slow < paces.rate("card", workload) < fast


def test_the_nearest_size_tells(paces, workload):
    small = workload.model_copy(update={"width": 256, "height": 256})
    large = workload.model_copy(update={"width": 1024, "height": 1024})
    paces.learn("card", small, seconds=1)
    paces.learn("card", large, seconds=100)

    near = workload.model_copy(update={"width": 320, "height": 320})
    assert paces.rate("card", near) == paces.rate("card", small)
    assert paces.rate("card", small) != paces.rate("card", large)


def test_a_broken_file_counts_as_empty_and_is_replaced(tmp_path, workload):
    file = tmp_path / "pace.json"
    file.write_text("{half a")
    paces = PaceBook(file)

    assert paces.rate("card", workload) is None
    paces.learn("card", workload, seconds=5)
    assert paces.rate("card", workload) is not None
    assert [path.name for path in tmp_path.iterdir()] == ["pace.json"]


def test_a_run_without_time_teaches_nothing(paces, workload):
    paces.learn("card", workload, seconds=0)

    assert paces.rate("card", workload) is None
