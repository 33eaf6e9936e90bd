"""Web pages' fragments and Markdown as plain text."""

import html
import re
from html.parser import HTMLParser

LONGEST_TEXT = 4_000
_BREAKING_TAGS = frozenset({"p", "br", "li", "div", "h1", "h2", "h3", "h4", "tr"})
_UNSEEN_TAGS = frozenset({"script", "style"})
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKS = re.compile(r"^\s*(#{1,6}\s+|[-*_]{3,}\s*$|```.*$|>\s?)|\*\*|__|`", re.MULTILINE)


def plain_text(text: str) -> str:
    """The text without tags, its blank lines and its end beyond a page of reading."""
    if "<" in text:
        reader = _Words()
        reader.feed(text)
        reader.close()
        text = "".join(reader.words)
    lines = (" ".join(line.split()) for line in html.unescape(text).splitlines())
    return "\n".join(line for line in lines if line)[:LONGEST_TEXT]


def plain_markdown(text: str) -> str:
    """The words of a Markdown document, as `plain_text`; its front matter is left out."""
    text = _FRONT_MATTER.sub("", text.replace("\r\n", "\n"))
    return plain_text(_MARKS.sub("", _LINK.sub(r"\1", _PICTURE.sub("", text))))


class _Words(HTMLParser):
    """Keeps the words of a fragment."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._unseen = False

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._unseen = tag in _UNSEEN_TAGS
        if tag in _BREAKING_TAGS:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN_TAGS:
            self._unseen = False
