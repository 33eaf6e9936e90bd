"""Fixtures for tests of learning."""

import pytest

from tests.fixtures.taught import CASES


@pytest.fixture(scope="package")
def folders(tmp_path_factory):
    """The folder of a family's tiny checkpoint, made at the first need."""
    made = {}

    def folder(family):
        if family not in made:
            made[family] = CASES[family].save(tmp_path_factory.mktemp("tiny") / family).folder
        return made[family]

    return folder
