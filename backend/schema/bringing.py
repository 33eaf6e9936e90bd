"""Taking another program's installation into use: what was found in it, and what was not."""

from backend.schema.base import Frozen
from backend.schema.models import ModelKind

MOST_UNCLEAR = 50
"""So many files that were not understood are named; the rest is counted."""


class BringRequest(Frozen):
    """Whose pictures to put into the gallery; the request of a job of kind `bring`."""

    path: str
    """The installation's folder, absolute."""
    label: str
    paused: bool = False
    """Whether a person paused it; remembered over a restart."""


class Unclear(Frozen):
    """A file or a setting that was not understood."""

    file: str
    """Its path below the installation's folder where it lies there, else its whole path."""
    reason: str
    """A sentence."""


class Counted(Frozen):
    """How many models of a kind there are."""

    kind: ModelKind
    count: int


class Brought(Frozen):
    """What was found in an installation."""

    path: str
    label: str
    """Short and its own; ids of its models begin with it."""
    program: str
    new: bool = True
    """False where it had been brought before."""
    models: tuple[Counted, ...] = ()
    """In the order of the kinds; kinds without any are left out."""
    styles: int = 0
    wildcards: int = 0
    pictures: int = 0
    unclear: tuple[Unclear, ...] = ()
    """The first of them."""
    unclear_in_all: int = 0
    job: str = ""
    """The job that puts the pictures into the gallery; empty where there is none."""

    @property
    def sentence(self) -> str:
        """It in words: “ComfyUI: 2 checkpoints, 1 LoRA, 77 styles, 1,200 pictures.”."""
        counts = [(each.count, each.kind.label) for each in self.models]
        counts += [
            (self.styles, "style"),
            (self.wildcards, "wildcard"),
            (self.pictures, "picture"),
        ]
        told = [_counted(count, word) for count, word in counts if count]
        return f"{self.program}: {', '.join(told) or 'nothing that Easel can use'}."


class BroughtFolder(Frozen):
    """An installation that is in use."""

    path: str
    label: str
    program: str
    problem: str = ""
    """Why nothing can be read there now, as a sentence."""


class Style(Frozen):
    """Words that are put around a prompt, as another program stored them."""

    name: str
    prompt: str = ""
    """`{prompt}` in it stands for the prompt; without that it comes after it."""
    negative: str = ""
    source: str = ""
    """The installation's label, a colon, and the file."""


class Wildcard(Frozen):
    """Entries of which one is taken at random where a prompt says `__name__`."""

    name: str
    """Folders in it are told with `/`."""
    entries: tuple[str, ...]
    source: str = ""
    """The installation's label, a colon, and the file."""


def _counted(count: int, word: str) -> str:
    """A count with its word, as in “12 files of an unknown kind”."""
    if count == 1:
        return f"1 {word}"
    first, space, rest = word.partition(" of ")
    first, other, more = first.partition(" without ")
    plural = first if first.endswith("s") else f"{first}s"
    return f"{count:,} {plural}{other}{more}{space}{rest}"
