"""Getting the bytes of a file over connections that break, from hubs that are busy or down.

Sources: RFC 9110, 13.1.5 (`If-Range` takes strong validators only) and 14.4 (`Content-Range`).
"""

import random
import re
import shutil
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from pathlib import Path

import httpx

from backend.downloads.part import Part
from backend.downloads.ports import FreeBytes, Network
from backend.schema.errors import (
    EaselError,
    HubAnswerError,
    HubBusyError,
    HubLoginError,
    HubUnreachableError,
    OutputError,
)
from backend.schema.events import Event, Stage, Warned

RESERVE = 1_000_000_000
"""Bytes of a disk that downloads leave free."""
_MOST_FAILURES = 10
"""In a row, without a byte that is new; with the waits between them about five minutes."""
_MOST_CHANGES = 3
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
_LONGEST_BUSY = 900.0
_TICK = 0.2
_TELL_SECONDS = 0.25
_LOOK_BYTES = 64 << 20
_HEAD = 512
_SLACK = 1 << 20
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")

CheckHead = Callable[[bytes], None]
"""Raises where the first bytes of a file are not those of a model."""


def free_bytes(folder: Path) -> int:
    """How much can be written to a folder's disk."""
    return shutil.disk_usage(folder).free


@dataclass(frozen=True)
class Means:
    """What a transfer uses of the machine; tests bring their own."""

    free: FreeBytes = free_bytes
    wait: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random


