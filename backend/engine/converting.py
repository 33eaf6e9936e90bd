"""The story of a safe conversion: from a pickle to safetensors, running nothing of it."""

import shutil
from collections.abc import Iterator

from backend.engine.context import Context
from backend.engine.loading.pickles import read_pickle
from backend.engine.loading.safetensors_writer import can_be_written, write_safetensors
from backend.schema.conversion import ConversionRequest
from backend.schema.errors import ModelMissingError, OutputError, RequestError
from backend.schema.events import Event, Finished, Stage, Warned


def convert(request: dict[str, object], context: Context) -> Iterator[Event]:  # noqa: ARG001
    """Write the safetensors file beside the pickle, which is kept.

    It appears under its name when it is whole; until then it ends in `.part`.

    Args:
        request: A `ConversionRequest` as JSON.
        context: The job's surroundings.

    Raises:
        ModelError: When the pickle is missing, damaged, or wants to run something.
        RequestError: When there is such a safetensors file already.
        OutputError: When there is no room for it, or the disk refuses it.
    """
    wanted = ConversionRequest.model_validate(request)
    source, target = wanted.source, wanted.target
    if not source.is_file():
        raise ModelMissingError(f"There is no file {source}.", "Was it moved?")
    _refuse_to_overwrite(wanted)
    yield Stage(sentence=f"Reading {source.name}")
    found = read_pickle(source)
    tensors = {name: tensor for name, tensor in found.items() if can_be_written(tensor)}
    for name in found.keys() - tensors.keys():
        yield Warned(sentence=f"{name} is left out: safetensors has no place for its numbers.")
    total = sum(tensor.nbytes for tensor in tensors.values())
    part = target.with_name(f"{target.name}.part")
    try:
        _require_room(wanted, total)
        for done in write_safetensors(part, tensors):
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
    yield Finished(sentence=f"{target} is written. {source.name} is kept.")


def _refuse_to_overwrite(wanted: ConversionRequest) -> None:
    if wanted.target.exists():
        raise RequestError(
            f"There is a file {wanted.target.name} already.",
            "Use it, or move it away and convert again.",
        )


def _require_room(wanted: ConversionRequest, needed: int) -> None:
    free = shutil.disk_usage(wanted.target.parent).free
    if free < needed:
        raise OutputError(
            f"{wanted.target.name} needs {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free.",
            "Free some space, then convert it again.",
        )
