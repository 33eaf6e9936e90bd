"""What may import what, and what the page's process must never load."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "torchvision", "diffusers", "transformers", "peft", "accelerate", "spandrel"}


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


@pytest.mark.parametrize(
    "path", python_files("ui", "backend"), ids=lambda p: str(p.relative_to(ROOT))
)
def test_torch_is_imported_only_by_the_engine(path):
    if path.is_relative_to(ROOT / "backend" / "engine"):
        assert not {name for name in imported(path) if name.split(".")[0] in {"ui", "gradio"}}
    else:
        assert not {name for name in imported(path) if name.split(".")[0] in HEAVY}


@pytest.mark.parametrize(
    "path",
    [ROOT / "app.py", *python_files("backend/setup")],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_setup_needs_only_the_standard_library(path):
    """At the top of the module: what a command needs later, it imports after the hand-over."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        for module in modules:
            top = module.split(".")[0]
            assert top in sys.stdlib_module_names or module.startswith("backend.setup"), module


def test_the_page_loads_without_torch():
    code = (
        "import sys, ui.serve; "
        f"heavy = sorted(set(sys.modules) & {HEAVY!r}); "
        "sys.exit(', '.join(heavy))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], check=False, cwd=ROOT, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr


def test_nothing_but_app_imports_the_page():
    importers = {
        path.relative_to(ROOT).parts[0]
        for path in python_files("ui", "backend", "recipes", "benchmarks")
        if any(name.split(".")[0] == "ui" for name in imported(path))
    }

    assert importers <= {"ui"}
