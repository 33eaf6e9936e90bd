"""Optimisers: they do what their papers say, and what they remember is kept."""

import pytest
import torch
from torch import nn

from backend.engine.training.adamw_8bit import AdamW8bit, from_bytes, in_bytes
from backend.engine.training.optimisers import Group, counted, optimiser_of, remember, remembered
from backend.engine.training.prodigy import Prodigy
from backend.schema.training_learning import USUAL_RATES, LearningSettings

pytestmark = pytest.mark.usefixtures("one_thread")


def slopes(count, shape=(64, 80), seed=0):
    chance = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=chance) * 10 ** -(step % 4) for step in range(count)]


def steps_of(optimiser, parameter, gradients):
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimiser.step()
        optimiser.zero_grad()
    return parameter.detach().clone()


def parameter_of(seed=1, shape=(64, 80)):
    return nn.Parameter(torch.randn(shape, generator=torch.Generator().manual_seed(seed)))


def test_bytes_are_near_and_never_nothing():
    values = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    squares = values**8 + 1e-30

    signed = from_bytes(*in_bytes(values, signed=True), values.shape)
    positive = from_bytes(*in_bytes(values.square(), signed=False), values.shape)

    assert (signed - values).abs().max() < 0.02 * values.abs().max()
    assert (positive / values.square() - 1).abs().median() < 0.02
    assert (from_bytes(*in_bytes(squares, signed=False), squares.shape) > 0).all()


def test_eight_bits_go_nearly_where_adamw_goes():
    plain, short = parameter_of(), parameter_of()
    begin = plain.detach().clone()
    gradients = [0.3 * torch.ones(64, 80) + each for each in slopes(40)]

    exact = steps_of(torch.optim.AdamW([plain], lr=1e-2, weight_decay=0.1), plain, gradients)
    groups = [{"params": [short], "lr": 1e-2}]
    near = steps_of(AdamW8bit(groups, weight_decay=0.1), short, gradients)

    assert (near - exact).norm() < 0.03 * (exact - begin).norm()


def test_eight_bits_take_a_quarter_of_the_memory():
    parameter = parameter_of(shape=(512, 64))
    optimiser = AdamW8bit([{"params": [parameter], "lr": 1e-3}])
    steps_of(optimiser, parameter, slopes(1, (512, 64)))

    kept = sum(tensor.nbytes for _, tensor in remembered(optimiser))

    assert kept < 2 * parameter.nbytes * 0.27


def test_prodigy_takes_the_steps_of_its_paper():
    parameter = nn.Parameter(torch.tensor([1e-4, -2e-4]))
    optimiser = Prodigy([{"params": [parameter], "lr": 1.0}], weight_decay=0.01)
    start = x = parameter.detach().clone().double()
    gradients = [torch.tensor([0.5, -1.0]), torch.tensor([0.4, -0.7]), torch.tensor([0.3, 0.1])]
    d, r, root = 1e-6, 0.0, 0.999**0.5
    s = m = v = torch.zeros(2, dtype=torch.float64)

    for each in gradients:
        g = each.double()
        r = root * r + (1 - root) * d**2 * float(g @ (start - x))
        s = root * s + (1 - root) * d**2 * g
        m, v = 0.9 * m + 0.1 * d * g, 0.999 * v + 0.001 * d**2 * g**2
        x = x * (1 - 0.01 * d) - d * m / (v.sqrt() + d * 1e-8)
        d = max(d, r / float(s.abs().sum()))
    ended = steps_of(optimiser, parameter, gradients)

    assert torch.allclose(ended.double(), x, rtol=1e-6)
    assert optimiser.param_groups[0]["distance"] == pytest.approx(d, rel=1e-4)


def test_prodigy_finds_its_way_without_a_rate():
    parameter, goal = parameter_of(), parameter_of(2).detach()
    optimiser = Prodigy([{"params": [parameter], "lr": 1.0}])
    before = (parameter.detach() - goal).norm()

    for _ in range(300):
        optimiser.zero_grad()
        (parameter - goal).square().sum().backward()
        optimiser.step()

    assert (parameter.detach() - goal).norm() < before / 10


@pytest.mark.parametrize("name", list(USUAL_RATES))
def test_what_is_remembered_goes_on_exactly(name):
    asked = LearningSettings(optimiser=name)
    gradients = slopes(6)

    def begun():
        parameter, other = parameter_of(), parameter_of(5, (8,))
        groups = [Group([parameter], asked.learning_rate), Group([other], 0.5)]
        return parameter, optimiser_of(groups, asked)

    parameter, optimiser = begun()
    whole = steps_of(optimiser, parameter, gradients)
    first, optimiser = begun()
    halfway = steps_of(optimiser, first, gradients[:3])
    kept = {name: tensor.clone() for name, tensor in remembered(optimiser)}, counted(optimiser)
    second, optimiser = begun()
    second.data.copy_(halfway)
    remember(optimiser, *kept)

    assert torch.equal(steps_of(optimiser, second, gradients[3:]), whole)
    assert not torch.equal(whole, halfway)
