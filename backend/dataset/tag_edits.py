"""The same change of many captions, whether they are tags or sentences."""

import re

from backend.dataset.captions import joined, tags_of
from backend.schema.dataset_views import TagEdit


def edited(caption: str, edit: TagEdit) -> str:
    """A caption with a change made."""
    tags = tags_of(edit.tags)
    if edit.do == "add":
        return joined((*tags_of(caption), *_absent(tags, caption)))
    if edit.do == "front":
        return joined((*tags, *(tag for tag in tags_of(caption) if not _among(tag, tags))))
    becomes = edit.becomes if edit.do == "replace" else ""
    for tag in tags:
        caption = _replaced(caption, tag, becomes)
    return caption


def _replaced(caption: str, tag: str, becomes: str) -> str:
    """The caption with a tag replaced, or the words within its sentences where it is no tag."""
    there = tags_of(caption)
    if any(_same(tag, each) for each in there):
        replaced = (
            part for each in there for part in (tags_of(becomes) if _same(tag, each) else (each,))
        )
        return joined(tuple(dict.fromkeys(replaced)))
    words = re.compile(rf"(?<!\w){re.escape(tag)}(?!\w)", re.IGNORECASE)
    changed = words.sub(lambda _: becomes, caption)
    return changed if changed == caption else joined(tags_of(" ".join(changed.split())))


def _absent(tags: tuple[str, ...], caption: str) -> tuple[str, ...]:
    there = tags_of(caption)
    return tuple(tag for tag in tags if not _among(tag, there))


def _among(tag: str, tags: tuple[str, ...]) -> bool:
    return any(_same(tag, each) for each in tags)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
