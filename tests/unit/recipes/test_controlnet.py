"""Canny edges, the pictures that teach them, and a few steps of the ControlNet's training."""

import numpy as np
import pytest
import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

from recipes.starter import train_controlnet, training
from recipes.starter.build_edges import place_anywhere
from recipes.starter.captions import ObjectCaption
from recipes.starter.edges import TOLERANCE, agreement, find_edges
from recipes.starter.examples import Examples
from recipes.starter.noise import noise_levels
from recipes.starter.parts import predict, steer
from recipes.starter.train_controlnet import (
    STRENGTH,
    ControlTraining,
    EdgeExamples,
    make_controlnet,
)
from recipes.starter.train_unet import BatchMaker
from recipes.starter.training import Plan

STEPS = 4


def square(left: int) -> np.ndarray:
    """A white square on black, 128 × 128."""
    picture = np.zeros((128, 128, 3), np.float32)
    picture[40:80, left : left + 40] = 1
    return picture


@pytest.fixture
def unet(tmp_path):
    """A folder with a UNet of the starter's form in tiny."""
    torch.manual_seed(0)
    network = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=192,
        attention_head_dim=2,
        norm_num_groups=4,
    )
    network.save_pretrained(tmp_path / "unet")
    return tmp_path / "unet"


@pytest.fixture
def data() -> EdgeExamples:
    """Two pictures whose latents and edges differ and whose captions do not."""
    caption = ObjectCaption(words=("star",), colour=None, background="white")
    latents = torch.stack([torch.full((4, 16, 16), value) for value in (-1.0, 1.0)])
    edges = torch.stack([torch.from_numpy(find_edges(square(left))) for left in (20, 60)])
    examples = Examples(latents=latents, captions=(caption,) * 2)
    return EdgeExamples(examples=examples, edges=edges)


def test_the_edges_of_a_square_are_its_outline():
    edges = find_edges(square(30))
    assert edges[38:42, 50].any()
    assert not edges[50:70, 40:60].any()
    assert 100 < edges.sum() < 250


def test_edges_agree_with_themselves_and_less_the_further_they_move():
    here, near, far = (find_edges(square(left)) for left in (30, 30 + TOLERANCE, 50))
    assert agreement(here, here) == pytest.approx(1)
    assert agreement(near, here) > 0.95
    assert agreement(far, here) < 0.6
    assert agreement(np.zeros_like(here), here) == 0


def test_objects_stand_anywhere_but_inside():
    random = np.random.default_rng(0)
    places = [place_anywhere(random) for _ in range(200)]
    assert all(abs(place.right) + place.scale / 2 <= 0.5 for place in places)
    assert max(place.right for place in places) > 0.15
    assert min(place.scale for place in places) < 0.5


def test_an_untrained_controlnet_changes_nothing(unet, data):
    network = UNet2DConditionModel.from_pretrained(unet)
    seen = BatchMaker(data.examples, 2, 0, torch.ones(1000)).draw().seen
    with torch.no_grad():
        control = steer(make_controlnet(network), seen, data.maps(torch.tensor([0, 1])))
        assert torch.allclose(predict(network, seen, control), predict(network, seen))


def test_a_few_steps_listen_to_the_map_and_can_be_gone_on_with(
    unet, data, tmp_path, monkeypatch, one_thread
):
    for module in (training, train_controlnet):
        monkeypatch.setattr(module, "WORK", tmp_path)
    plan = Plan(name="control", minutes=1)
    subject = ControlTraining(plan, data, unet, tmp_path / "none")
    frozen = {name: value.clone() for name, value in subject.unet.state_dict().items()}
    maker = BatchMaker(data.examples, 2, 1, torch.ones_like(noise_levels()), 0.5)
    for _ in range(STEPS):
        subject.step(maker.draw(), 1.0)
    batch = maker.draw()
    maps = data.maps(batch.indices)
    with torch.no_grad():
        assert float(subject.error(batch, maps)) != float(subject.error(batch, maps.roll(1, 0)))
    for name, value in subject.unet.state_dict().items():
        assert torch.equal(value, frozen[name])
    subject.save(7)
    again = ControlTraining(plan, data, unet, tmp_path / "none")
    assert (again.seen, again.steps, again.seconds) == (2 * STEPS, STEPS, 7)
    saved = ControlNetModel.from_pretrained(tmp_path / "controlnet-canny").state_dict()
    added = [name for name in saved if name.startswith(("controlnet_down", "controlnet_mid"))]
    assert added
    for (name, value), kept in zip(
        again.network.named_parameters(), again.average.values, strict=True
    ):
        strength = STRENGTH if name in added else 1
        assert torch.allclose(saved[name], strength * kept), name
        assert torch.equal(value, subject.network.state_dict()[name]), name
    begun = ControlTraining(
        Plan(name="other", minutes=1), data, unet, tmp_path / "controlnet-canny"
    )
    for value, kept in zip(begun.network.parameters(), again.average.values, strict=True):
        assert torch.allclose(value, kept, atol=1e-7)
