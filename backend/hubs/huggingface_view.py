"""From Hugging Face's answers to ours."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import quote, urlsplit

from backend.hubs.families import family_of_tags
from backend.hubs.files import format_of, is_text, precision_of, telling_name
from backend.hubs.kinds import FOLDER_KINDS, kind_of_tags
from backend.hubs.licences import licence_terms, may_earn
from backend.metadata.loose import (
    Object,
    count_in,
    number_in,
    object_in,
    objects_in,
    text_in,
    texts_in,
)
from backend.schema.errors import HubAnswerError
from backend.schema.hubs import HubCard, HubFile, HubModel, HubName, HubSample, HubVersion
from backend.schema.models import Family, ModelKind

_MATURE = "not-for-all-audiences"
_MOST_SAMPLES = 20
_NO_WEIGHTS = ("optimizer", "scheduler", "training_args", "random_states", "rng_state", "-of-0")
"""In names of files that are a training's state, or parts of one file that Easel cannot join."""
_SHORTEST_TAG = 2
_MOST_TEXT = 16 << 20
"""Bytes of a file of words; vocabularies have a few million."""


def card(told: Object, address: str) -> HubCard | None:
    """A repository as a hit; None where the answer is none."""
    model_id = text_in(told, "id") or text_in(told, "modelId")
    if "/" not in model_id:
        return None
    tags, licence = _tags(told), _licence(told)
    family = family_of_tags(tags)
    owner, _, name = model_id.partition("/")
    return HubCard(
        hub=HubName.HUGGING_FACE,
        id=model_id,
        name=name,
        author=text_in(told, "author") or owner,
        kind=kind_of_tags(tags),
        family=family,
        family_label=family.label if family is not Family.UNKNOWN else "",
        downloads=count_in(told, "downloads"),
        likes=count_in(told, "likes"),
        licence=licence,
        commercial=may_earn(licence),
        mature=_MATURE in tags,
        gated=told.get("gated") not in (None, False, ""),
        picture=next((each.address for each in _samples(told, address, model_id)), ""),
        page=f"{address}/{model_id}",
    )


def model(told: Object, address: str) -> HubModel:
    """All about a repository, its description aside.

    Raises:
        HubAnswerError: When the answer is no repository.
    """
    shown, commit = card(told, address), text_in(told, "sha")
    if shown is None or not commit:
        raise HubAnswerError(
            "Hugging Face answered with something else than a repository.", "Try again."
        )
    below = f"{address}/{shown.id}/resolve/{quote(commit, safe='')}"
    files = _files(told, below, shown)
    usual = next((file for file in files if file.primary), None)
    version = HubVersion(
        id=commit,
        name=commit[:7],
        family=shown.family,
        family_label=shown.family_label,
        trigger_words=texts_in(object_in(told, "cardData"), "instance_prompt"),
        published=(text_in(told, "lastModified") or text_in(told, "createdAt"))[:10],
        files=files,
        texts=tuple(_texts(told, below)),
        samples=tuple(_samples(told, address, shown.id)),
    )
    gate = ("Its licence has to be accepted on its page first.",) if shown.gated else ()
    return HubModel(
        card=shown.model_copy(update={"bytes": usual.bytes if usual else None}),
        tags=tuple(tag for tag in _tags(told) if ":" not in tag and len(tag) > _SHORTEST_TAG),
        terms=(*licence_terms(shown.licence), *gate),
        versions=(version,),
    )


def _tags(told: Object) -> tuple[str, ...]:
    tags = (*texts_in(told, "tags"), text_in(told, "pipeline_tag"))
    return tuple(tag for tag in dict.fromkeys(tags) if tag)


def _licence(told: Object) -> str:
    """The licence; where the list of licences has it not, the name that the card gives it."""
    facts = object_in(told, "cardData")
    tagged = next((tag for tag in texts_in(told, "tags") if tag.startswith("license:")), "")
    licence = tagged.removeprefix("license:") or next(iter(texts_in(facts, "license")), "")
    return text_in(facts, "license_name") or licence if licence in ("", "other") else licence


def _samples(told: Object, address: str, model_id: str) -> list[HubSample]:
    """The pictures of its card's gallery; what makes them is a prompt alone."""
    mature = _MATURE in texts_in(told, "tags")
    widget = objects_in(told, "widgetData") or objects_in(object_in(told, "cardData"), "widget")
    samples: list[HubSample] = []
    for each in widget[:_MOST_SAMPLES]:
        url = text_in(object_in(each, "output"), "url")
        if url and not urlsplit(url).scheme:
            url = f"{address}/{model_id}/resolve/main/{quote(url.removeprefix('./'))}"
        if url.startswith(f"{address}/"):
            prompt = text_in(each, "text").strip("- ")
            samples.append(HubSample(address=url, mature=mature, infotext=prompt))
    return samples


def _files(told: Object, address: str, shown: HubCard) -> tuple[HubFile, ...]:
    """The files that are weights; the one that is usually taken is marked."""
    found: list[tuple[str, HubFile]] = []
    for sibling in objects_in(told, "siblings"):
        path = text_in(sibling, "rfilename")
        name = PurePosixPath(path).name
        if format_of(name) == "other" or any(part in name for part in _NO_WEIGHTS):
            continue
        lfs, size = object_in(sibling, "lfs"), _size(sibling)
        file = HubFile(
            name=telling_name(shown.id, path),
            address=f"{address}/{quote(path)}",
            bytes=size,
            sha256=text_in(lfs, "sha256").lower(),
            format=format_of(name),
            precision=precision_of(name),
            pruned="pruned" in name.casefold(),
            kind=_kind(path, shown.kind),
        )
        found.append((path, file))
    usual = min(found, key=lambda each: _rank(*each, shown.kind), default=None)
    return tuple(
        file.model_copy(update={"primary": usual is not None and path == usual[0]})
        for path, file in found
    )


def _texts(told: Object, below: str) -> Iterator[HubFile]:
    """The small files of words beside the weights."""
    for sibling in objects_in(told, "siblings"):
        name, size = text_in(sibling, "rfilename"), _size(sibling)
        if is_text(name) and "/" not in name and size is not None and size <= _MOST_TEXT:
            yield HubFile(name=name, address=f"{below}/{quote(name)}", bytes=size)


def _size(sibling: Object) -> int | None:
    """Bytes of a file; None where the hub does not tell."""
    size = number_in(sibling, "size")
    size = number_in(object_in(sibling, "lfs"), "size") if size is None else size
    return None if size is None or size < 0 else int(size)


def _kind(path: str, kind: ModelKind) -> ModelKind:
    """What a file is for, by its folder, then by its name, then by its repository."""
    *folders, name = PurePosixPath(path).parts
    for folder in reversed(folders):
        if folder in FOLDER_KINDS:
            return FOLDER_KINDS[folder]
    return ModelKind.LORA if "lora" in name.casefold() else kind


def _rank(path: str, file: HubFile, kind: ModelKind) -> tuple[bool, bool, int, int]:
    """Smallest first: what the repository is about, safe, then the largest, then the plainest."""
    return (
        file.kind is not kind,
        file.format not in ("safetensors", "gguf"),
        -(file.bytes or 0),
        len(path),
    )
