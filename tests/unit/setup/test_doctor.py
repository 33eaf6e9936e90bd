"""What the doctor says and does."""

import pytest

from backend.places import Places
from backend.setup import doctor as module
from backend.setup.doctor import Doctor
from backend.setup.environment import Environment, Wanted
from backend.setup.errors import SetupError
from backend.setup.probe import probe_machine
from backend.setup.trials import TORCH, Outcome
from tests.fixtures.machines import recorded


class PretendPreparation:
    """A preparation whose findings are given."""

    def __init__(self, real, faults=(), error=None):
        self.build = real.build
        self.size = real.size
        self.installed_tag = "standard"
        self.found = list(faults)
        self.error = error
        self.reinstalled = []

    def faults(self):
        return self.found

    def run(self):
        if self.error:
            raise self.error
        self.found = []

    def reinstall(self, packages):
        self.reinstalled.append(packages)


@pytest.fixture
def places(tmp_path):
    weights = tmp_path / "models" / "starter" / "unet" / "model.safetensors"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(bytes(200_000))
    return Places(tmp_path, tmp_path / "outputs", tmp_path / "data", tmp_path / "models")


@pytest.fixture
def environment(tmp_path, pytestconfig):
    requirements = pytestconfig.rootpath / "requirements"
    (tmp_path / "requirements").symlink_to(requirements)
    return Environment(tmp_path)


@pytest.fixture
def examine(environment, places, monkeypatch, capfd):
    """Examine a recorded machine; returns the exit code, what was said and the preparation."""

    def run(machine, *, mends=True, made=True, outcomes=None, **findings):
        real = module.Preparation
        preparations = []

        def prepare(*arguments):
            preparations.append(PretendPreparation(real(*arguments), **findings))
            return preparations[0]

        answers = outcomes or {}
        monkeypatch.setattr(module, "Preparation", prepare)
        monkeypatch.setattr(
            module,
            "attempt",
            lambda _, trial: (
                answers.get(trial.label, [Outcome(passed=True, said="")]).pop(0)
                if trial.label in answers
                else Outcome(passed=True, said="")
            ),
        )
        if made:
            environment.folder.mkdir()
        doctor = Doctor(environment, probe_machine(recorded(machine)), mends=mends)
        code = doctor.examine(Wanted(), places)
        return code, capfd.readouterr().out, preparations[0] if preparations else None

    return run


def test_a_healthy_machine_is_described_and_well(examine):
    code, said, _ = examine(
        "linux-rtx-4090",
        outcomes={
            TORCH.label: [Outcome(passed=True, said="RTX 4090")],
            "Models": [Outcome(passed=True, said="SD 1.5\tfits as 16 bits")],
        },
    )

    assert code == 0
    assert "NVIDIA GeForce RTX 4090, 24 GB, driver 580.95.05" in said
    assert "AMD Ryzen 7 7700X" in said
    assert "standard build, computes on RTX 4090" in said
    assert "SD 1.5                    fits as 16 bits" in said
    assert "with the starter model" in said
    assert said.endswith("All is well.\n")


def test_before_the_set_up_it_tells_what_would_come_and_changes_nothing(examine, environment):
    code, said, _ = examine("linux-rtx-4090", made=False)

    assert code == 1
    assert "python3 app.py does it (downloads 3.2 GB)" in said
    assert "told once the environment is complete" in said
    assert not environment.folder.exists()


def test_a_wrong_build_is_mended(examine):
    fault = "PyTorch is the cpu build instead of standard"
    code, said, preparation = examine("linux-rtx-4090", faults=[fault])

    assert "mended" in said
    assert preparation.found == []
    assert code == 1  # this pretended PyTorch does not see the card
    assert "does not see the NVIDIA card" in said


def test_looking_only_changes_nothing(examine):
    fault = "PyTorch is the cpu build instead of standard"
    code, said, preparation = examine("linux-rtx-4090", faults=[fault], mends=False)

    assert code == 1
    assert f"→ {fault}: python3 app.py doctor mends that." in said
    assert preparation.found == [fault]


def test_what_cannot_be_mended_is_told(examine):
    error = SetupError("The package index cannot be reached.", "Check the internet connection.")
    code, said, _ = examine("linux-no-card", faults=["numpy is missing"], error=error)

    assert code == 1
    assert "→ The package index cannot be reached. Check the internet connection." in said


def test_a_library_that_does_not_work_is_laid_down_again(examine):
    broken = Outcome(passed=False, said="ImportError: cv2")
    outcomes = {"OpenCV": [broken, Outcome(passed=True, said="")]}

    code, said, preparation = examine("linux-no-card", outcomes=outcomes)

    assert code == 0
    assert preparation.reinstalled == [("opencv-python-headless",)]
    assert "laying it down again" in said


def test_a_library_that_stays_broken_is_named(examine):
    broken = Outcome(passed=False, said="ImportError: cv2")

    code, said, _ = examine("linux-no-card", outcomes={"OpenCV": [broken, broken]})

    assert code == 1
    assert "→ OpenCV does not work: ImportError: cv2" in said


def test_a_missing_starter_model_is_told(examine, places):
    next(places.models.rglob("*.safetensors")).write_text("a pointer, not weights")

    code, said, _ = examine("linux-no-card")

    assert code == 1
    assert "starter model is not in" in said


def test_a_machine_without_any_build_is_told_why(examine):
    code, said, _ = examine("mac-intel")

    assert code == 1
    assert "no builds for Intel Macs" in said
