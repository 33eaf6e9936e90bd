"""What Easel writes into its own pictures beside infotext: everything that makes them again."""

import binascii
import zlib
from collections.abc import Mapping
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from backend.metadata.file_texts import Source, read_texts
from backend.schema.base import Frozen
from backend.schema.hires import ResolvedHires
from backend.schema.resolved import ResolvedRequest
from backend.schema.source_settings import ResolvedPicture, ResolvedSource
from backend.version import VERSION

OWN = "easel"
"""The name of the text in a PNG."""
MAKER_NOTE = "MakerNote"
"""The name of the EXIF text that has it in other formats, packed."""
_PACKED = "easel:"
_LONGEST = 4 * 2**20


class Workshop(Frozen):
    """What a picture was made with besides models; other ones give slightly other pixels."""

    device: str = ""
    """Its name; empty where nobody told."""
    torch: str = ""
    """PyTorch's version."""


class PictureMetadata(Frozen):
    """Where a picture came from."""

    model_config = ConfigDict(
        validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    version: Literal[1] = 1
    request: ResolvedRequest
    """What it was made with; `model.path` is the library's id, not a place on one machine."""
    index: int
    """Its place in its job, from 0."""
    created: float
    """When it was asked for, in seconds since the epoch."""
    easel_version: str = Field(validation_alias="easel", serialization_alias="easel")
    """The version of Easel that made it."""
    workshop: Workshop = Workshop()


def metadata_of(
    request: ResolvedRequest, index: int, created: float, workshop: Workshop | None = None
) -> PictureMetadata:
    """What picture `index` is to tell: without this machine's folders and the other prompts.

    Args:
        request: What it was made with.
        index: Its place in its job, from 0.
        created: When it was asked for, in seconds since the epoch.
        workshop: What it was made with.
    """
    model = request.model.model_copy(update={"path": request.model.checkpoint, "parts": ()})
    embeddings = tuple(each.model_copy(update={"path": each.id}) for each in request.embeddings)
    prompts = {index: request.prompt_of(index)} if request.expanded else {}
    loras = tuple(each.model_copy(update={"path": each.id}) for each in request.loras)
    changes = {
        "model": model,
        "embeddings": embeddings,
        "loras": loras,
        "expanded": prompts,
        "source": request.source and _without_paths(request.source),
        "hires": request.hires and _of_one(request.hires, index),
        "preview_decoder": None,
    }
    shareable = request.model_copy(update=changes)
    return PictureMetadata(
        request=shareable,
        index=index,
        created=created,
        easel_version=VERSION,
        workshop=workshop or Workshop(),
    )


def _of_one(hires: ResolvedHires, index: int) -> ResolvedHires:
    """A second pass by its upscaler's id, without the other pictures' prompts."""
    which = hires.upscaler
    own = {index: hires.expanded[index]} if hires.expanded else {}
    named = which and which.model_copy(update={"path": which.id})
    return hires.model_copy(update={"upscaler": named, "expanded": own})


def _without_paths(source: ResolvedSource) -> ResolvedSource:
    """Pictures by what they were called in the request alone."""
    mask = source.mask
    if mask and mask.picture:
        mask = mask.model_copy(update={"picture": _without_path(mask.picture)})
    changes = {"picture": _without_path(source.picture), "mask": mask}
    return source.model_copy(update=changes)


def _without_path(picture: ResolvedPicture) -> ResolvedPicture:
    return picture.model_copy(update={"path": picture.reference})


def packed(own: Frozen) -> str:
    """The JSON as a short text of plain letters, for formats that have little room."""
    content = zlib.compress(own.model_dump_json().encode(), 9)
    return _PACKED + binascii.b2a_base64(content, newline=False).decode()


def own_text(texts: Mapping[str, str]) -> str:
    """Easel's own JSON among a file's texts; empty where there is none."""
    return texts.get(OWN) or _unpacked(texts.get(MAKER_NOTE, ""))


def own_metadata(texts: Mapping[str, str]) -> PictureMetadata | None:
    """What a file's texts tell; None where Easel did not write them, or not so."""
    own = texts.get(OWN) or _unpacked(texts.get(MAKER_NOTE, ""))
    try:
        told = PictureMetadata.model_validate_json(own) if own else None
        return told if told and _holds(told) else None
    except ValidationError:
        return None


def _holds(told: PictureMetadata) -> bool:
    """Whether there can be such a picture; anybody may have written the file.

    Raises:
        ValidationError: When a setting is one that nobody can ask for.
    """
    made = told.request
    if told.index < 0 or (made.expanded and told.index not in made.expanded):
        return False
    made.as_request(told.index)
    return True


def read_metadata(source: Source) -> PictureMetadata | None:
    """What a picture says about itself; None where it is not whole or not ours."""
    try:
        texts = read_texts(source)
    except OSError:
        return None
    return None if texts is None else own_metadata(texts.texts)


def _unpacked(text: str) -> str:
    if not text.startswith(_PACKED):
        return ""
    try:
        content = binascii.a2b_base64(text.removeprefix(_PACKED))
        return zlib.decompressobj().decompress(content, _LONGEST).decode(errors="replace")
    except (binascii.Error, zlib.error):
        return ""
