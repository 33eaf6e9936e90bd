"""The story of a conversion: a pickle or a safetensors file becomes another safetensors file."""

import shutil
from collections.abc import Iterator, Mapping

from backend.engine.context import Context
from backend.engine.loading.narrowing import Narrowing, pruned
from backend.engine.loading.safetensors_writer import write_safetensors
from backend.engine.loading.stored import Stored, open_stored
from backend.schema.conversion import PICKLE_SUFFIXES, ConversionRequest
from backend.schema.errors import ModelMissingError, OutputError, RequestError
from backend.schema.events import Event, Finished, Stage, Warned

_NOTE = "easel.converted"
_OUTDATED = ("modelspec.hash", "sshs_")
"""What a file's metadata says of its own bytes, which are others now."""


def convert(request: dict[str, object], context: Context) -> Iterator[Event]:  # noqa: ARG001
    """Write the new file beside the old one, which is kept; nothing of a pickle is run.

    It appears under its name when it is whole; until then it ends in `.part`. One tensor at a time
    is read, changed and written.

    Args:
        request: A `ConversionRequest` as JSON.
        context: The job's surroundings.

    Raises:
        ModelError: When the file is missing, damaged, or wants to run something.
        RequestError: When there is such a file already, or nothing would change.
        OutputError: When there is no room for it, or the disk refuses it.
    """
    wanted = ConversionRequest.model_validate(request)
    source, target = wanted.source, wanted.target
    if not source.is_file():
        raise ModelMissingError(f"There is no file {source}.", "Was it moved?")
    _refuse_to_overwrite(wanted)
    yield Stage(sentence=f"Reading {source.name}")
    found = open_stored(source, unpacked=wanted.to != "same")
    for name in found.left_out:
        yield Warned(sentence=f"{name} is left out: safetensors has no place for its numbers.")
    narrowing = Narrowing(wanted.to)
    tensors = narrowing.of(pruned(found.tensors) if wanted.pruned else found.tensors)
    _require_change(wanted, found.tensors, tensors)
    metadata = {k: text for k, text in found.metadata.items() if not k.startswith(_OUTDATED)}
    metadata[_NOTE] = wanted.sentence
    total = sum(tensor.bytes for tensor in tensors.values())
    part = target.with_name(f"{target.name}.part")
    try:
        _require_room(wanted, total)
        for done in write_safetensors(part, tensors, metadata):
            yield Stage(sentence=f"Writing {target.name}", done_bytes=done, total_bytes=total)
        _refuse_to_overwrite(wanted)
        part.replace(target)
    except OSError as error:
        raise OutputError(
            f"{target.name} cannot be written in {target.parent}: {error.strerror}.",
            "Look at the disk and the folder's rights, then convert it again.",
        ) from error
    finally:
        part.unlink(missing_ok=True)
    if narrowing.clipped:
        yield Warned(sentence=_clipped(narrowing.clipped, wanted.to))
    yield Finished(sentence=f"{target} is written. {source.name} is kept.")


def _refuse_to_overwrite(wanted: ConversionRequest) -> None:
    if wanted.target.exists():
        raise RequestError(
            f"There is a file {wanted.target.name} already.",
            "Use it, or move it away and convert again.",
        )


def _require_change(
    wanted: ConversionRequest, before: Mapping[str, Stored], after: Mapping[str, Stored]
) -> None:
    """Require that the new file differs from the old one, or is a pickle no more."""
    kinds = [{name: tensor.dtype for name, tensor in each.items()} for each in (before, after)]
    if kinds[0] == kinds[1] and wanted.source.suffix.lower() not in PICKLE_SUFFIXES:
        raise RequestError(
            f"{wanted.source.name} would not change: it is so already.",
            "Use it as it is, or choose another precision.",
        )


def _require_room(wanted: ConversionRequest, needed: int) -> None:
    free = shutil.disk_usage(wanted.target.parent).free
    if free < needed:
        raise OutputError(
            f"{wanted.target.name} needs {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free.",
            "Free some space, then convert it again.",
        )


def _clipped(names: list[str], to: str) -> str:
    others = f" and {len(names) - 1} more tensors" if len(names) > 1 else ""
    return (
        f"Some numbers of {names[0]}{others} are larger than {to} holds; they became the largest "
        "that it holds. Compare pictures before you delete the original."
    )
