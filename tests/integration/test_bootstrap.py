"""The environment is made, adopted and mended for real: a real venv, a real pip, tiny packages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from backend.setup.contents import read_contents
from backend.setup.environment import Environment, Wanted
from backend.setup.errors import SetupError
from backend.setup.lock import setup_lock
from backend.setup.prepare import Outside, Preparation
from backend.setup.probe import probe_machine
from tests.fixtures.machines import recorded
from tests.fixtures.wheels import write_wheel

PLENTY = 10**12
OLD_CARD = "linux-gtx-1080"
NEW_CARD = "linux-rtx-4090"
NO_CARD = "linux-no-card"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """A folder of wheels in the place of the package indexes."""
    folder = tmp_path_factory.mktemp("index") / "general"
    folder.mkdir()
    for version in ("1.0", "2.0"):
        write_wheel(folder, "gradio", version, requires=("helper",))
        write_wheel(folder, "helper", version)
    write_wheel(folder, "controlnet-aux", "1.0", requires=("opencv-python",))
    write_wheel(folder, "opencv-python", "5.0")
    write_wheel(folder, "opencv-python-headless", "5.0")
    write_wheel(folder, "ruff", "1.0")
    write_torch(folder, "", "nvidia-cublas")
    write_torch(folder.with_name("cpu"), "+cpu")
    write_torch(folder.with_name("cu126"), "+cu126", "nvidia-cublas-cu12")
    return folder


def write_torch(folder, tag, *runtime):
    folder.mkdir(exist_ok=True)
    write_wheel(folder, "torch", f"2.14.1{tag}", requires=runtime)
    write_wheel(folder, "torchvision", f"0.29.1{tag}", requires=("torch",))
    for name in runtime:
        write_wheel(folder, name, "13.0")


@pytest.fixture(scope="module")
def empty_venv(tmp_path_factory):
    """An environment with nothing but pip, to be copied: making one takes seconds."""
    folder = tmp_path_factory.mktemp("empty") / ".venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture(scope="module", autouse=True)
def _only_our_index(index):
    """Pip sees the tiny packages and no others."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PIP_CONSTRAINT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
            patch.delenv(name, raising=False)
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(index))
        yield


@pytest.fixture
def environment(tmp_path):
    """An Easel that needs the tiny packages and has no environment yet."""
    return easel_in(tmp_path)


@pytest.fixture(scope="module")
def template(tmp_path_factory, empty_venv):
    """An environment that was just made, to be copied."""
    environment = easel_in(tmp_path_factory.mktemp("template"))
    shutil.copytree(empty_venv, environment.folder, symlinks=True)
    assert prepare(environment)
    return environment


@pytest.fixture
def made(environment, template):
    """The same Easel with an environment that is complete."""
    shutil.copytree(template.folder, environment.folder, symlinks=True)
    assert not prepare(environment)
    return environment


def easel_in(root):
    folder = root / "requirements"
    folder.mkdir()
    folder.joinpath("easel.txt").write_text("gradio\ntorch\ntorchvision\n")
    folder.joinpath("tests.txt").write_text("ruff\n")
    folder.joinpath("constraints.txt").write_text(
        "gradio==1.0\nhelper==1.0\nruff==1.0\ntorch==2.14.1\ntorchvision==0.29.1\n"
        "controlnet-aux==1.0\nopencv-python-headless==5.0\n"
    )
    folder.joinpath("constraints-standard.txt").write_text("nvidia-cublas==13.0\n")
    return Environment(root)


def prepare(environment, machine=NO_CARD, *, torch=None, tests=False, reaches=True, free=PLENTY):
    """Prepare as on a recorded machine; whether there was anything to do."""
    probe = probe_machine(recorded(machine))
    with setup_lock(environment.lock) as lock, pytest.MonkeyPatch.context() as patch:
        outside = Outside(lock, lambda _: reaches, lambda _: free)
        preparation = Preparation(environment, Wanted(torch, tests=tests), probe, outside)
        if reaches and "PIP_FIND_LINKS" in os.environ:
            general = Path(os.environ["PIP_FIND_LINKS"])
            of_torch = general.with_name(preparation.build.tag)
            patch.setenv("PIP_FIND_LINKS", f"{general} {of_torch}")
        return preparation.run()


def installed(environment):
    contents = read_contents(environment.python)
    assert contents is not None
    return {package.name: package.version for package in contents.packages.values()}


