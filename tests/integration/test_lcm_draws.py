"""Four steps with the starter's LCM-LoRA show what twenty show."""

import numpy as np
import pytest

from benchmarks.starter import judged, read_prompts, shares
from benchmarks.starter_lcm import drawn, ways
from tests.fixtures.starter import ROOT

pytestmark = pytest.mark.engine
LORA = ROOT / "models" / "loras" / "lcm.safetensors"


def test_four_steps_keep_the_objects_and_come_nearer_to_twenty_steps(tmp_path, one_thread):
    asked = read_prompts(0.06).seen
    twenty, plain, quick = (
        [np.asarray(picture, np.float32) / np.float32(255) for picture in drawn(way, asked, at)[0]]
        for way, at in zip(ways(LORA), (tmp_path / name for name in "abc"), strict=True)
    )

    recognised = shares(judged(asked, quick))["object"]
    assert recognised >= 0.8 * shares(judged(asked, twenty))["object"]
    assert distance(quick, twenty) < 0.9 * distance(plain, twenty)


def distance(pictures: list[np.ndarray], others: list[np.ndarray]) -> float:
    return float(np.mean([np.abs(a - b).mean() for a, b in zip(pictures, others, strict=True)]))
