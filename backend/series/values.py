"""Lists and ranges of values as people type them.

Commas or line breaks part values, quotes keep commas within one. Of numbers, `1-5` means all whole
numbers from 1 to 5, `1-10 (+3)` every third of them, and `0-1 [5]` five with equal distances.

Source: the grammar that AUTOMATIC1111's web UI documents under “X/Y/Z plot”.
"""

import csv
import io
import re
from collections.abc import Iterator
from decimal import Decimal

from backend.schema.errors import OutOfRangeError, RequestError
from backend.schema.series import MOST_CELLS

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_RANGE = re.compile(rf"({_NUMBER})\s*-\s*({_NUMBER})\s*(?:\(\s*({_NUMBER})\s*\)|\[\s*(\d+)\s*\])?")
_EXAMPLES = "Write numbers as in “10, 20, 30”, “1-5”, “1-10 (+3)” or “0-1 [5]”."


def listed(text: str) -> tuple[str, ...]:
    """The values of a list, without empty ones."""
    rows = csv.reader(io.StringIO(text), skipinitialspace=True)
    return tuple(value.strip() for row in rows for value in row if value.strip())


def in_lines(text: str) -> tuple[str, ...]:
    """The lines of a text, without empty ones and those that begin with `#`."""
    lines = (line.strip() for line in text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def numbers(label: str, field: str, typed: str, *, whole: bool) -> tuple[int | float, ...]:
    """The numbers that one value of a list means: itself, or those of a range.

    Args:
        label: What sentences call the setting.
        field: Its id.
        typed: The value.
        whole: Whether only whole numbers count.

    Raises:
        OutOfRangeError: When it is none.
    """
    found = _RANGE.fullmatch(typed)
    try:
        exact = tuple(_range(found)) if found else (_finite(typed),)
    except (ArithmeticError, ValueError) as error:
        raise OutOfRangeError(f"{label} cannot be “{typed}”.", _EXAMPLES, field) from error
    if whole:
        return tuple(
            int(number.to_integral_value()) if found else _whole(number) for number in exact
        )
    return tuple(float(number) for number in exact)


def require_few(count: int) -> None:
    """Refuse a series that is too long.

    Raises:
        RequestError: When it is.
    """
    if count > MOST_CELLS:
        raise RequestError(
            f"These would be {count:,} pictures.",
            f"Choose fewer values; {MOST_CELLS} pictures are the most at once.",
        )


def _finite(typed: str) -> Decimal:
    number = Decimal(typed)
    if not number.is_finite():
        raise ValueError(typed)
    return number


def _whole(number: Decimal) -> int | float:
    """A whole number; one that is not stays as it is, so that its field can say what it wants."""
    return int(number) if number == number.to_integral_value() else float(number)


def _range(found: re.Match[str]) -> Iterator[Decimal]:
    first, last = Decimal(found[1]), Decimal(found[2])
    if found[4]:
        count = int(found[4])
        require_few(count)
        if count == 1:
            yield first
            return
        if count < 1:
            raise ValueError
        for place in range(count):
            yield first + (last - first) * place / (count - 1)
        return
    step = abs(Decimal(found[3])) if found[3] else Decimal(1)
    if not step:
        raise ValueError
    require_few(int(abs(last - first) / step) + 1)
    for place in range(int(abs(last - first) / step) + 1):
        yield first + place * (step if last >= first else -step)
