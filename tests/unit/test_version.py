"""The version, which stands in two places."""

import tomllib
from pathlib import Path

from backend.version import VERSION


def test_the_version_is_the_projects():
    text = Path(__file__).parents[2].joinpath("pyproject.toml").read_text(encoding="utf-8")

    assert tomllib.loads(text)["project"]["version"] == VERSION
