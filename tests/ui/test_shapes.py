"""The sizes that the page offers: those that a family learned."""

import pytest

from backend.metadata.catalogue import load_catalogue
from ui.library import family_facts

FAMILIES = {each.id: family_facts(each) for each in load_catalogue().families}


@pytest.mark.parametrize(
    ("family", "variant", "shape", "size"),
    [
        ("sdxl", "", "3:4", (896, 1152)),
        ("sdxl", "", "16:9", (1344, 768)),
        ("sdxl", "turbo", "4:3", (592, 440)),
        ("sd15", "", "9:16", (512, 896)),
        ("flux1", "", "4:3", (1184, 880)),
    ],
)
def test_a_shape_is_a_size_that_the_model_learned(family, variant, shape, size):
    assert FAMILIES[family].starts[variant].shapes[shape] == size
