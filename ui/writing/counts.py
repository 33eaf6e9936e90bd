"""How much of a prompt is heard, as it stands at the prompt's edge and in the panel behind it."""

from collections.abc import Iterator

from backend.schema.base import Frozen
from backend.schema.writing import Heard
from ui.fragments import Fragments

_SHOWN = 32


class ShownPiece(Frozen):
    """A piece of the prompt, with the words that it ends with."""

    tokens: int
    words: str


class ShownCount(Frozen):
    """A count as the page shows it; places are counted in UTF-16, as browsers do."""

    label: str = ""
    """`34/75`; empty where nothing is typed."""
    title: str = ""
    cuts: tuple[int, ...] = ()
    """Where one piece ends and the next begins."""
    lost_from: int | None = None
    """From where on nothing is heard."""
    panel: str = ""
    """HTML."""


def shown_count(typed: str, heard: tuple[Heard, ...], fragments: Fragments) -> ShownCount:
    """What is shown of a prompt.

    Args:
        typed: The prompt.
        heard: By each text encoder, the one that decides first.
        fragments: Draws the panel.
    """
    if not typed.strip() or not heard:
        return ShownCount()
    main = heard[0]
    values = {
        "readers": heard,
        "pieces": tuple(_pieces(typed, main)),
        "lost": _shortened(typed[main.lost_from :]) if main.lost_from is not None else "",
    }
    return ShownCount(
        label=f"{main.used}/{main.room}",
        title=_title(main),
        cuts=tuple(_in_browser(typed, piece.end) for piece in main.pieces[:-1]),
        lost_from=None if main.lost_from is None else _in_browser(typed, main.lost_from),
        panel=fragments.draw("writing/count", values),
    )


def _title(heard: Heard) -> str:
    if heard.lost_from is not None:
        return f"{heard.reader} hears {heard.room} tokens: the end of the prompt is lost"
    pieces = len(heard.pieces)
    behind = f" in {pieces} pieces" if pieces > 1 else ""
    return f"{heard.used} of {heard.room} tokens{behind}"


def _pieces(typed: str, heard: Heard) -> Iterator[ShownPiece]:
    start = 0
    for piece in heard.pieces if len(heard.pieces) > 1 else ():
        words = typed[start : piece.end].strip(" ,\n")
        ends = f"…{words[-_SHOWN:].lstrip()}" if len(words) > _SHOWN else words
        yield ShownPiece(tokens=piece.tokens, words=ends)
        start = max(start, piece.end)


def _shortened(text: str) -> str:
    words = text.strip(" ,\n")
    return f"{words[:_SHOWN].rstrip()}…" if len(words) > _SHOWN else words


def _in_browser(text: str, place: int) -> int:
    """A place in a text as JavaScript counts it: an emoji is two."""
    return len(text[:place].encode("utf-16-le")) // 2
