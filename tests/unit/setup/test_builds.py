"""Which PyTorch a machine gets: recorded machines, and what pip is told for each."""

import pytest

from backend.setup.builds import TorchPins, choose_build, standard_instead
from backend.setup.errors import SetupError, UsageError
from backend.setup.probe import probe_machine
from tests.fixtures.machines import RECORDINGS, recorded

PINS = TorchPins("2.14.1", "0.29.1")
STANDARD = ("torch==2.14.1", "torchvision==0.29.1")


def from_index(tag):
    return (
        f"torch==2.14.1+{tag}",
        f"torchvision==0.29.1+{tag}",
        "--extra-index-url",
        f"https://download.pytorch.org/whl/{tag}",
    )


TOLD_TO_PIP = {
    "linux-no-card": from_index("cpu"),
    "linux-rtx-4090": STANDARD,
    "linux-rtx-5090-new-card": STANDARD,
    "linux-rtx-5070-old-driver": STANDARD,
    "linux-rtx-3060-old-driver": from_index("cu126"),
    "linux-gtx-1080": from_index("cu126"),
    "linux-gtx-1060-driver-470": from_index("cu126"),
    "linux-tesla-k80": from_index("cpu"),
    "linux-two-cards": STANDARD,
    "linux-nvidia-without-driver": from_index("cpu"),
    "linux-broken-nvidia-smi": STANDARD,
    "linux-driver-but-no-card": from_index("cpu"),
    "linux-arm-gh200": STANDARD,
    "linux-arm-no-card": from_index("cpu"),
    "wsl-rtx-4070": STANDARD,
    "linux-rx-7900-xtx": from_index("rocm7.2"),
    "linux-mi210": from_index("rocm7.2"),
    "linux-rx-6700-unknown-to-rocm": from_index("cpu"),
    "linux-amd-without-driver": from_index("cpu"),
    "windows-rtx-3080": from_index("cu130"),
    "windows-rtx-3080-old-driver": from_index("cu126"),
    "windows-gtx-1070": from_index("cu126"),
    "windows-amd": STANDARD,
    "windows-no-card": STANDARD,
    "mac-apple-silicon": STANDARD,
}
REFUSED = {
    "mac-intel": "no builds for Intel Macs",
    "mac-python-for-intel": "made for Intel Macs",
    "mac-old": "macOS 14",
    "windows-arm": "Windows ARM",
    "windows-32-bit-python": "32-bit",
    "linux-alpine": "musl",
    "linux-old-glibc": "glibc 2.28",
    "linux-riscv": "riscv64",
    "python-3.10": "this is Python 3.10",
    "python-3.14.1": "Python 3.14.1 has a fault",
    "python-3.15": "no builds for Python 3.15",
}
REASONS = {
    "linux-rtx-5070-old-driver": "driver from 580 on",
    "linux-gtx-1060-driver-470": "driver from 525 on",
    "linux-rtx-3060-old-driver": "with a driver from 580 on, CUDA 13 fits too",
    "linux-broken-nvidia-smi": "Driver/library version mismatch",
    "linux-nvidia-without-driver": "without NVIDIA's driver",
    "linux-tesla-k80": "older than any card",
    "linux-rx-6700-unknown-to-rocm": "gfx1031",
    "linux-two-cards": "RTX A6000",
    "windows-amd": "no build for AMD cards on Windows",
    "mac-apple-silicon": "Apple M3 Pro",
}


def choose(name, asked="auto"):
    return choose_build(probe_machine(recorded(name)), PINS, asked)


def test_every_recorded_machine_is_in_a_table():
    assert {file.stem for file in RECORDINGS.glob("*.json")} == TOLD_TO_PIP.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", TOLD_TO_PIP)
def test_a_machine_gets_the_build_that_fits(name):
    assert choose(name).arguments == TOLD_TO_PIP[name]


@pytest.mark.parametrize("name", REFUSED)
def test_a_machine_without_builds_is_told_so_and_what_to_do(name):
    with pytest.raises(SetupError, match=REFUSED[name]) as caught:
        choose(name)

    assert caught.value.hint


@pytest.mark.parametrize("name", REASONS)
def test_the_choice_is_explained(name):
    assert REASONS[name] in choose(name).reason


@pytest.mark.parametrize("name", TOLD_TO_PIP)
def test_the_reason_reads_on_after_because(name):
    reason = choose(name).reason

    assert reason
    assert not reason.endswith(".")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("cpu", from_index("cpu")),
        ("cu126", from_index("cu126")),
        ("cu132", from_index("cu132")),
        ("cuda", STANDARD),
        ("rocm", from_index("rocm7.2")),
        ("rocm7.1", from_index("rocm7.1")),
        ("standard", STANDARD),
    ],
)
def test_the_choice_can_be_overridden(asked, expected):
    build = choose("linux-rtx-4090", asked)

    assert build.arguments == expected
    assert build.asked_for


def test_an_unknown_build_is_refused_with_the_list():
    with pytest.raises(UsageError, match="cu126, cu130"):
        choose("linux-rtx-4090", "cuda13")


def test_the_standard_build_stands_in_and_says_what_that_means():
    processor = standard_instead(choose("linux-no-card"), PINS)
    card = standard_instead(choose("linux-gtx-1080"), PINS)

    assert processor.arguments == card.arguments == STANDARD
    assert "the smaller build" in processor.reason
    assert "may draw on the processor only" in card.reason
