"""Writes `docs/models.md` anew: `.venv/bin/python -m benchmarks.models_table`.

Loads a tiny checkpoint with random weights of each family, in each layout and precision that
`tests/contract/test_every_layout.py` covers, and measures how far each step of Easel's own loop is
from that of diffusers' pipeline with the same numbers. Takes about five minutes; `--text` keeps
what was measured and writes the rest anew.
"""

import argparse
import math
import platform
import sys
import tempfile
import time
from pathlib import Path

import psutil
import torch

from backend.engine.registry import find_family
from benchmarks.models_document import DOCUMENT, Row, document, kept_measurements, measured_tables
from benchmarks.spine import processor
from tests.fixtures.layouts import LAYOUTS, Case, cases, write
from tests.fixtures.loaded import loaded
from tests.fixtures.parity import Oracle, in_doubles
from tests.fixtures.tiny_checkpoint import TinyCheckpoint
from tests.fixtures.tiny_families import TINY_FAMILIES


def main() -> int:
    """Write the document."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models_table", description=__doc__)
    parser.add_argument("--text", action="store_true", help="measure nothing anew")
    if parser.parse_args().text:
        measurements = kept_measurements(DOCUMENT.read_text(encoding="utf-8"))
    else:
        measurements = measured_tables(all_rows(), machine())
    DOCUMENT.write_text(document(measurements), encoding="utf-8")
    return 0


def all_rows() -> list[Row]:
    """Measure every family."""
    torch.set_num_threads(1)  # so small networks gain nothing from more
    rows: list[Row] = []
    for family in dict.fromkeys(case.family for case in cases()):
        with tempfile.TemporaryDirectory() as folder:
            found = measured(family, Path(folder))
        print(f"{family}: {max(row.difference for row in found):.0e}", file=sys.stderr)
        rows += found
    return rows


def measured(family: str, folder: Path) -> list[Row]:
    """The rows of one family."""
    tiny = TINY_FAMILIES[family].save(folder / "tiny")
    oracle = Oracle.of(family, tiny.folder)
    return [row_of(case, tiny, oracle) for case in cases() if case.family == family]


def row_of(case: Case, tiny: TinyCheckpoint, oracle: Oracle) -> Row:
    """One kind of checkpoint, written, loaded and compared."""
    with tempfile.TemporaryDirectory() as folder:
        with in_doubles():
            model = loaded(case.family, write(case, tiny, Path(folder)))
        difference = oracle.largest_difference(model, case.precision)
    return Row(*named(case), difference=difference, draws=math.isfinite(difference))


def named(case: Case) -> tuple[str, str, str]:
    """A case as people name it: family, layout, precision."""
    label = find_family(case.family).info.label
    return label, LAYOUTS[case.layout].label, case.precision.value


def machine() -> str:
    """Today's date, and what this machine is."""
    cores = f"{psutil.cpu_count()} cores ({processor()})"
    versions = f"Python {platform.python_version()}, PyTorch {torch.__version__.partition('+')[0]}"
    day = time.strftime("%d %B %Y").lstrip("0")
    return f"{day}, {platform.system()} {platform.machine()}, {cores}, {versions}"


if __name__ == "__main__":
    sys.exit(main())
