"""From what a person wants of a hub to the file that is downloaded."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from backend.downloads.checking import refuse_before
from backend.downloads.placing import folder_for
from backend.downloads.ports import Network
from backend.library.captioners import WEIGHTS
from backend.schema.captioning import CaptionerOffer
from backend.schema.controls import WeightsInfo
from backend.schema.downloads import DownloadRequest
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.hubs import HubFile, HubModel, HubName, HubVersion
from backend.schema.jobs import Actor
from backend.schema.models import ModelKind
from backend.services.hubs import is_at

_LONGEST_DESCRIPTION = 4_000
_LISTED = 12


class Hubs(Protocol):
    """What downloads ask the hubs; `backend.services.hubs.Hubs` answers."""

    @property
    def network(self) -> Network:
        """The way to the hubs."""
        ...

    def model(self, actor: Actor, hub: HubName, model_id: str, version_id: str = "") -> HubModel:
        """All about a model."""
        ...

    def resolve(self, actor: Actor, text: str) -> tuple[HubModel, HubVersion, HubFile | None]:
        """What a pasted link points at."""
        ...


@dataclass(frozen=True)
class Asking:
    """Turns what a person wants into a request, through what the hubs tell of it."""

    hubs: Hubs
    models: Path
    """The models folder."""

    def by_name(
        self, actor: Actor, wanted: tuple[HubName, str, str], file_name: str, *, even_pickles: bool
    ) -> DownloadRequest:
        """The download of a file of a version; `wanted` is hub, model and version.

        Raises:
            NotFoundError: When the model has no such version or file.
            RequestError: When it is nothing that Easel downloads.
            HubError: When the hub does not answer as it should.
        """
        hub, model_id, version_id = wanted
        model = self.hubs.model(actor, hub, model_id, version_id)
        version = model.version(version_id) or (model.version() if not version_id else None)
        if version is None:
            raise NotFoundError(
                f"“{model.card.name}” has no such version.", "Look at its page again."
            )
        return self._request(model, version, _named(version, file_name), even_pickles=even_pickles)

    def by_link(
        self, actor: Actor, text: str, file_name: str = "", *, even_pickles: bool = False
    ) -> DownloadRequest:
        """The download of what a link points at; of the usual file where none is named.

        Raises:
            NotFoundError: When there is no such file.
            RequestError: When it points at nothing, or at nothing that Easel downloads.
            HubError: When the hub does not answer as it should.
        """
        model, version, file = self.hubs.resolve(actor, text)
        if file_name or file is None:
            file = _named(version, file_name)
        return self._request(model, version, file, even_pickles=even_pickles)

    def of_captioner(
        self, actor: Actor, wanted: CaptionerOffer, place: str
    ) -> tuple[DownloadRequest, ...]:
        """The downloads of a model that describes pictures: its words, and at last its weights.

        Args:
            actor: Who asks.
            wanted: The model.
            place: Its folder below the models folder.

        Raises:
            NotFoundError: When its repository has it no more.
            HubError: When the hub does not answer as it should.
        """
        model = self.hubs.model(actor, HubName.HUGGING_FACE, wanted.repository)
        version = model.version()
        weights = [each for each in version.files if is_at(each, WEIGHTS)] if version else []
        if version is None or not weights:
            raise NotFoundError(
                f"{wanted.repository} on Hugging Face has no {WEIGHTS} any more.",
                f"If you have its files, put them here: {self.models / place}.",
            )
        files = [*((each, each.name) for each in version.texts), (weights[0], WEIGHTS)]
        asked = ((request_for(model, version, file, self.models), name) for file, name in files)
        return tuple(_placed(each, self.models, f"{place}/{name}") for each, name in asked)

    def of_preprocessor(self, actor: Actor, wanted: WeightsInfo) -> DownloadRequest:
        """The download of a file that a preprocessor needs; a pickle of it is scanned as well.

        Raises:
            NotFoundError: When its repository has it no more.
            HubError: When the hub does not answer as it should.
        """
        model = self.hubs.model(actor, HubName.HUGGING_FACE, wanted.repository)
        version = model.version()
        files = [each for each in version.files if is_at(each, wanted.file)] if version else []
        if version is None or not files:
            raise NotFoundError(
                f"{wanted.repository} on Hugging Face has no {wanted.file} any more.",
                f"If you have the file, put it here: {self.models / wanted.place}.",
            )
        request = request_for(model, version, files[0], self.models)
        return _placed(request, self.models, wanted.place, even_pickles=True)

    def _request(
        self, model: HubModel, version: HubVersion, file: HubFile, *, even_pickles: bool
    ) -> DownloadRequest:
        request = request_for(model, version, file, self.models)
        request = request.model_copy(update={"even_pickles": even_pickles})
        refuse_before(request)
        return request


def _placed(
    request: DownloadRequest, models: Path, place: str, *, even_pickles: bool = False
) -> DownloadRequest:
    """A download that goes to a place of its own below the models folder."""
    target = models / place
    return request.model_copy(
        update={
            "file": request.file.model_copy(update={"name": target.name}),
            "name": f"{request.model}/{target.name}",
            "version_name": "",
            "folder": str(target.parent),
            "place": place,
            "even_pickles": even_pickles,
        }
    )


def request_for(
    model: HubModel, version: HubVersion, file: HubFile, models: Path
) -> DownloadRequest:
    """A file with what the hub tells of it; `models` is the models folder."""
    kind = model.card.kind if file.kind is ModelKind.UNKNOWN else file.kind
    return DownloadRequest(
        hub=model.card.hub,
        model=model.card.id,
        version=version.id,
        file=file,
        name=model.card.name,
        version_name=version.name,
        kind=kind,
        family=version.family,
        folder=str(folder_for(models, kind)),
        trigger_words=version.trigger_words,
        strength=version.strength,
        description=model.description[:_LONGEST_DESCRIPTION],
        base_model=version.family_label,
        licence=model.card.licence,
        page=model.card.page,
        sample=next((one for one in version.samples if not one.mature), None),
    )


def _named(version: HubVersion, name: str) -> HubFile:
    """A version's file by its name; without one, the usual file or the only one."""
    files = version.files
    usual = [one for one in files if one.primary] or (files if len(files) == 1 else [])
    fitting = [one for one in files if one.name == name] if name else usual
    if fitting:
        return fitting[0]
    there = ", ".join(one.name for one in files[:_LISTED]) or "none that Easel can use"
    if name:
        raise NotFoundError(f"There is no file “{name}”.", f"There is {there}.")
    raise RequestError("Which of its files?", f"Name one: {there}.")
