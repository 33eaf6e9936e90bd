"""Random numbers as cards draw them, against numbers that others published."""

import numpy as np
import pytest
import torch

from backend.engine.samplers.philox import CardDraws, philox

ON_A_CARD = [
    # what A1111's source documents for seed 0, and a card gives
    [-0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122],
    [-0.32838709, -1.07454231, -0.36314407, -1.67105067, 2.26550497],
]


def words(*numbers: int):
    a, b, c, d = (np.array([number], dtype=np.uint64) for number in numbers)
    return a, b, c, d


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        # the known answers that come with Random123, the authors' own implementation
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (
            (0xFFFFFFFF,) * 4,
            (0xFFFFFFFF,) * 2,
            (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
        ),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_generator_gives_the_published_answers(counter, key, expected):
    assert tuple(int(word[0]) for word in philox(words(*counter), key)) == expected


def test_normal_numbers_are_those_of_a_card():
    drawn = CardDraws(0).draw((3, 4))

    assert drawn.dtype == torch.float32
    assert drawn.flatten().tolist() == pytest.approx(
        [number for row in ON_A_CARD for number in row], 1e-6
    )


def test_draws_and_seeds_are_independent():
    source = CardDraws(2**32 + 7)
    first, second = source.draw((4, 64, 64)), source.draw((4, 64, 64))
    other = CardDraws(7).draw((4, 64, 64))

    for one, two in ((first, second), (first, other)):
        together = torch.stack([one.flatten(), two.flatten()])
        assert together.corrcoef()[0, 1].abs() < 0.03
    assert first.mean().abs() < 0.03
    assert first.std().item() == pytest.approx(1, abs=0.02)
