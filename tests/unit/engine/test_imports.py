"""What the engine leaves out of its start is there as soon as somebody asks for it."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from backend.engine.imports import absent, fill_when_asked

ROOT = Path(__file__).resolve().parents[3]
AFTER_THE_START = """
import sys
import backend.engine.networks as ours
for module in ("scipy.optimize", "scipy.stats._stats_py", "diffusers.models.autoencoders.vq_model"):
    assert module not in sys.modules, module
from backend.engine.control.registry import preprocessors
assert len(preprocessors()) > 40
for module in ("controlnet_aux", "timm", "skimage", "scipy.optimize"):
    assert module not in sys.modules, module
from diffusers.models.autoencoders import AutoencoderKL, VQModel
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
import scipy.optimize, scipy.stats
assert AutoencoderKL is ours.AutoencoderKL
assert 0.49 < scipy.stats.beta.ppf(0.5, 0.6, 0.6) < 0.51
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package that imports one of its two modules, inside another; nothing is imported yet."""
    inner = tmp_path / "outer_of_test" / "inner"
    inner.mkdir(parents=True)
    (inner.parent / "__init__.py").touch()
    (inner / "__init__.py").write_text("from .first import FIRST\n")
    (inner / "first.py").write_text("FIRST = 1\n")
    (inner / "second.py").write_text("SECOND = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("", ".inner", ".inner.first", ".inner.second"):
        monkeypatch.delitem(sys.modules, f"outer_of_test{name}", raising=False)
    return "outer_of_test.inner"


def test_a_module_of_a_package_comes_alone_and_the_rest_when_asked_for(package: str) -> None:
    fill_when_asked(package)

    assert importlib.import_module(f"{package}.second").SECOND == 2
    assert f"{package}.first" not in sys.modules
    filled = importlib.import_module(package)
    assert filled.FIRST == 1
    assert filled.first is sys.modules[f"{package}.first"]
    with pytest.raises(AttributeError, match="third"):
        _ = filled.third


def test_a_package_that_does_not_exist_is_left_to_the_library(package: str) -> None:
    outer = package.rpartition(".")[0]
    fill_when_asked(f"{outer}.missing")

    assert f"{outer}.missing" not in sys.modules


def test_an_absent_library_can_be_imported_afterwards(package: str) -> None:
    with absent(package), pytest.raises(ImportError):
        importlib.import_module(package)
    module = importlib.import_module(package)

    with absent(package):
        assert importlib.import_module(package) is module


@pytest.mark.slow
def test_the_networks_come_without_the_rest_of_their_libraries() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AFTER_THE_START],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
