"""Maps that steer drawings: making one before anything is drawn."""

from backend.jobs.queue import JobQueue
from backend.library.library import Library
from backend.metadata.catalogue import find_named
from backend.schema.catalogue import Catalogue
from backend.schema.control_settings import NO_PREPROCESSOR
from backend.schema.controls import MapRequest, ParameterInfo, PreprocessorInfo
from backend.schema.errors import NotFoundError, OutOfRangeError, RequestError
from backend.schema.jobs import Actor, Job, JobView
from backend.schema.maps import SMALLEST, MapOffers, MapWish, PreprocessorOffer
from backend.services.inputs import Inputs
from backend.services.preprocessors import files_of

KIND = "map"
_USUAL_MOST = 1024
"""Pixels along the shorter side of a map for which nobody chose."""


class Maps:
    """Turns a wish into a job that makes a map; the job's view tells which picture it is."""

    def __init__(
        self, queue: JobQueue, inputs: Inputs, library: Library, catalogue: Catalogue
    ) -> None:
        self._queue = queue
        self._inputs = inputs
        self._library = library
        self._catalogue = catalogue

    def submit(self, actor: Actor, wish: MapWish) -> JobView:
        """Queue a map and return at once; only the picture's head is read.

        Raises:
            NotFoundError: When there is no such picture or preprocessor.
            NotAllowedError: When a guest names a file.
            RequestError: When it is no picture.
            OutOfRangeError: When a parameter is outside its preprocessor's range.
            ModelMissingError: When the preprocessor's files are not here.
        """
        return self._queue.submit(Job.asked(KIND, actor, self.resolved(actor, wish))).view()

    def resolved(self, actor: Actor, wish: MapWish) -> MapRequest:
        """The wish with every choice made; see `submit`."""
        if not wish.picture:
            raise RequestError("No picture is named.", "Name one by its id, or a file.")
        looked = self._inputs.look(actor, wish.picture)
        own = min(max(min(looked.width, looked.height), SMALLEST), _USUAL_MOST)
        request = MapRequest(
            picture=looked.picture,
            preprocessor=NO_PREPROCESSOR,
            resolution=wish.resolution or own,
            mask=self._inputs.find(actor, wish.mask) if wish.mask else None,
        )
        if wish.preprocessor == NO_PREPROCESSOR:
            return request
        info = self.find(wish.preprocessor)
        changes: dict[str, object] = {each.field: _value(each, wish) for each in info.parameters}
        changes["files"] = tuple(map(str, files_of(info, self._library)))
        return request.model_copy(update={"preprocessor": info.id, **changes})

    def offers(self, actor: Actor) -> MapOffers:
        """What makes maps, and which files of theirs are not here."""
        del actor  # everybody may know
        return MapOffers(
            preprocessors=tuple(
                PreprocessorOffer(
                    info=info,
                    missing=tuple(each for each in info.weights if not self._library.weights(each)),
                )
                for info in self._catalogue.preprocessors
            )
        )

    def find(self, name: str) -> PreprocessorInfo:
        """A preprocessor by its id, label, or another program's name for it.

        Raises:
            NotFoundError: When there is none.
        """
        found = find_named(self._catalogue.preprocessors, name)
        if found is None:
            known = ", ".join(each.id for each in self._catalogue.preprocessors)
            raise NotFoundError(f"There is no preprocessor called “{name}”.", f"Known: {known}.")
        return found


def _value(parameter: ParameterInfo, wish: MapWish) -> float | None:
    value: float | None = getattr(wish, parameter.field)
    if value is not None and not parameter.minimum <= value <= parameter.maximum:
        raise OutOfRangeError(
            f"“{parameter.label}” cannot be {value:g}.",
            f"Choose from {parameter.minimum:g} to {parameter.maximum:g}.",
            parameter.field,
        )
    return value
