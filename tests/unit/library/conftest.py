"""A library of its own for each test, with the families that Easel has or will have."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import Places
from backend.schema.catalogue import Catalogue, FamilyInfo
from backend.schema.models import Family

KNOWN = load_catalogue()


def catalogue_of(*families: Family) -> Catalogue:
    """A catalogue with these families, all with the settings of the first."""
    usual = KNOWN.families[0].defaults
    infos = tuple(
        FamilyInfo(id=family.value, label=family.label, defaults=usual) for family in families
    )
    return KNOWN.model_copy(update={"families": infos})


@pytest.fixture
def places(tmp_path) -> Places:
    return Places(
        tmp_path / "program", tmp_path / "outputs", tmp_path / "data", tmp_path / "models"
    )


@pytest.fixture
def models(places) -> Path:
    for name in ("checkpoints", "loras", "vae", "text_encoders", "diffusion_models"):
        (places.models / name).mkdir(parents=True)
    return places.models


@pytest.fixture
def opened(places):
    """Opens the library as another program would, with other families where a test says so."""
    with ExitStack() as open_things:

        def opened(catalogue: Catalogue = KNOWN, own: Places = places) -> Library:
            library = Library(own, catalogue)
            open_things.callback(library.close)
            return library

        yield opened


@pytest.fixture
def library(opened, models):
    return opened(catalogue_of(Family.SD15, Family.FLUX1, Family.SDXL_REFINER))
