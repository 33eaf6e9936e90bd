"""Several things learned at once: which pictures are called by which trigger word."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Self

from backend.schema.datasets import DatasetItem
from backend.schema.errors import RequestError


@dataclass(frozen=True)
class Concepts:
    """The trigger words of a dataset."""

    trigger: str
    """Of all pictures that have no other; empty for none."""
    others: Mapping[str, str]
    """By the folder, as it was typed."""

    @classmethod
    def read(cls, trigger: str, concepts: str) -> Self:
        """Understand what a person typed.

        Args:
            trigger: The word that calls what is learned.
            concepts: Other words for folders, as `folder=word, folder=word`.

        Raises:
            RequestError: When a part is no such pair.
        """
        others: dict[str, str] = {}
        for part in filter(None, (each.strip() for each in concepts.split(","))):
            folder, _, word = (each.strip() for each in part.rpartition("="))
            if not folder or not word:
                raise RequestError(
                    f"“{part}” does not say which folder has which trigger word.",
                    "Write folder=word for each, parted by commas: cats=zkw7, dogs=qvx2.",
                )
            others[folder] = word
        return cls(trigger.strip(), others)

    def check(self, items: Iterable[DatasetItem]) -> None:
        """See that each folder is there.

        Raises:
            RequestError: When one is not.
        """
        there = {name for item in items for name in _names(item)}
        missing = next((each for each in self.others if _plain(each) not in there), None)
        if missing is not None:
            known = sorted({PurePosixPath(item.path).parent.name for item in items} - {""})
            raise RequestError(
                f"Among the pictures there is no folder {missing}.",
                f"There are: {', '.join(known)}." if known else "Put its pictures into a folder.",
            )

    def of(self, item: DatasetItem) -> str:
        """The word that calls what a picture shows; empty for none."""
        names = _names(item)
        own = (word for folder, word in self.others.items() if _plain(folder) in names)
        return next(own, self.trigger)


def _names(item: DatasetItem) -> set[str]:
    """What the folder of a picture may be called, and those around it."""
    folder = PurePosixPath(item.path).parent
    around = (each for each in (folder, *folder.parents) if each.name)
    return {_plain(name) for each in around for name in (str(each), each.name, item.concept)} - {""}


def _plain(name: str) -> str:
    return name.replace("\\", "/").strip("/").casefold()
