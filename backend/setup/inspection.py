"""Run by an environment's own Python: tells as JSON what is installed in it, as it lies on disk."""

import csv
import json
import os
import sys
import sysconfig
from email.parser import HeaderParser
from pathlib import Path

WRITTEN_LAST = ("INSTALLER", "RECORD")
"""What an installer has written once a package is complete."""


def main() -> None:
    """Print the report on this environment."""
    site = Path(sysconfig.get_paths()["purelib"])
    report = {
        "python": ".".join(map(str, sys.version_info[:3])),
        "site": str(site),
        "packages": [_describe(folder) for folder in sorted(site.glob("*.dist-info"))],
        "leftovers": sorted(path.name for path in site.glob("~*")),
    }
    sys.stdout.write(json.dumps(report))


def _describe(folder: Path) -> dict[str, object]:
    metadata = folder / "METADATA"
    text = metadata.read_text("utf-8", errors="replace") if metadata.is_file() else ""
    headers = HeaderParser().parsestr(text)
    return {
        "name": headers.get("Name", folder.name.partition("-")[0]),
        "version": headers.get("Version", ""),
        "complete": bool(text) and _is_whole(folder),
        "requires": headers.get_all("Requires-Dist", []),
        "folder": folder.name,
    }


def _is_whole(folder: Path) -> bool:
    """Whether the installer came to its end, and every file that it listed is still there."""
    if not all((folder / name).is_file() for name in WRITTEN_LAST):
        return False
    with (folder / "RECORD").open(encoding="utf-8", newline="") as record:
        listed = [row[0] for row in csv.reader(record) if row]
    return all(
        os.path.exists(os.path.join(folder.parent, name))  # noqa: PTH110, PTH118  ten times faster
        for name in listed
        if not name.endswith(".pyc")
    )


if __name__ == "__main__":
    main()
