"""Switching between models leaves the memory as it was."""

import pytest

from backend.engine.residency import bytes_of
from benchmarks.model_switch import switched
from tests.fixtures.starter import starter_request

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("room", [1, 2])
def test_switching_to_and_fro_does_not_fill_the_memory(tmp_path, room):
    found = switched(tmp_path, 7, room)

    assert found.growth < bytes_of(starter_request().model) / 2
