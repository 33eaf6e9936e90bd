"""Styles: those that ship with Easel, a person's own, and those of brought installations."""

from collections.abc import Iterator
from pathlib import Path

from backend.library.brought import BroughtBook
from backend.library.styles import read_styles
from backend.places import Places
from backend.schema.bringing import Style
from backend.schema.errors import NotFoundError
from backend.services.installations import styles_of
from backend.services.short_lived import ShortLived

_OWN, _SHIPPED = "yours", "Easel"
_READ = frozenset({".csv", ".json"})


class StyleBook:
    """Finds styles by their names; a person's own come before those of the same name."""

    def __init__(self, places: Places) -> None:
        """Read files when asked, a person's from `styles.csv` and `styles` beside the models."""
        self._shipped = places.presets / "styles.json"
        self._folder = places.styles
        self._book = BroughtBook(places.data / "brought.json")
        self._kept = ShortLived(lambda: tuple(self._found().values()))

    def all(self) -> tuple[Style, ...]:
        """All of them: a person's own, those that ship with Easel, those of installations."""
        return self._kept.get()

    def find(self, name: str) -> Style:
        """The style of this name.

        Raises:
            NotFoundError: When there is none.
        """
        for style in self.all():
            if style.name == name:
                return style
        raise NotFoundError("This style is not there any more.", "Choose another one.")

    def _found(self) -> dict[str, Style]:
        found: dict[str, Style] = {}
        for style in self._read():
            found.setdefault(style.name, style)
        return found

    def _read(self) -> Iterator[Style]:
        for file in self._own_files():
            yield from read_styles(file, _OWN, _pass_over)
        if self._shipped.is_file():
            yield from read_styles(self._shipped, _SHIPPED, _pass_over)
        for one in self._book.all():
            yield from styles_of(one)

    def _own_files(self) -> Iterator[Path]:
        beside = (self._folder.with_suffix(suffix) for suffix in sorted(_READ))
        inside = sorted(self._folder.rglob("*")) if self._folder.is_dir() else []
        for file in (*beside, *inside):
            if file.suffix.lower() in _READ and file.is_file():
                yield file


def _pass_over(file: Path, reason: str) -> None:
    """Styles that cannot be read are missing from the list."""
    del file, reason
