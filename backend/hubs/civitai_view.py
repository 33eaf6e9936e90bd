"""From CivitAI's answers to ours."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit

from backend.hubs.families import civitai_family
from backend.hubs.files import bare_name, format_of, precision_of
from backend.hubs.kinds import CIVITAI_FILE_KINDS, CIVITAI_KINDS, CIVITAI_LEFT_OUT
from backend.hubs.licences import base_licence, civitai_terms, may_earn, sells_pictures
from backend.hubs.samples import infotext_of
from backend.metadata.loose import (
    Object,
    count_in,
    number_in,
    object_in,
    objects_in,
    text_in,
    texts_in,
)
from backend.metadata.plain_text import plain_text
from backend.schema.errors import HubAnswerError
from backend.schema.hubs import HubCard, HubFile, HubModel, HubName, HubSample, HubVersion
from backend.schema.models import ModelKind

_MATURE_FROM = 4
"""CivitAI's browsing levels: 1 for everybody, 2 from 13 on, 4 restricted, 8 and 16 for adults."""
_MATURE_WORDS = frozenset({"Mature", "X"})
"""What older answers say in place of a level: None, Soft, Mature, X."""
_ORIGINAL = re.compile(r"/original=true(?=[/,])")
_SMALL = "/width=450"
_SHA256_LENGTH = 64
_MOST_SAMPLES = 20
_STRONGEST = 10.0
_KIB = 1024


def model(told: Object, address: str) -> HubModel:
    """All about a model.

    Raises:
        HubAnswerError: When the answer is no model.
    """
    shown = card(told, address, mature=False)
    if shown is None:
        raise HubAnswerError("CivitAI answered with something else than a model.", "Try again.")
    description = text_in(told, "description")
    return HubModel(
        card=shown,
        description=plain_text(description),
        tags=texts_in(told, "tags"),
        terms=civitai_terms(told, shown.licence),
        versions=tuple(
            version(each, shown.kind)
            for each in objects_in(told, "modelVersions")
            if isinstance(each.get("id"), int)
        ),
    )


def card(told: Object, address: str, *, mature: bool) -> HubCard | None:
    """A model as a hit; None where the answer is none.

    Args:
        told: What CivitAI says of it.
        address: CivitAI's origin.
        mature: Whether its picture may be one for adults.
    """
    number, name = told.get("id"), text_in(told, "name")
    if not isinstance(number, int) or not name:
        return None
    newest = next(iter(objects_in(told, "modelVersions")), {})
    kind = CIVITAI_KINDS.get(text_in(told, "type"), ModelKind.UNKNOWN)
    first = version(newest, kind)
    stats, base_model = object_in(told, "stats"), text_in(newest, "baseModel")
    licence = base_licence(base_model)
    usual = next((file for file in first.files if file.primary), None)
    allowed = sells_pictures(told)
    return HubCard(
        hub=HubName.CIVITAI,
        id=str(number),
        name=name,
        author=text_in(object_in(told, "creator"), "username"),
        kind=kind,
        family=first.family,
        family_label=first.family_label,
        bytes=usual.bytes if usual else None,
        downloads=count_in(stats, "downloadCount"),
        likes=count_in(stats, "thumbsUpCount") or count_in(stats, "favoriteCount"),
        licence=licence,
        commercial=False if may_earn(licence) is False else allowed,
        mature=told.get("nsfw") is True,
        picture=next((each.address for each in first.samples if mature or not each.mature), ""),
        page=f"{address}/models/{number}",
    )


def version(told: Object, kind: ModelKind) -> HubVersion:
    """A version; `kind` is its model's."""
    base_model = text_in(told, "baseModel")
    strength = number_in(object_in(told, "settings"), "strength") or 0
    images = objects_in(told, "images")
    samples = (_sample(each) for each in images if text_in(each, "type") in ("", "image"))
    files = (_file(each, kind) for each in objects_in(told, "files"))
    return HubVersion(
        id=str(told.get("id", "")),
        name=text_in(told, "name"),
        family=civitai_family(base_model, text_in(told, "baseModelType")),
        family_label=base_model,
        trigger_words=texts_in(told, "trainedWords"),
        strength=float(strength) if 0 < abs(strength) <= _STRONGEST else None,
        published=(text_in(told, "publishedAt") or text_in(told, "createdAt"))[:10],
        files=tuple(file for file in files if file is not None),
        samples=tuple(sample for sample in samples if sample is not None)[:_MOST_SAMPLES],
    )


def with_version(whole: HubModel, told: Object) -> HubModel:
    """The model with a version as it was told by itself: with more, or one that is not listed."""
    more = version(told, whole.card.kind)
    known = whole.version(more.id) if more.id else None
    if known is None:
        return whole.model_copy(update={"versions": (*whole.versions, more)})
    if not more.files:
        more = more.model_copy(update={"files": known.files})
    versions = tuple(more if each is known else each for each in whole.versions)
    return whole.model_copy(update={"versions": versions})


def without_token(address: str) -> str:
    """An address without what people paste into it."""
    parts = urlsplit(address)
    kept = [pair for pair in parse_qsl(parts.query) if pair[0].casefold() != "token"]
    return parts._replace(query=urlencode(kept), fragment="").geturl()


def _file(told: Object, kind: ModelKind) -> HubFile | None:
    name, address = bare_name(text_in(told, "name")), text_in(told, "downloadUrl")
    what = text_in(told, "type")
    if not name or not address or what in CIVITAI_LEFT_OUT:
        return None
    described = object_in(told, "metadata")
    size = number_in(told, "sizeKB")
    sha256 = text_in(object_in(told, "hashes"), "SHA256").lower()
    precision = text_in(described, "quantType") or text_in(described, "fp") or precision_of(name)
    return HubFile(
        name=name,
        address=without_token(address),
        bytes=round(size * _KIB) if size is not None and size >= 0 else None,
        sha256=sha256 if len(sha256) == _SHA256_LENGTH else "",
        format=format_of(name),
        precision=precision,
        pruned=text_in(described, "size") == "pruned" or what == "Pruned Model",
        kind=CIVITAI_FILE_KINDS.get(what, kind),
        primary=told.get("primary") is True,
    )


def _sample(told: Object) -> HubSample | None:
    address = text_in(told, "url")
    if not address:
        return None
    meta = object_in(told, "meta")
    return HubSample(
        address=_ORIGINAL.sub(_SMALL, address),
        mature=_is_mature(told.get("nsfwLevel", told.get("nsfw"))),
        infotext=infotext_of(told, object_in(meta, "meta") or meta),
    )


def _is_mature(level: object) -> bool:
    if isinstance(level, int) and not isinstance(level, bool):
        return level >= _MATURE_FROM
    return level is True or level in _MATURE_WORDS