class Transfer:
    """One file on its way to a `Part`; what arrived is never asked for again."""

    def __init__(self, network: Network, part: Part, check_head: CheckHead, means: Means) -> None:
        self._network = network
        self._part = part
        self._check_head = check_head
        self._means = means
        self._changes = 0
        self._head_checked = part.length >= _HEAD

    def run(self, name: str, expected: int | None) -> Iterator[Event]:
        """Get all of it.

        Args:
            name: What people call the file.
            expected: How many bytes the hub says that it has; None where it does not.

        Raises:
            HubError: When the hub refuses, or fails again and again; what arrived is kept.
            OutputError: When the disk is too full.
            ModelError: When it does not begin like a model.
        """
        failures, best = 0, self._part.length
        while True:
            try:
                if (yield from self._one_answer(name, expected)):
                    return
            except (HubBusyError, HubUnreachableError) as error:
                failures = 1 if self._part.length > best else failures + 1
                if failures >= _MOST_FAILURES:
                    raise
                seconds = self._seconds_to_wait(error, failures)
                yield from self._waited(error.sentence, seconds)
            best = max(best, self._part.length)

    def _one_answer(self, name: str, expected: int | None) -> Generator[Event, None, bool]:
        """Ask once and take what comes; gives whether that was all of it."""
        part = self._part
        address = part.note.address
        with self._network.open(address, self._range()) as answer:
            whole = part.length
            if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                if whole and whole == part.note.total:
                    return True
                yield from self._changed(name)
                return False
            refuse_pages(answer)
            total, chunks = _total(answer, part.length), answer.iter_raw()
            if part.length:
                if not self._continues(answer, total):
                    whole_file = answer.status_code == HTTPStatus.OK
                    chunks = self._looked_at(chunks) if whole_file else chunks
                    yield from self._changed(name, ranges=whole_file)
                    if not whole_file:
                        return False
                else:
                    part.resumed = True
            part.keep_note(etag=answer.headers.get("ETag", ""), total=total)
            self._require_room(name, total if total is not None else expected)
            yield from self._body(chunks, name, _most(total, expected))
        if total is not None and part.length < total:
            raise HubUnreachableError("The connection broke.", "Try again.")
        self._require_head(at_end=True)
        return True

    def _range(self) -> dict[str, str]:
        """Headers that ask for what is missing, if the file is still the same."""
        part, etag = self._part, self._part.note.etag
        if not part.length:
            return {}
        asked = {"Range": f"bytes={part.length}-"}
        return asked | ({"If-Range": etag} if etag and not etag.startswith("W/") else {})

    def _continues(self, answer: httpx.Response, total: int | None) -> bool:
        """Whether an answer goes on where the part ends, with the same file."""
        part = self._part
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if answer.status_code != HTTPStatus.PARTIAL_CONTENT or not found:
            return False
        etag, before = answer.headers.get("ETag", ""), part.note.etag
        same_file = not (etag and before) or etag == before
        return int(found[1]) == part.length and same_file and part.note.total in (None, total)

    def _changed(self, name: str, *, ranges: bool = False) -> Iterator[Event]:
        """Begin again, and say so.

        Args:
            name: What people call the file.
            ranges: Whether it may just be that its host cannot send parts of files.
        """
        self._changes += 1
        if self._changes > _MOST_CHANGES:
            raise HubAnswerError(
                f"{name} changes on the hub again and again.", "Try again in some hours."
            )
        why = "was changed on the hub, or its host sends only whole files"
        sentence = f"{name} {why if ranges else 'was changed on the hub'}, so it begins again."
        yield Warned(sentence=sentence)
        self._part.begin_again()
        self._head_checked = False

    def _looked_at(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same chunks, once they begin like a model: until then nothing is dropped for them."""
        first: list[bytes] = []
        while sum(map(len, first)) < _HEAD and (chunk := next(chunks, b"")):
            first.append(chunk)
        self._check_head(b"".join(first)[:_HEAD])
        return chain(first, chunks)

    def _body(self, chunks: Iterator[bytes], name: str, most: int | None) -> Iterator[Event]:
        part, told, looked = self._part, float("-inf"), self._part.length
        stage = Stage(sentence=f"Downloading {name}", total_bytes=part.note.total)
        for chunk in chunks:
            part.write(chunk)
            self._require_head()
            if most is not None and part.length > most:
                part.begin_again()
                raise HubAnswerError(f"{name} is longer than the hub says.", "Try another file.")
            if part.length - looked >= _LOOK_BYTES:
                looked = part.length
                self._require_room(name, None)
            if self._means.now() - told >= _TELL_SECONDS:
                told = self._means.now()
                yield stage.model_copy(update={"done_bytes": part.length})

    def _require_head(self, *, at_end: bool = False) -> None:
        if self._head_checked or not (at_end or self._part.length >= _HEAD):
            return
        self._head_checked = True
        try:
            self._check_head(self._part.head(_HEAD))
        except EaselError:
            self._part.begin_again()
            raise

    def _require_room(self, name: str, total: int | None) -> None:
        """Refuse to fill the disk."""
        part = self._part
        missing = max(0, (total or 0) - part.length)
        free = self._means.free(part.path.parent)
        if free < missing + RESERVE:
            raise OutputError(
                f"{name} needs {missing / 1e9:.1f} GB more and {RESERVE / 1e9:.0f} GB to spare, "
                f"and {free / 1e9:.1f} GB are free in {part.path.parent}.",
                "Free some space, then resume the download; what is there is kept.",
            )

    def _seconds_to_wait(self, error: HubBusyError | HubUnreachableError, failures: int) -> float:
        """Longer each time, and not the same for everybody who was sent away together."""
        longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** (failures - 1))
        seconds = longest * (0.5 + self._means.chance() / 2)
        if isinstance(error, HubBusyError):
            if error.seconds > _LONGEST_BUSY:
                raise error
            seconds = max(error.seconds + self._means.chance(), seconds)
        return seconds

    def _waited(self, why: str, seconds: float) -> Iterator[Event]:
        """Wait in small steps, so that it can be paused."""
        ends = self._means.now() + seconds
        while (left := ends - self._means.now()) > 0:
            yield Stage(sentence=f"{why} Trying again in {left:.0f} s")
            self._means.wait(min(_TICK, left))


def refuse_pages(answer: httpx.Response) -> None:
    """Do nothing where an answer may be a model.

    Raises:
        HubLoginError: Where it is a web page.
        HubAnswerError: Where it is a message for programs.
    """
    kind, host = answer.headers.get("Content-Type", "").lower(), answer.url.host
    if kind.startswith(("text/html", "application/xhtml")):
        raise HubLoginError(
            f"{host} sent a web page instead of the file; it probably wants a log-in.",
            "Give Easel a token for this hub, or open the model's page to see what it asks for. "
            "In a hotel or at work, a log-in page of the network may be in between.",
        )
    if kind.startswith(("application/json", "application/xml", "text/xml")):
        raise HubAnswerError(
            f"{host} sent a message instead of the file.", "Try again later, or another file."
        )


def _total(answer: httpx.Response, start: int) -> int | None:
    """The bytes of the whole file, as an answer tells."""
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT and found:
        return int(found[2])
    length = answer.headers.get("Content-Length", "")
    if not length.isdecimal():
        return None
    return int(length) + (start if answer.status_code == HTTPStatus.PARTIAL_CONTENT else 0)


def _most(total: int | None, expected: int | None) -> int | None:
    """Where to stop reading what has no end; hubs round the sizes that they tell."""
    if total is not None:
        return total
    return None if expected is None else expected + expected // 20 + _SLACK
