"""Remembers that an environment is complete, so that the next start goes straight on."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FORMAT = 1


@dataclass(frozen=True)
class Stamp:
    """What was true when the environment was last found complete."""

    pins: str
    """The digest of the requirement files."""
    asked: str
    """The build of PyTorch asked for: "auto", or a name given with --torch."""
    tag: str
    """The build that is installed."""
    tests: bool
    """Whether the tools of the tests are there."""
    python: str
    """The environment's Python, as a real path."""
    site: str
    """The folder of its packages."""
    changed: int
    """When something was last added to that folder or taken from it."""

    @property
    def untouched(self) -> bool:
        """Whether Python and the list of packages are what they were."""
        return Path(self.python).is_file() and changed_at(Path(self.site)) == self.changed


def changed_at(folder: Path) -> int:
    """When something was last added to a folder or taken from it; -1 where there is none."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return -1


def read_stamp(path: Path) -> Stamp | None:
    """The stamp, unless there is none or it is none of ours."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values.pop("format") != FORMAT:
            return None
        return Stamp(**values)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_stamp(path: Path, stamp: Stamp) -> None:
    """Write the stamp whole or not at all."""
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"format": FORMAT, **asdict(stamp)}, indent=1), encoding="utf-8")
    draft.replace(path)
