"""The LCM-LoRA's teacher goes its whole way, and a few lessons learn from it."""

import pytest
import torch
from safetensors import safe_open

from recipes.starter import train_lcm, training
from recipes.starter.captions import ObjectCaption
from recipes.starter.examples import Examples
from recipes.starter.train_lcm import STEPS, Shortening
from recipes.starter.training import Plan


@pytest.fixture
def examples() -> Examples:
    caption = ObjectCaption(words=("star",), colour=None, background="white")
    return Examples(latents=torch.zeros(16, 4, 16, 16), captions=(caption,) * 16)


@pytest.fixture
def subject(examples, tmp_path, monkeypatch, one_thread):
    monkeypatch.setattr(train_lcm, "FILE", tmp_path / "lcm.safetensors")
    monkeypatch.setattr(train_lcm, "_BATCH", 2)
    monkeypatch.setattr(training, "WORK", tmp_path)
    return Shortening(Plan(name="lcm", minutes=1), examples)


def test_lessons_come_nearer_to_the_ends_of_the_teachers_ways(subject, examples, tmp_path):
    ways = subject.teacher.draw()

    assert ways.places.shape == (STEPS, 2, 4, 16, 16)
    assert float(ways.places[0].std()) == pytest.approx(1, abs=0.1)  # pure noise at first
    ahead = (ways.places[-1] - ways.ends).square().mean()
    assert float(ahead) < float((ways.places[0] - ways.ends).square().mean())

    def error() -> float:
        torch.manual_seed(1)
        with torch.no_grad():
            return float(torch.stack([subject.error(ways) for _ in range(6)]).mean())

    before = error()
    subject._ways.append(ways)
    subject.steps = 1  # no other way is drawn in between
    for _ in range(6):
        subject.step(1.0)
    assert error() < before

    subject.save(3)
    again = Shortening(Plan(name="lcm", minutes=1), examples)
    assert (again.seen, again.seconds) == (subject.seen, 3)
    with safe_open(train_lcm.FILE, "pt") as file:
        names = list(file.keys())
    assert all(name.startswith("lora_unet_") for name in names)
    assert any(name.endswith("attn2_to_k.lora_down.weight") for name in names)
