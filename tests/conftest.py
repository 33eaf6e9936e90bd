"""What holds for every test."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from backend.channel.subprocess import ENGINE_ENVIRONMENT
from tests.fixtures.hub_server import HubServer, hub_server

# Tests that compute in this process compute as the engine does: set before anyone imports torch.
os.environ.update(ENGINE_ENVIRONMENT)
if "PYTEST_XDIST_WORKER" in os.environ:  # threads of tests side by side would wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A machine that does other things at the same time is no failure.
settings.register_profile("easel", deadline=None)
settings.load_profile("easel")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Compute with one thread, the engine too.

    Small networks gain nothing from threads, which wait for each other on a busy machine.
    """
    import torch  # noqa: PLC0415  most tests need none

    before = torch.get_num_threads()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        torch.set_num_threads(1)
        yield
    torch.set_num_threads(before)


@pytest.fixture
def hubs() -> Iterator[HubServer]:
    """Both hubs of models, on loopback."""
    with hub_server() as running:
        yield running
