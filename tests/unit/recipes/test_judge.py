"""The judge that is frozen, and the figures that it makes."""

import numpy as np
import pytest
import torch

from benchmarks import starter
from benchmarks.starter import Answered, Asked, read_prompts, shares
from benchmarks.starter_two import AskedTwo, two_shares
from recipes.starter.catalogue import is_held_out, read_catalogue
from recipes.starter.judge import JUDGE, Judge, JudgeChangedError, open_judge, recognise
from recipes.starter.train_judge import disturb


def disc(colour: tuple[float, float, float]) -> np.ndarray:
    rows, columns = np.mgrid[-1:1:64j, -1:1:64j]
    inside = (rows**2 + columns**2 < 0.6)[..., None]
    return np.where(inside, np.array(colour), np.ones(3)).astype(np.float32)


def test_the_shipped_judge_is_the_one_that_earlier_figures_were_measured_with():
    judge = open_judge(JUDGE, len(read_catalogue().subjects), starter.JUDGE_SHA256)
    assert len(recognise(judge, torch.rand(2, 3, 128, 128))) == 2


def test_a_changed_judge_is_refused(tmp_path):
    file = tmp_path / "judge.safetensors"
    file.write_bytes(JUDGE.read_bytes() + b" ")
    with pytest.raises(JudgeChangedError):
        open_judge(file, 200, starter.JUDGE_SHA256)


def test_changed_prompts_are_refused(tmp_path, monkeypatch):
    file = tmp_path / "starter_prompts.toml"
    file.write_bytes(starter.PROMPTS.read_bytes() + b"\n")
    monkeypatch.setattr(starter, "PROMPTS", file)
    with pytest.raises(JudgeChangedError):
        read_prompts(1)


def test_new_prompts_are_pairs_that_training_never_shows_and_seen_ones_are_not():
    prompts = read_prompts(1)
    assert (len(prompts.seen), len(prompts.new), len(prompts.two)) == (200, 100, 50)
    for asked in prompts.new:
        assert asked.colour is not None
        assert is_held_out(asked.label, asked.colour)
    for asked in prompts.seen:
        assert asked.colour is None or not is_held_out(asked.label, asked.colour)


def test_every_subject_is_asked_for():
    asked = {one.label for one in read_prompts(1).seen}
    assert asked == {subject.label for subject in read_catalogue().subjects}


def test_shares_count_objects_colours_and_backgrounds_apart():
    red, blue = disc((0.87, 0.17, 0.19)), disc((0.2, 0.43, 0.9))
    apple = Asked(label="red apple", text="red apple", background="white", colour="red")
    star = Asked(label="star", text="blue star", background="black", colour="blue")
    plain = Asked(label="sun", text="sun", background="white")
    found = shares([
        Answered(asked=apple, picture=red, named="red apple"),
        Answered(asked=star, picture=blue, named="sun"),
        Answered(asked=plain, picture=red, named="sun"),
    ])  # fmt: skip
    assert found["object"] == pytest.approx(2 / 3)
    assert found["colour"] == 1
    assert found["background"] == pytest.approx(2 / 3)


def test_the_floor_gives_pictures_the_prompts_of_others():
    asked = [Asked(label=name, text=name, background="white") for name in ("sun", "star")]
    picture = disc((1, 0, 0))
    right = [Answered(asked=one, picture=picture, named=one.label) for one in asked]
    assert shares(right)["object"] == 1
    assert shares(right)["floor"] == 0


def test_two_objects_are_judged_each_in_its_half():
    labels = ["dark", "light"]
    picture = torch.zeros(1, 3, 128, 128)
    picture[..., 64:] = 1

    def judge(pictures: torch.Tensor) -> torch.Tensor:
        light = pictures.mean((1, 2, 3))
        return torch.stack([1 - light, light], 1)

    right = AskedTwo(left="dark", right="light", text="", background="white")
    exchanged = AskedTwo(left="light", right="dark", text="", background="white")
    half = AskedTwo(left="dark", right="dark", text="", background="white")

    assert two_shares(judge, labels, [right], [picture]) == {"both": 1, "half": 1}
    assert two_shares(judge, labels, [exchanged], [picture]) == {"both": 0, "half": 0}
    assert two_shares(judge, labels, [half, right], [picture] * 2) == {"both": 0.5, "half": 0.75}


def test_disturbed_pictures_differ_each_and_stay_pictures():
    same = torch.from_numpy(disc((0.9, 0.2, 0.2))).permute(2, 0, 1).repeat(6, 1, 1, 1)
    disturbed = disturb(same, torch.Generator().manual_seed(0))
    assert disturbed.shape == same.shape
    assert float(disturbed.min()) >= 0
    assert float(disturbed.max()) <= 1
    assert all(not torch.allclose(disturbed[0], one, atol=0.05) for one in disturbed[1:])
    again = disturb(same, torch.Generator().manual_seed(0))
    assert torch.equal(disturbed, again)


def test_the_judge_can_learn_to_tell_two_things_apart():
    torch.manual_seed(0)
    judge = Judge(2)
    pictures = torch.stack([
        torch.from_numpy(disc(colour)).permute(2, 0, 1)
        for colour in ((0.9, 0.1, 0.1), (0.1, 0.1, 0.9)) * 4
    ])  # fmt: skip
    labels = torch.tensor([0, 1] * 4)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3)
    for _ in range(12):
        torch.nn.functional.cross_entropy(judge(pictures), labels).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert recognise(judge, pictures) == labels.tolist()
