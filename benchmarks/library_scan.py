"""How fast the library lists many files: `.venv/bin/python -m benchmarks.library_scan [FILES]`.

Makes FILES (10,000) sparse checkpoints, LoRAs, VAEs and pictures beside them in a temporary folder.
Prints as JSON the seconds of the first scan, of listing in a new process' memory after it, of a
rescan, and the milliseconds that the header of a 6 GB checkpoint took.
"""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from backend.library.identify.identify import identify_file
from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from tests.fixtures import model_files as made

FILES = 10_000
IN_A_FOLDER = 500
HEADERS = 9


def main(arguments: list[str]) -> int:
    """Make the files, then measure."""
    files = int(arguments[0]) if arguments else FILES
    with tempfile.TemporaryDirectory() as folder:
        places = Places(Path(folder), Path(folder), Path(folder) / "data", Path(folder) / "models")
        make_files(places.models, files)
        result = {
            "files": files,
            "first_scan_seconds": seconds_of_listing(places),
            "listing_seconds": statistics.median(seconds_of_listing(places) for _ in range(3)),
            "rescan_seconds": seconds_of_rescan(places),
            "header_of_6_gb_milliseconds": milliseconds_of_header(Path(folder)),
        }
    sys.stdout.write(f"{json.dumps(result)}\n")
    return 0


def make_files(models: Path, files: int) -> None:
    """Sparse files of several kinds in many folders, every tenth with a picture beside it."""
    kinds = (
        ("checkpoints", made.sd15_checkpoint()),
        ("loras", made.kohya_lora()),
        ("loras", made.kohya_lora(2048)),
        ("vae", made.VAE),
    )
    for number in range(files):
        name, tensors = kinds[number % len(kinds)]
        folder = models / name / f"folder {number // IN_A_FOLDER}"
        folder.mkdir(parents=True, exist_ok=True)
        made.write_safetensors(folder / f"model {number}.safetensors", tensors)
        if number % 10 == 0:
            (folder / f"model {number}.preview.png").write_bytes(b"\x89PNG")


def seconds_of_listing(places: Places) -> float:
    """Of a library that was just opened: the scan, every checkpoint, component and entry."""
    began = time.perf_counter()
    library = Library(places, load_catalogue())
    library.checkpoints()
    library.components()
    library.entries()
    taken = time.perf_counter() - began
    library.close()
    return round(taken, 3)


def seconds_of_rescan(places: Places) -> float:
    """Of a library that has been open for a while."""
    library = Library(places, load_catalogue())
    library.checkpoints()
    began = time.perf_counter()
    library.rescan()
    library.checkpoints()
    taken = time.perf_counter() - began
    library.close()
    return round(taken, 3)


def milliseconds_of_header(folder: Path) -> float:
    """Median over several readings of a sparse SDXL checkpoint of 6 GB with 2,600 tensors."""
    name = "model.diffusion_model.filler.{}.weight"
    blocks = {name.format(number): (1200, 1000) for number in range(2500)}
    path = made.write_safetensors(folder / "large.safetensors", made.sdxl_checkpoint() | blocks)
    times: list[float] = []
    for _ in range(HEADERS):
        began = time.perf_counter()
        identify_file(path)
        times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
