"""Reading JSON that somebody else wrote: a value of the wrong kind is a value that is not there."""

from collections.abc import Mapping
from typing import cast

Object = Mapping[str, object]


def as_object(value: object) -> Object:
    """The value as an object; an empty one where it is none."""
    return cast("Object", value) if isinstance(value, dict) else {}


def object_in(values: Object, key: str) -> Object:
    """The object under a key."""
    return as_object(values.get(key))


def objects_in(values: Object, key: str) -> tuple[Object, ...]:
    """The objects of a list under a key; what else is in it is passed over."""
    return objects(values.get(key))


def objects(value: object) -> tuple[Object, ...]:
    """The objects of a list; what else is in it is passed over."""
    items = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(as_object(item) for item in items if isinstance(item, dict))


def text_in(values: Object, key: str) -> str:
    """The text under a key, one that can be stored and sent: JSON may hold half a character."""
    return text(values.get(key))


def text(value: object) -> str:
    """The value as a text that can be stored and sent."""
    return value.encode(errors="replace").decode().strip() if isinstance(value, str) else ""


def texts_in(values: Object, key: str) -> tuple[str, ...]:
    """The texts under a key, which may be one or a list; empty ones are passed over."""
    value = values.get(key)
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    return tuple(found for found in map(text, items) if found)


def number_in(values: Object, key: str) -> float | None:
    """The number under a key; None where there is none, or where it is not finite."""
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < _LARGEST else None


def count_in(values: Object, key: str) -> int:
    """The whole number under a key; 0 where there is none, or where it is negative."""
    return max(0, int(number_in(values, key) or 0))


_LARGEST = 2.0**53
"""Beyond it (infinity and NaN included), JSON's numbers are not exact."""
