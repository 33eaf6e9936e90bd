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


def imported_from(path: Path, packages: set[str]) -> set[str]:
    return {name for name in imported(path) if name.split(".")[0] in packages}


def test_torch_is_imported_only_by_the_engine():
    engine = ROOT / "backend" / "engine"
    heavy = {
        path: names
        for path in python_files("ui", "backend")
        if not path.is_relative_to(engine) and (names := imported_from(path, HEAVY))
    }

    assert heavy == {}


def test_the_engine_knows_nothing_of_the_page():
    knowing = {
        path: names
        for path in python_files("backend/engine")
        if (names := imported_from(path, {"ui", "gradio"}))
    }

    assert knowing == {}


def test_setup_needs_only_the_standard_library():
    """In a Python that sees no installed package, as on a fresh machine."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in python_files("backend/setup")
    ]
    code = f"""
import importlib, sys
sys.path.insert(0, {str(ROOT)!r})
for name in ["app", *{modules!r}]:
    importlib.import_module(name)
tops = {{name.partition(".")[0] for name in sys.modules}}
foreign = tops - sys.stdlib_module_names - {{"__main__", "app", "backend"}}
sys.exit(" ".join(sorted(foreign)) or 0)
"""

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["ui.main", "ui.serving"])
def test_the_page_loads_without_torch(module):
    code = (
        f"import sys, {module}; "
        f"heavy = sorted(set(sys.modules) & {HEAVY!r}); "
        "sys.exit(', '.join(heavy) or 0)"
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
