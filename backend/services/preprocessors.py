"""What preprocessors need: which of their files are here, and how to get the others."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from backend.library.library import Library
from backend.metadata.catalogue import find_named, load_catalogue
from backend.places import Places
from backend.schema.controls import PreprocessorInfo, WeightsInfo
from backend.schema.errors import ModelMissingError, NotFoundError, RequestError
from backend.schema.jobs import Actor, JobView
from backend.schema.preprocessors import LocalWeights, PreprocessorView, WeightsView
from backend.schema.sizes import readable_bytes
from backend.services.local_weights import take_file
from backend.services.owner import only_the_owner


class HasWeights(Protocol):
    """Where the files are; `backend.library.library.Library` knows."""

    def weights(self, wanted: WeightsInfo) -> Path | None:
        """The path of a preprocessor's file; None where it is not here."""
        ...


class GetsWeights(Protocol):
    """Who downloads them; `backend.services.downloads.Downloads` does."""

    def get_weights(self, actor: Actor, wanted: WeightsInfo) -> JobView:
        """Download a file that a preprocessor needs."""
        ...


class _NoDownloads:
    """Where nothing is downloaded as a job; satisfies `GetsWeights`."""

    def get_weights(self, actor: Actor, wanted: WeightsInfo) -> JobView:
        """Refuse it.

        Raises:
            RequestError: Always.
        """
        del actor
        raise RequestError(f"{wanted.file} cannot be downloaded here.", "Open the page for it.")


@contextmanager
def open_preprocessors(places: Places) -> Generator["Preprocessors"]:
    """Open them without jobs, for the command line; the page may run at the same time."""
    catalogue = load_catalogue()
    library = Library(places, catalogue)
    try:
        yield Preprocessors(catalogue.preprocessors, library, _NoDownloads(), places.models)
    finally:
        library.close()


class Preprocessors:
    """The preprocessors, and getting what they need. All may look; the owner alone gets files."""

    def __init__(
        self,
        known: Sequence[PreprocessorInfo],
        there: HasWeights,
        downloads: GetsWeights,
        models: Path,
    ) -> None:
        """Make it without looking anywhere.

        Args:
            known: All preprocessors.
            there: Where their files are.
            downloads: Who gets them.
            models: The models folder.
        """
        self._known = tuple(known)
        self._there = there
        self._downloads = downloads
        self._models = models

    def all(self, actor: Actor) -> tuple[PreprocessorView, ...]:
        """Every preprocessor, with what it needs."""
        del actor
        return tuple(view_of(info, self._there) for info in self._known)

    def missing(self, actor: Actor, preprocessor: str) -> tuple[WeightsInfo, ...]:
        """The files that a preprocessor lacks.

        Raises:
            NotFoundError: When there is no such preprocessor.
        """
        del actor
        return missing_weights(named_preprocessor(preprocessor, self._known), self._there)

    def fetch(self, actor: Actor, preprocessor: str) -> tuple[JobView, ...]:
        """Download what a preprocessor lacks, each file as a job; none where it lacks nothing.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such preprocessor, or its file is nowhere any more.
            HubError: When the hub does not answer as it should.
        """
        only_the_owner(actor, "download preprocessors")
        missing = self.missing(actor, preprocessor)
        return tuple(self._downloads.get_weights(actor, wanted) for wanted in missing)

    def take(self, actor: Actor, preprocessor: str, local: LocalWeights) -> PreprocessorView:
        """Use a file of this machine as one of a preprocessor's; the file itself stays.

        Raises:
            NotAllowedError: When a guest asks.
            NotFoundError: When there is no such preprocessor or file.
            RequestError: When it is not clear which file it is.
            ModelError: When it holds no weights, or is a pickle that would run something.
            OutputError: When it cannot be put into its place.
        """
        only_the_owner(actor, "bring preprocessors")
        info = named_preprocessor(preprocessor, self._known)
        path = Path(local.path).expanduser()
        wanted = _meant(info, local.file or path.name, exact=bool(local.file))
        take_file(path, self._models / wanted.place)
        return view_of(info, self._there)


def view_of(info: PreprocessorInfo, there: HasWeights) -> PreprocessorView:
    """A preprocessor with what of it is here."""
    missing = missing_weights(info, there)
    return PreprocessorView(
        id=info.id,
        label=info.label,
        help=info.help,
        makes=info.makes,
        here=not missing,
        bytes=sum(each.bytes for each in missing),
        files=tuple(WeightsView(**dict(each), here=each not in missing) for each in info.weights),
    )


def named_preprocessor(name: str, known: Sequence[PreprocessorInfo]) -> PreprocessorInfo:
    """A preprocessor by its id, label, or another program's name for it.

    Raises:
        NotFoundError: When there is none.
    """
    found = find_named(known, name)
    if found is None:
        raise NotFoundError(
            f"There is no preprocessor called “{name}”.",
            f"Known: {', '.join(each.id for each in known)}.",
        )
    return found


def missing_weights(info: PreprocessorInfo, there: HasWeights) -> tuple[WeightsInfo, ...]:
    """The files that a preprocessor lacks."""
    return tuple(each for each in info.weights if there.weights(each) is None)


def files_of(info: PreprocessorInfo, there: HasWeights) -> tuple[Path, ...]:
    """The paths of a preprocessor's files, in the order of its `weights`.

    Raises:
        ModelMissingError: When one is not here; it says what, how large, from where and how.
    """
    found = {wanted: there.weights(wanted) for wanted in info.weights}
    missing = [wanted for wanted, path in found.items() if path is None]
    if missing:
        raise _lacking(info, missing)
    return tuple(path for path in found.values() if path is not None)


def _lacking(info: PreprocessorInfo, missing: list[WeightsInfo]) -> ModelMissingError:
    size = readable_bytes(sum(each.bytes for each in missing))
    places = ", ".join(f"models/{each.place}" for each in missing)
    names = " and ".join(each.file for each in missing)
    sources = ", ".join(dict.fromkeys(each.repository for each in missing))
    are = "is" if len(missing) == 1 else "are"
    return ModelMissingError(
        f"“{info.label}” needs {names} ({size}), which {are} not here.",
        f"Get it where the preprocessor is chosen, or with `python3 app.py preprocessors get "
        f"{info.id}`; it comes from {sources} on Hugging Face. Or put it here: {places}.",
    )


def _meant(info: PreprocessorInfo, name: str, *, exact: bool) -> WeightsInfo:
    """The file of a preprocessor that a name means; its only one where the name need not be it."""
    for wanted in info.weights:
        if name in (wanted.file, Path(wanted.file).name):
            return wanted
    if len(info.weights) == 1 and not exact:
        return info.weights[0]
    names = ", ".join(each.file for each in info.weights)
    raise RequestError(
        f"“{info.label}” needs no file called “{name}”.",
        f"Say which of its files it is: {names}." if names else "It needs no file at all.",
    )
