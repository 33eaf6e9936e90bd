"""The command that runs every stage."""

import subprocess

import pytest

from recipes.starter import all as subject
from recipes.starter.all import STAGES, command


def test_a_trial_makes_less_but_never_less_than_works():
    (data,) = (stage for stage in STAGES if stage.module == "build_data")
    assert command(data, 0.5)[-6:] == ["--variants", "50", "--pairs", "2000", "--scenes", "30"]
    assert command(data, 0.001)[-6:] == ["--variants", "4", "--pairs", "8", "--scenes", "1"]


def test_a_trial_trains_for_a_share_of_the_time():
    (unet,) = (stage for stage in STAGES if stage.module == "train_unet")
    assert command(unet, 0.1)[-2:] == ["--minutes", "24"]


def test_the_first_failure_ends_the_run(monkeypatch):
    ran: list[str] = []

    def run(words: list[str], *, check: bool) -> None:
        ran.append(words[2])
        if words[2].endswith("encode"):
            raise subprocess.CalledProcessError(1, words)

    monkeypatch.setattr(subject.subprocess, "run", run)
    monkeypatch.setattr("sys.argv", ["all"])
    with pytest.raises(subprocess.CalledProcessError):
        subject.main()
    assert [name.rpartition(".")[2] for name in ran] == ["fetch", "build_data", "encode"]
