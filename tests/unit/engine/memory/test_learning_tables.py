"""What learning is said to take, beside what the allocator hands out in real steps."""

import pytest
import torch

from backend.engine.memory.learning_tables import measure, networks
from backend.engine.training.checkpointing import checkpointed
from backend.engine.training.paths import Paths
from backend.memory.learning_tables import load_learning_tables
from backend.memory.tables import STARTER
from backend.schema.training_network import NetworkSettings
from tests.fixtures.loaded import loaded
from tests.fixtures.starter import STARTER as STARTER_FOLDER
from tests.unit.engine.memory.test_real_peaks import CLOSE, allocated_peak

SIDE = 32


@pytest.fixture(scope="module")
def kept():
    tables = load_learning_tables().tables
    [table] = [t for t in tables if (t.name, t.layers) == (STARTER, "blocks")]
    return table


def test_the_tables_are_current(kept):
    family, name, part = next(networks())

    assert measure(family, name, part, "blocks") == kept


@pytest.mark.parametrize("twice", [False, True])
def test_the_starter_learns_in_the_memory_that_was_estimated(kept, twice):
    network = loaded("sd15", STARTER_FOLDER).unet
    network.requires_grad_(requires_grad=False)
    paths = Paths.beside(network, NetworkSettings(), 0)
    states = torch.randn(1, 77, network.config["cross_attention_dim"])

    def step():
        with torch.enable_grad(), paths.walked(network), checkpointed(network, on=twice):
            latents = torch.randn(1, 4, SIDE, SIDE)
            said = network(latents, torch.ones(1), states, return_dict=False)[0]
            said.square().mean().backward()

    peak = allocated_peak(step)

    assert kept.activations(SIDE**2, "full", twice=twice) == pytest.approx(peak, rel=CLOSE)


def test_what_learns_is_counted_as_it_is(kept):
    network = loaded("sd15", STARTER_FOLDER).unet
    for rank in (4, 128):
        paths = Paths.beside(network, NetworkSettings(rank=rank), 0)
        assert kept.numbers(rank) == sum(each.numel() for each in paths.parameters)
