"""The requirement files of Easel itself, and what is installed by them."""

import importlib
import re
from importlib.metadata import distributions, version

import pytest

from backend.setup.pins import Pins, canonical


@pytest.fixture
def pins(pytestconfig):
    return Pins(pytestconfig.rootpath / "requirements")


def test_every_package_asked_for_is_pinned(pins):
    assert set(pins.direct(tests=True)) <= pins.versions().keys()


def test_every_package_asked_for_has_its_reason_in_the_documents(pins, pytestconfig):
    text = (pytestconfig.rootpath / "docs" / "dependencies.md").read_text(encoding="utf-8")

    for name in pins.direct(tests=True):
        assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text), name


def test_the_environment_of_this_run_holds_what_is_pinned(pins):
    versions = pins.versions()

    for name in pins.direct(tests=True):
        assert version(name).partition("+")[0] == versions[name]


def test_torchvision_is_the_one_that_belongs_to_torch(pins):
    """The minor version of torchvision is 15 ahead of torch's."""
    torch, torchvision = pins.torch().torch, pins.torch().torchvision

    assert int(torchvision.split(".")[1]) == int(torch.split(".")[1]) + 15
    assert torch.split(".")[2] == torchvision.split(".")[2]


def test_there_is_one_opencv_and_it_works():
    names = {canonical(each.metadata["Name"]) for each in distributions()}
    cv2 = importlib.import_module("cv2")
    numpy = importlib.import_module("numpy")

    assert [name for name in names if name.startswith("opencv-")] == ["opencv-python-headless"]
    assert cv2.Canny(numpy.zeros((8, 8), numpy.uint8), 1, 2).shape == (8, 8)
