"""Writing models in another format or precision."""

from pathlib import Path

from backend.jobs.queue import JobQueue
from backend.library.places_of_models import checked_name
from backend.schema.conversion import (
    CONVERTIBLE_SUFFIXES,
    PICKLE_SUFFIXES,
    ConversionRequest,
    TargetPrecision,
)
from backend.schema.errors import ModelMissingError, RequestError
from backend.schema.jobs import Actor, Job, JobView
from backend.services.owner import only_the_owner


class Conversion:
    """Turns a file into a job that writes another version of it beside it."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    def submit(
        self,
        actor: Actor,
        file: Path,
        to: TargetPrecision = "same",
        *,
        pruned: bool = False,
        name: str = "",
    ) -> JobView:
        """Queue the conversion of a file and return at once; the file itself is kept.

        Args:
            actor: Who asks.
            file: A pickle or a safetensors file.
            to: What its numbers are stored as.
            pruned: Whether to leave out what drawing does not need.
            name: What the new file is called; empty for the old name with what was done to it.

        Raises:
            NotAllowedError: When a guest asks.
            ModelMissingError: When there is no such file.
            RequestError: When it cannot be converted, would not change, or is there already.
        """
        only_the_owner(actor, "convert files", "Ask the owner for it.")
        wanted = ConversionRequest(
            path=str(file.absolute()),
            to=to,
            pruned=pruned,
            name=checked_name(name) if name.strip() else "",
        )
        if not file.is_file():
            raise ModelMissingError(f"There is no file {file}.", "Was it moved?")
        _require_sense(wanted)
        job = Job.asked("convert", actor, wanted)
        return self._queue.submit(job).view()


def _require_sense(wanted: ConversionRequest) -> None:
    source, suffix = wanted.source, wanted.source.suffix.lower()
    if suffix not in CONVERTIBLE_SUFFIXES:
        raise RequestError(
            f"“{source.name}” cannot be converted.",
            f"What can be converted ends in {', '.join(sorted(CONVERTIBLE_SUFFIXES))}.",
        )
    if suffix not in PICKLE_SUFFIXES and wanted.to == "same" and not wanted.pruned:
        raise RequestError(
            f"“{source.name}” is a safetensors file already.",
            "Choose another precision, or have it pruned.",
        )
    if wanted.target.exists():
        raise RequestError(
            f"There is a file {wanted.target.name} already.",
            "Use it, or move it away and convert again.",
        )