def imported(environment, module):
    code = f"import {module}; print({module}.VERSION)"
    done = subprocess.run(
        [environment.python, "-I", "-c", code], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def site(environment):
    contents = read_contents(environment.python)
    assert contents is not None
    return contents.site


def test_from_nothing_to_ready_and_then_straight_on(environment, capfd):
    assert prepare(environment)

    said = capfd.readouterr().out
    assert "Setting Easel up" in said
    assert "About 600 MB will be downloaded" in said
    assert "PyTorch: the cpu build, because there is no graphics card" in said
    assert installed(environment)["torch"] == "2.14.1+cpu"
    assert imported(environment, "gradio") == "1.0"
    assert environment.ready(Wanted())
    assert not environment.workshop.exists()


def test_the_tools_of_the_tests_come_only_when_asked_for(made):
    assert "ruff" not in installed(made)
    assert not made.ready(Wanted(tests=True))

    prepare(made, tests=True)

    assert installed(made)["ruff"] == "1.0"
    assert made.ready(Wanted(tests=True))


def test_a_complete_environment_is_adopted_without_installing(made, capfd):
    made.stamp.unlink()
    capfd.readouterr()

    assert not prepare(made)

    assert capfd.readouterr().out == ""
    assert made.ready(Wanted())


def test_changed_pins_are_followed(made):
    text = made.pins.constraints.read_text()
    made.pins.constraints.write_text(text.replace("gradio==1.0", "gradio==2.0"))

    assert not made.ready(Wanted())
    assert prepare(made)

    assert imported(made, "gradio") == "2.0"


def test_a_package_whose_files_are_gone_is_laid_down_again(made):
    (site(made) / "helper.py").unlink()

    assert prepare(made)

    assert imported(made, "helper") == "1.0"


def test_a_package_that_was_interrupted_is_laid_down_again(made):
    (site(made) / "gradio-1.0.dist-info" / "INSTALLER").unlink()
    (site(made) / "gradio.py").write_text("VERSION = 'half'")
    (site(made) / "~orch").mkdir()

    assert prepare(made)

    assert imported(made, "gradio") == "1.0"
    assert not (site(made) / "~orch").exists()


def test_a_removed_package_is_noticed_by_the_quick_look(made):
    subprocess.run(
        [made.python, "-m", "pip", "uninstall", "-q", "-y", "helper"],
        check=True,
        capture_output=True,
    )

    assert not made.ready(Wanted())
    assert prepare(made)
    assert imported(made, "helper") == "1.0"


def test_an_environment_whose_python_is_gone_is_made_anew(made):
    made.python.unlink()
    made.python.symlink_to("/no/such/python")

    assert not made.ready(Wanted())
    assert prepare(made)

    assert imported(made, "gradio") == "1.0"


def test_a_new_card_changes_the_build_and_takes_the_old_ones_libraries_along(made):
    assert prepare(made, OLD_CARD)
    assert installed(made)["torch"] == "2.14.1+cu126"
    assert "nvidia-cublas-cu12" in installed(made)

    assert prepare(made, NEW_CARD)

    assert installed(made)["torch"] == "2.14.1"
    assert installed(made)["torchvision"] == "0.29.1"
    assert "nvidia-cublas" in installed(made)
    assert "nvidia-cublas-cu12" not in installed(made)


def test_a_build_asked_for_stays_until_another_is_asked_for(made):
    prepare(made, NEW_CARD, torch="cpu")
    assert installed(made)["torch"] == "2.14.1+cpu"
    assert not prepare(made, NEW_CARD)

    assert prepare(made, NEW_CARD, torch="auto")

    assert installed(made)["torch"] == "2.14.1"


def test_where_pytorchs_index_is_out_of_reach_the_standard_build_comes(
    environment, empty_venv, capfd
):
    shutil.copytree(empty_venv, environment.folder, symlinks=True)

    assert prepare(environment, reaches=False)

    assert installed(environment)["torch"] == "2.14.1"
    assert "does not answer" in capfd.readouterr().out
    assert not prepare(environment, reaches=False)


def test_of_two_opencvs_one_stays(made):
    made.pins.easel.write_text(
        "gradio\ntorch\ntorchvision\ncontrolnet-aux\nopencv-python-headless\n"
    )
    made.pins.constraints.write_text(
        made.pins.constraints.read_text() + "opencv-python==5.0\n", encoding="utf-8"
    )

    with pytest.raises(SetupError, match="opencv-python"):  # a package insists on another one
        prepare(made)

    found = {name for name in installed(made) if name.startswith("opencv")}
    assert found == {"opencv-python-headless"}
    assert imported(made, "opencv_python_headless") == "5.0"


def test_a_full_disk_is_told_with_numbers_before_anything_is_made(environment):
    with pytest.raises(SetupError, match=r"about 3\.3 GB .* 1\.0 GB are free") as caught:
        prepare(environment, free=10**9)

    assert "Make room" in caught.value.hint
    assert not environment.folder.exists()


def test_no_network_is_one_sentence(made, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    (site(made) / "helper.py").unlink()

    with pytest.raises(SetupError, match="package index cannot be reached") as caught:
        prepare(made)

    assert "internet connection" in caught.value.hint


def test_a_folder_that_is_no_environment_is_left_alone(environment):
    environment.folder.mkdir()
    (environment.folder / "thesis.txt").write_text("mine")

    with pytest.raises(SetupError, match="not a Python environment"):
        prepare(environment)

    assert (environment.folder / "thesis.txt").read_text() == "mine"


def test_a_file_in_the_environments_place_is_told(environment):
    environment.folder.write_text("")

    with pytest.raises(SetupError, match="not a Python environment"):
        prepare(environment)


def test_a_python_without_ensurepip_is_told_which_package_brings_it(environment, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(SetupError, match="ensurepip") as caught:
        prepare(environment)

    assert "-venv" in caught.value.hint


def test_a_second_start_waits_for_the_first(made, tmp_path):
    code = """
import sys
from pathlib import Path
from backend.setup.lock import setup_lock
with setup_lock(Path(sys.argv[1])):
    print("in")
"""
    with setup_lock(made.lock):
        other = subprocess.Popen(
            [sys.executable, "-c", code, made.lock],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert other.stdout is not None
        assert "waiting" in other.stdout.readline()

    assert other.stdout.readline() == "in\n"
    assert other.wait(10) == 0
    other.stdout.close()
