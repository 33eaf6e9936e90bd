"""Run by an environment's own Python: tells as JSON what is installed in it, as it lies on disk."""

import json
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
        "complete": bool(text) and all((folder / name).is_file() for name in WRITTEN_LAST),
        "requires": headers.get_all("Requires-Dist", []),
        "folder": folder.name,
    }


if __name__ == "__main__":
    main()
