"""Enlarging in tiles: no seams, whatever the tiles' size, and no more memory than one tile's."""

import tracemalloc
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from backend.engine.upscaling.spans import spans
from backend.engine.upscaling.tiled import Tiling
from backend.schema.errors import OutOfMemoryError


@dataclass
class Nearest:
    """A network that repeats pixels; it can hold tiles of so many pixels a side."""

    scale: int = 4
    room: int = 10_000
    offset: bool = False
    """Whether each tile is a little lighter than the one before."""
    seen: list[tuple[int, int]] = field(default_factory=list)

    def enlarge(self, piece):
        height, width, _ = piece.shape
        if max(height, width) > self.room:
            raise MemoryError
        self.seen.append((height, width))
        large = piece.repeat(self.scale, 0).repeat(self.scale, 1)
        return large + np.uint8(8 * (len(self.seen) % 2)) if self.offset else large


def nothing_to_free() -> bool:
    return False


def photo(height, width):
    down, across = np.mgrid[0:height, 0:width]
    waves = [
        120 + 90 * np.sin(down / a) * np.cos(across / b) for a, b in ((9, 7), (5, 21), (31, 4))
    ]
    return np.stack(waves, -1).astype(np.uint8)


def run(tiling, picture, size):
    events = tiling.enlarge(picture, size)
    told = []
    while True:
        try:
            told.append(next(events))
        except StopIteration as end:
            return end.value, told


@given(st.integers(1, 900), st.integers(32, 300), st.floats(1.5, 8))
@settings(max_examples=60, deadline=None)
def test_tiles_cover_a_side_and_overlap_a_little(length, tile, factor):
    result = round(length * factor)
    found = spans(length, result, tile)

    assert (found[0].first, found[0].start) == (0, 0)
    assert (found[-1].last, found[-1].end) == (length, result)
    assert all(span.last - span.first <= tile for span in found)
    for one, other in pairwise(found):
        assert one.start < other.start < one.end < other.end
    for span in found:
        assert span.first <= span.start / factor + 1
        assert span.last >= span.end / factor - 1


@pytest.mark.parametrize("size", [(600, 400), (300, 200), (225, 150), (541, 363)])
def test_a_tiled_picture_is_the_untiled_one(size):
    picture = photo(100, 150)

    whole, _ = run(Tiling(Nearest(), 512, nothing_to_free), picture, size)
    tiled, told = run(Tiling(Nearest(), 64, nothing_to_free), picture, size)

    assert whole.shape == (size[1], size[0], 3)
    assert len(told) > 8
    assert np.abs(whole.astype(int) - tiled).max() <= 2  # of 255: what is rounded twice


def test_lanczos_in_tiles_is_lanczos():
    picture = photo(90, 120)

    tiled, _ = run(Tiling(Nearest(scale=4), 48, nothing_to_free), picture, (300, 225))

    large = Image.fromarray(picture.repeat(4, 0).repeat(4, 1))
    exact = np.asarray(large.resize((300, 225), Image.Resampling.LANCZOS))
    assert np.abs(exact.astype(int) - tiled).max() <= 2


def test_tiles_that_differ_fade_into_each_other():
    grey = np.full((200, 200, 3), 100, np.uint8)

    result, _ = run(Tiling(Nearest(offset=True), 96, nothing_to_free), grey, (800, 800))

    assert len({int(value) for value in np.unique(result)}) > 4
    for axis in (0, 1):
        assert np.abs(np.diff(result.astype(int), axis=axis)).max() <= 1


def test_memory_that_runs_out_makes_tiles_smaller_and_loses_nothing():
    picture, freed = photo(160, 160), []
    network = Nearest(room=10_000)
    tiling = Tiling(network, 96, lambda: not freed and not freed.append(1))
    events = tiling.enlarge(picture, (640, 640))
    assert next(events) == 1
    network.room = 40

    told, before = [1], len(network.seen)
    while True:
        try:
            told.append(next(events))
        except StopIteration as end:
            result = end.value
            break

    whole, _ = run(Tiling(Nearest(), 512, nothing_to_free), picture, (640, 640))
    assert np.abs(whole.astype(int) - result).max() <= 1
    assert freed == [1]  # first of all, others give back what they hold
    assert sum(told) == tiling_count(160, 640, 96)
    assert before == 1
    assert max(max(shape) for shape in network.seen[1:]) <= 40


def tiling_count(length, result, tile):
    return len(spans(length, result, tile)) ** 2


def test_what_fits_in_no_tile_is_said():
    tiling = Tiling(Nearest(room=8), 96, nothing_to_free)

    with pytest.raises(OutOfMemoryError, match="smallest tile"):
        run(tiling, photo(100, 100), (400, 400))


def test_another_failure_is_no_lack_of_memory():
    class Broken(Nearest):
        def enlarge(self, piece):
            raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        run(Tiling(Broken(), 96, nothing_to_free), photo(40, 40), (160, 160))


def test_twelve_megapixels_take_the_result_and_one_tile():
    def peak_beside_the_result(height, width, tile):
        picture = photo(height, width)
        tracemalloc.start()
        result, _ = run(Tiling(Nearest(), tile, nothing_to_free), picture, (width * 4, height * 4))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak - result.nbytes

    small, large = (peak_beside_the_result(*size, 128) for size in ((250, 250), (750, 1000)))
    wider = peak_beside_the_result(500, 500, 256)
    band = 1000 * 4 * 16 * 4 * 3 * 3  # what two rows of tiles share, in and out of bytes
    assert large < small + 4 * band
    assert wider > 1.5 * small
