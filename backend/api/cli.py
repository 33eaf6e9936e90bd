"""The command line's way into Studio."""

from collections.abc import Sequence

from backend.api.generate_command import run
from backend.places import default_places
from backend.services.studio import open_studio


def main(argv: Sequence[str]) -> int:
    """Run `generate PROMPT -o FILE` and return the exit code: 0 done, 1 failed, 2 misused.

    What the page left in its queue waits for the page. Where the page runs on the same data folder,
    this is told in one sentence.
    """
    return run(argv, lambda: open_studio(default_places(), resume=False))
