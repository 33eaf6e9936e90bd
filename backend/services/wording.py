"""The words of each picture: what a prompt becomes when its choices are made with the seed."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from backend.library.brought import BroughtBook
from backend.library.wildcards import read_wildcards
from backend.places import Places
from backend.prompts.choices import leaves_choices, make_choices
from backend.prompts.wildcards import Wildcards
from backend.schema.bringing import Wildcard
from backend.schema.generation import PromptSettings
from backend.services.installations import wildcards_of

_OWN = "Easel"


class Wording:
    """Makes the choices that prompts leave, with the lists of this machine."""

    def __init__(self, places: Places) -> None:
        """Read lists from Easel's own folder and from the installations in use, when asked."""
        self._folder = places.wildcards
        self._book = BroughtBook(places.data / "brought.json")

    def wildcards(self) -> Wildcards:
        """All lists, read anew; those of one name are joined."""
        lists: dict[str, tuple[str, ...]] = {}
        for each in self._read():
            lists[each.name] = lists.get(each.name, ()) + each.entries
        return Wildcards(lists)

    def of(self, prompt: PromptSettings, seeds: Iterable[int]) -> tuple[PromptSettings, ...]:
        """The prompt of each picture, by their seeds; none where it leaves no choice."""
        if not (leaves_choices(prompt.positive) or leaves_choices(prompt.negative)):
            return ()
        lists = self.wildcards() if "__" in prompt.positive + prompt.negative else Wildcards({})
        written = tuple(
            PromptSettings(
                positive=make_choices(prompt.positive, seed, lists),
                negative=make_choices(prompt.negative, f"{seed} negative", lists),
            )
            for seed in seeds
        )
        return () if all(each == prompt for each in written) else written

    def _read(self) -> Iterator[Wildcard]:
        if self._folder.is_dir():
            yield from read_wildcards(self._folder, self._folder, _OWN, _pass_over)
        for one in self._book.all():
            yield from wildcards_of(one)


def _pass_over(file: Path, reason: str) -> None:
    """Lists that cannot be read are missing; the picture then says which."""
    del file, reason
