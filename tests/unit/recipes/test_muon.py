"""Muon's steps."""

import pytest
import torch

from recipes.starter.muon import Muon, orthogonalise


@pytest.mark.parametrize("shape", [(8, 8), (6, 20), (20, 6)])
def test_singular_values_come_near_one(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    values = torch.linalg.svdvals(orthogonalise(matrix))
    assert float(values.min()) > 0.5
    assert float(values.max()) < 1.4


def test_it_finds_the_least_squares_solution():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(64, 5, generator=generator)
    wanted = inputs @ torch.randn(5, 5, generator=generator)
    weight = torch.zeros(5, 5, requires_grad=True)
    optimizer = Muon([weight], lr=0.05)
    for step in range(200):
        for group in optimizer.param_groups:
            group["lr"] = 0.05 * (1 - step / 200)
        (inputs @ weight - wanted).square().mean().backward()
        optimizer.step()
        optimizer.zero_grad()
    assert float((inputs @ weight - wanted).square().mean().detach()) < 0.01


def test_a_parameter_without_gradient_stays():
    weight = torch.ones(3, 3, requires_grad=True)
    Muon([weight], lr=0.1).step()
    assert torch.equal(weight, torch.ones(3, 3))
