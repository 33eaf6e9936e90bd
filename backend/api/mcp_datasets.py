"""The tools that make datasets: list them, fill one, have its pictures described."""

import base64
import binascii
import io
from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import Field, ValidationError

from backend.api.verbs import Verbs
from backend.schema.base import Frozen
from backend.schema.captioning import CaptionWish
from backend.schema.dataset_views import Caption, DatasetChange, NewDataset
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.jobs import Actor

Arguments = Mapping[str, object]
Asked = TypeVar("Asked", bound=Frozen)
_TEXT = {"type": "string"}


class _Image(Frozen):
    """A picture of a call; clients name its bytes one way or the other."""

    filename: str = Field(min_length=1, max_length=300)
    content: str = ""
    data: str = ""
    caption: Caption = ""


class _Upload(Frozen):
    """What a call of `upload-dataset` says."""

    dataset_name: str = Field(min_length=1, max_length=100)
    images: tuple[_Image, ...] = Field(min_length=1)


class _Describe(Frozen):
    """What a call of `generate-captions` says."""

    dataset_path: str
    caption_model: str = ""
    trigger_word: str | None = None


def list_datasets(studio: Verbs, actor: Actor, arguments: Arguments) -> dict[str, object]:
    """Every dataset that was made in Easel.

    Raises:
        NotAllowedError: When a guest asks.
        RequestError: When there are arguments.
    """
    if arguments:
        raise RequestError("The tool “list-datasets” takes no arguments.")
    there = (studio.datasets.view(actor, each.id) for each in studio.datasets.all(actor))
    return {
        "datasets": [
            {"name": each.id, "dataset_path": each.folder, "images": len(each.pictures)}
            for each in there
        ]
    }


def upload_dataset(studio: Verbs, actor: Actor, arguments: Arguments) -> dict[str, object]:
    """Put pictures with captions into the dataset of a name, which is made where there is none.

    Raises:
        NotAllowedError: When a guest asks.
        RequestError: When the arguments are no such; a picture that is none is only left out.
        OutputError: When the disk does not let us.
    """
    asked = _read(_Upload, arguments)
    dataset = _named(studio, actor, asked.dataset_name)
    if dataset is None:
        dataset = studio.datasets.create(actor, NewDataset(name=asked.dataset_name)).id
    left_out: list[str] = []
    for image in asked.images:
        try:
            content = base64.b64decode(image.content or image.data, validate=True)
            added = studio.datasets.add(actor, dataset, io.BytesIO(content), image.filename)
        except binascii.Error:
            left_out.append(f"{image.filename} is no base64.")
        except RequestError as error:
            left_out.append(error.sentence)
        else:
            studio.datasets.write(actor, dataset, {added.path: image.caption})
    view = studio.datasets.view(actor, dataset)
    return {
        "name": dataset,
        "dataset_path": view.folder,
        "images": len(view.pictures),
        "left_out": left_out,
    }


def generate_captions(studio: Verbs, actor: Actor, arguments: Arguments) -> dict[str, object]:
    """Have the pictures without a caption described, and tell which job that is.

    Raises:
        NotAllowedError: When a guest asks.
        NotFoundError: When there is no such dataset.
        ModelMissingError: When there is no such captioning model.
        RequestError: When the arguments are no such, or every picture has a caption.
    """
    asked = _read(_Describe, arguments)
    dataset = _named(studio, actor, asked.dataset_path)
    if dataset is None:
        raise NotFoundError(
            f"There is no dataset {asked.dataset_path}.", "Name one of “list-datasets”."
        )
    if asked.trigger_word is not None:
        studio.datasets.change(actor, dataset, DatasetChange(trigger=asked.trigger_word))
    job = studio.captioning.submit(actor, dataset, CaptionWish(captioner=asked.caption_model))
    return {"job_id": job.id}


def _named(studio: Verbs, actor: Actor, name: str) -> str | None:
    """The id of the dataset of a name, id or folder."""
    for each in studio.datasets.all(actor):
        if name in (each.name, each.id, studio.datasets.view(actor, each.id).folder):
            return each.id
    return None


def _read(kind: type[Asked], arguments: Arguments) -> Asked:
    try:
        return kind.model_validate(dict(arguments))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        known = ", ".join(kind.model_fields)
        raise RequestError(f"“{place}”: {first['msg']}.", f"There are: {known}.") from error


def _described(
    name: str, words: str, properties: Mapping[str, object], *required: str
) -> dict[str, object]:
    return {
        "name": name,
        "description": words,
        "inputSchema": {
            "type": "object",
            "properties": dict(properties),
            "required": list(required),
            "additionalProperties": False,
        },
    }


Answering = Callable[[Verbs, Actor, Arguments], dict[str, object]]
TOOLS: Mapping[str, tuple[Answering, Mapping[str, object]]] = {
    "list-datasets": (
        list_datasets,
        _described("list-datasets", "List the datasets that LoRAs can learn from.", {}),
    ),
    "upload-dataset": (
        upload_dataset,
        _described(
            "upload-dataset",
            "Put pictures with captions into a dataset; it is made where there is none.",
            {
                "dataset_name": _TEXT,
                "images": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "filename": _TEXT,
                            "content": {**_TEXT, "description": "The picture's file, as base64."},
                            "caption": _TEXT,
                        },
                        "required": ["filename", "content"],
                    },
                },
            },
            "dataset_name",
            "images",
        ),
    ),
    "generate-captions": (
        generate_captions,
        _described(
            "generate-captions",
            "Have a model describe the pictures of a dataset that have no caption.",
            {
                "dataset_path": {**_TEXT, "description": "A dataset's name or folder."},
                "caption_model": {**_TEXT, "description": "The model; the first where none is."},
                "trigger_word": _TEXT,
            },
            "dataset_path",
        ),
    ),
}
"""By name: what answers, and how lists of tools have it."""
