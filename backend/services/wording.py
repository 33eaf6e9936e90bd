"""The words of each picture: what a prompt becomes when its choices are made with the seed."""

from collections.abc import Iterator
from pathlib import Path

from backend.library.brought import BroughtBook
from backend.library.wildcards import read_wildcards
from backend.places import Places
from backend.prompts.choices import leaves_choices, make_choices
from backend.prompts.wildcards import Wildcards
from backend.schema.bringing import Wildcard
from backend.schema.picture_settings import PromptSettings
from backend.schema.resolved import ResolvedRequest
from backend.services.checks import readable
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

    def worded(self, request: ResolvedRequest) -> ResolvedRequest:
        """The request with the prompt of each picture, by its seed, where it leaves choices.

        Raises:
            OutOfRangeError: When a prompt becomes too long.
        """
        changes: dict[str, object] = {"expanded": self._written(request.prompt, request)}
        if request.hires is not None:
            written = self._written(request.hires.prompt, request)
            changes["hires"] = request.hires.model_copy(update={"expanded": written})
        return request.model_copy(update=changes)

    def _written(
        self, asked: PromptSettings, request: ResolvedRequest
    ) -> dict[int, PromptSettings]:
        """What a prompt becomes for each picture, by index; none where it leaves no choice."""
        if not (leaves_choices(asked.positive) or leaves_choices(asked.negative)):
            return {}
        lists = self.wildcards() if "__" in asked.positive + asked.negative else Wildcards({})
        written = {
            index: readable(_chosen(asked, request.seed_of(index), lists))
            for index in range(request.batch.pictures)
        }
        return {} if all(prompt == asked for prompt in written.values()) else written

    def _read(self) -> Iterator[Wildcard]:
        if self._folder.is_dir():
            yield from read_wildcards(self._folder, self._folder, _OWN, _pass_over)
        for one in self._book.all():
            yield from wildcards_of(one)


def _chosen(prompt: PromptSettings, seed: int, lists: Wildcards) -> PromptSettings:
    return PromptSettings(
        positive=make_choices(prompt.positive, seed, lists),
        negative=make_choices(prompt.negative, f"{seed} negative", lists),
    )


def _pass_over(file: Path, reason: str) -> None:
    """Lists that cannot be read are missing; the picture then says which."""
    del file, reason
