"""The journal's SQL, by name."""

import re
from collections.abc import Mapping
from importlib.resources import files

_NAMED = re.compile(r"^-- name: (\w+)\n(.*?)(?=^-- name: |\Z)", re.MULTILINE | re.DOTALL)


def load_queries() -> Mapping[str, str]:
    """Every statement of `queries.sql`, by its name."""
    text = files("backend.jobs").joinpath("queries.sql").read_text(encoding="utf-8")
    return {match[1]: match[2].strip() for match in _NAMED.finditer(text)}
