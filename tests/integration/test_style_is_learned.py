"""A style is learned from twelve pictures, and is there only where it is called."""

import pytest

from benchmarks.style import measure

pytestmark = [pytest.mark.slow, pytest.mark.engine, pytest.mark.timeout(1200)]


def test_a_style_of_twelve_pictures_is_learned_and_called_by_its_trigger(tmp_path):
    figures = measure(tmp_path)

    assert figures.accuracy >= 0.9
    assert figures.called >= 0.8
    assert figures.uncalled <= 0.2
