"""What decoding in tiles takes, as it is planned."""

import pytest

from backend.memory.estimate import Part
from backend.memory.tables import PUBLISHED, load_tables
from backend.memory.tiles import decoded_pixels, tiles_along
from backend.schema.models import PartFacts

MIB = 2**20


@pytest.fixture
def vae():
    [table] = [t for t in load_tables().families if (t.family, t.name) == ("sdxl", PUBLISHED)]
    part = table.part("vae")
    assert part
    facts = PartFacts(role="vae", parameters=part.parameters, bytes=2 * part.parameters)
    return Part.on("cuda", facts, part)


@pytest.mark.parametrize(
    ("length", "side", "count"),
    [(64, 64, 1), (65, 64, 2), (112, 64, 2), (113, 64, 3), (128, 32, 5)],
)
def test_as_few_tiles_as_overlap_enough(length, side, count):
    assert tiles_along(length, side) == count


def test_every_tile_is_decoded_twice_and_one_more_for_a_guess():
    assert decoded_pixels(128, 64, 64) == (2 * 3 + 1) * 64 * 64


def test_the_time_is_that_of_all_tiles_together(vae):
    whole = vae.table.operations_at(32 * 32)
    tiled = vae.table.tiled_operations(32 * 32, decoded_pixels(32, 32, 16))

    assert tiled / whole == pytest.approx(4.7, abs=0.1)  # measured on a processor: 5.2


def test_large_pictures_count_with_all_that_is_kept_of_them(vae):
    features = 128 * 128 * 512 * 4
    canvas = 1024 * 1024 * 16

    tiled = vae.tiled_activations(64, 128 * 128)

    assert tiled == features + canvas + vae.activations(64 * 64)
    assert tiled < vae.activations(128 * 128) / 3


def test_the_first_layers_set_the_peak_where_tiles_are_small_beside_the_picture(vae):
    features = 128 * 128 * 512 * 4

    tiled = vae.tiled_activations(32, 128 * 128)

    assert tiled == vae.tiled_activations(16, 128 * 128) > 4 * features
