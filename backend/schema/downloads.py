"""Getting a model's file: what is asked, as the journal holds it."""

from backend.schema.base import Frozen
from backend.schema.hubs import HubFile, HubName, HubSample
from backend.schema.models import Family, ModelKind


class DownloadRequest(Frozen):
    """One file to get, with what is written beside it; the request of a job of kind `download`."""

    hub: HubName
    model: str
    """The hub's id of the model."""
    version: str = ""
    file: HubFile
    name: str = ""
    """The model's."""
    version_name: str = ""
    kind: ModelKind = ModelKind.UNKNOWN
    family: Family = Family.UNKNOWN
    folder: str
    """The absolute folder it goes to."""
    trigger_words: tuple[str, ...] = ()
    strength: float | None = None
    description: str = ""
    base_model: str = ""
    """As the hub names the family."""
    licence: str = ""
    page: str = ""
    """The model's page, for a person."""
    sample: HubSample | None = None
    """The picture that becomes its preview."""
    place: str = ""
    """Where it goes below the models folder, under just this name and without side-cars, which is
    how a preprocessor's file is found; empty for a model, whose folder and name tell what it is."""
    even_pickles: bool = False
    """Whether the owner insists on a file that can run code; it is scanned all the same."""
    paused: bool = False
    """Whether a person paused it; remembered over a restart."""

    @property
    def title(self) -> str:
        """What people call it: the model's name and its version's, or else the file's."""
        return f"{self.name} {self.version_name}".strip() or self.file.name
