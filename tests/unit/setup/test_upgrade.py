"""Moving the pins."""

import pytest

from backend.setup.upgrade import needed_elsewhere, write_pins


def test_what_other_systems_and_pythons_need_is_found():
    needs = [
        'colorama; platform_system == "Windows"',
        'audioop-lts<=0.2.2; python_version >= "3.13"',
        "numpy>=2",
        'rich; extra == "pretty"',
        'nvidia-cublas==13; platform_system == "Linux"',
        'old-backport; python_version < "3.9"',
    ]

    found = {need.name: need for need in needed_elsewhere(needs, {"numpy": "2.4"})}

    assert found.keys() == {"colorama", "audioop-lts"}
    assert found["colorama"].platform == "win_amd64"
    assert found["audioop-lts"].python == "3.13"
    assert found["audioop-lts"].requirement == "audioop-lts<=0.2.2"


def test_what_comes_with_pytorch_is_pinned_apart(tmp_path):
    common, standard = tmp_path / "common.txt", tmp_path / "standard.txt"
    versions = {"torch": "2.14.1", "nvidia-cublas": "13.1", "triton": "3.8", "nvidia-ml-py": "13"}

    write_pins(versions, common, standard)

    assert common.read_text().splitlines()[1:] == ["nvidia-ml-py==13", "torch==2.14.1"]
    assert standard.read_text().splitlines()[1:] == ["nvidia-cublas==13.1", "triton==3.8"]


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-standard.txt"])
def test_the_kept_pins_say_who_writes_them(file, pytestconfig):
    text = (pytestconfig.rootpath / "requirements" / file).read_text(encoding="utf-8")

    assert text.startswith("# Written by `python3 app.py pins`")
