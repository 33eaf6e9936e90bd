"""Which families the doctor says fit, from the same plans as the page's."""

import sys
from pathlib import Path

import pytest

from backend.memory.fits import lines
from backend.memory.published import of_size, published
from backend.schema.memory import Budget
from backend.setup.probe import probe_machine
from backend.setup.trials import attempt, fits_trial
from tests.fixtures.machines import recorded
from tests.fixtures.program import ROOT

GIB = 2**30


def said(device, gigabytes, ram=32):
    budget = Budget(device=device, device_bytes=gigabytes * GIB, ram_bytes=ram * GIB)
    return dict(line.split("\t") for line in lines(budget))


def test_every_family_is_told_of():
    assert said("cuda", 24).keys() == {"Starter model"} | {each.family for each in published()}


def test_a_large_card_fits_all_a_small_one_narrower_files_and_a_tiny_one_nothing_big():
    assert said("cuda", 24)["SDXL"].endswith("at nearly full speed")
    assert said("cuda", 4, ram=16)["FLUX.1"].startswith("fits as Q4 GGUF, with 2.6 GB, about ")
    assert said("cuda", 1, ram=64)["FLUX.1"].startswith("does not fit: needs ")


@pytest.mark.parametrize(
    ("family", "gigabytes", "network"),
    [
        ("sd15", 2.13, 1.72),
        ("sd15", 7.7, 3.44),  # with what only a training needs
        ("sdxl", 6.94, 5.14),
        ("sdxl", 5.14, 5.14),  # the network alone
        ("sd3", 4.34, 4.34),
        ("flux1", 6.8, 6.8),  # GGUF
        ("flux1", 17.2, 12.1),  # all in one, in eight bits
    ],
)
def test_what_a_file_holds_is_told_by_its_size(family, gigabytes, network):
    workload = of_size(family, int(gigabytes * 1e9))

    assert workload
    held = next(part for part in workload.parts if part.role == "diffusion_model")
    assert held.bytes == pytest.approx(network * 1e9, rel=0.02)


def test_a_model_of_an_unknown_family_or_size_has_no_plan():
    assert of_size("other", 10**9) is None
    assert of_size("sdxl", 0) is None


def test_a_processor_takes_minutes_or_hours():
    assert said("cpu", 32)["SD 1.5"] == "fits as 16 bits, but takes minutes on the processor"
    assert "hours on the processor" in said("cpu", 32)["FLUX.1"]


@pytest.mark.parametrize(
    ("machine", "on_card", "words"),
    [
        ("linux-rtx-4090", True, ["cuda", str(24564 * 2**20), str(32768000 * 1024)]),
        ("linux-rtx-4090", False, ["cpu", str(32768000 * 1024), str(32768000 * 1024)]),
        ("mac-apple-silicon", True, ["mps"]),
        ("linux-rx-7900-xtx", True, ["cuda"]),
    ],
)
def test_the_doctor_asks_about_what_computes(machine, on_card, words):
    code = fits_trial(Path("/easel"), probe_machine(recorded(machine)), on_card=on_card).code

    asked = code[code.index("main([") :]
    assert all(repr(word) in asked for word in words)


def test_the_environments_own_python_answers():
    trial = fits_trial(ROOT, probe_machine(recorded("linux-rtx-4090")), on_card=True)

    answer = attempt(Path(sys.executable), trial)

    assert answer.passed, answer.said
    assert "SDXL\tfits as 16 bits" in answer.said
