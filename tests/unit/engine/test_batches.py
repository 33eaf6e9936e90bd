"""Which batches are made, and again after a crash."""

import pytest

from backend.engine.batches import remaining_batches
from backend.schema.picture_settings import BatchSettings
from backend.schema.resolved import ResolvedVariation
from tests.fixtures.starter import starter_request


def request(size: int, count: int):
    return starter_request(seed=10, batch=BatchSettings(size=size, count=count))


def test_a_fresh_request_makes_every_picture_with_its_own_seed():
    batches = remaining_batches(request(2, 3), frozenset())

    assert [batch.number for batch in batches] == [1, 2, 3]
    assert [batch.indices for batch in batches] == [(0, 1), (2, 3), (4, 5)]
    assert [batch.seeds for batch in batches] == [(10, 11), (12, 13), (14, 15)]
    assert all(batch.count == 3 for batch in batches)
    assert batches[1].missing == ((0, 2), (1, 3))


def test_the_pictures_of_a_varied_request_share_a_seed_and_not_their_variation():
    variation = ResolvedVariation(seed=2**32 - 2, strength=0.1)
    varied = request(2, 2).model_copy(update={"variation": variation})

    batches = remaining_batches(varied, frozenset())

    assert [batch.seeds for batch in batches] == [(10, 10), (10, 10)]
    seeds = [each.seed for batch in batches for each in batch.variations]
    assert seeds == [2**32 - 2, 2**32 - 1, 0, 1]


@pytest.mark.parametrize(
    ("finished", "numbers", "missing"),
    [
        ({0, 1}, [2, 3], [2, 3, 4, 5]),
        ({0, 1, 2}, [2, 3], [3, 4, 5]),
        ({1, 3}, [1, 2, 3], [0, 2, 4, 5]),
        ({0, 1, 2, 3, 4, 5}, [], []),
    ],
)
def test_only_what_is_missing_is_made_but_in_whole_batches(finished, numbers, missing):
    batches = remaining_batches(request(2, 3), finished)

    assert [batch.number for batch in batches] == numbers
    assert [index for batch in batches for _, index in batch.missing] == missing
    assert all(len(batch.seeds) == 2 for batch in batches)
