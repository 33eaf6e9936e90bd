"""What the hubs tell of models that are here already: what they are, and what is newer."""

from backend.schema.base import Frozen
from backend.schema.hubs import HubName


class Identified(Frozen):
    """What came of asking CivitAI for a model by its hash."""

    model: str
    """The library's id of it."""
    known: bool
    """Whether CivitAI has a file of this hash."""
    title: str = ""
    """The names of the model and its version there."""
    page: str = ""
    """The page of that version, for a person."""
    written: tuple[str, ...] = ()
    """The names of the files that were written beside it; what was there stays as it was."""

    @property
    def sentence(self) -> str:
        """It in words."""
        if not self.known:
            return "CivitAI does not know this file."
        if not self.written:
            return f"It is “{self.title}”; the files that lie beside it were left as they are."
        return f"It is “{self.title}”; what CivitAI tells of it lies beside the file now."


class Update(Frozen):
    """A newer version of a model that is here."""

    model: str
    """The library's id of the one that is here."""
    name: str
    """The model's on the hub."""
    version_name: str = ""
    """The newer version's."""
    published: str = ""
    """Its date, as an ISO date; empty where the hub does not tell."""
    bytes: int | None = None
    """Of its file; None where the hub does not tell."""
    page: str
    """The newer version's page, for a person."""
    hub: HubName = HubName.CIVITAI
    """This and the next three are what a download of it takes."""
    hub_model: str
    version: str
    file: str


class FoundUpdates(Frozen):
    """What is newer, as far as the hub was asked."""

    looked: float | None = None
    """When it was asked last, in seconds since the epoch; None where it never was."""
    updates: tuple[Update, ...] = ()
    """By the model's id."""


class AskedModels(Frozen):
    """The request of a job of kind `identify` or `updates`."""

    models: tuple[str, ...]
    """The library's ids, or CivitAI's numbers, in the order in which they are asked for."""
