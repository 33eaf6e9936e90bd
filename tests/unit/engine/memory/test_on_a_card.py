"""Placements on a real graphics card, with measured peaks: `python3 app.py test -m gpu`."""

import pytest
import torch

from backend.engine.memory.placing import How, Placing
from tests.fixtures.drawing import drawn
from tests.fixtures.loaded import loaded
from tests.fixtures.starter import STARTER

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA or AMD card"),
]


def on_the_card(placement):
    """The starter with all parts placed so, what it draws, and the most memory that took."""
    part = How(placement)
    whole = How("resident" if placement == "resident" else "model")
    placing = Placing({"diffusion_model": part, "clip_l": part, "vae": whole})
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    model = loaded("sd15", STARTER, device="cuda", placing=placing)
    made = drawn(model)
    torch.cuda.synchronize()
    return made, model.workplace.tally.most, torch.cuda.max_memory_allocated()


def test_each_placement_draws_the_same_in_less_memory():
    results = {each: on_the_card(each) for each in ("resident", "model", "group", "leaf")}

    usual = results["resident"][0]
    assert all(made.equals(usual) for made, _, _ in results.values())
    counted = [most for _, most, _ in results.values()]
    measured = [peak for _, _, peak in results.values()]
    assert counted == sorted(counted, reverse=True)
    assert measured == sorted(measured, reverse=True)
    assert measured[0] - measured[-1] >= 0.8 * (counted[0] - counted[-1])
