"""The embeddings that prompts name are found in the library, where they fit."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.services.made_up_words import named_embeddings
from tests.fixtures.requests import resolved


@pytest.fixture
def library(tmp_path):
    folder = tmp_path / "models" / "embeddings"
    folder.mkdir(parents=True)
    for name, width in (("ink", 768), ("fog", 768), ("huge", 1024)):
        tensors = {"emb_params": np.zeros((2, width), np.float32)}
        save_file(tensors, folder / f"{name}.safetensors")
    places = replace(default_places(), data=tmp_path / "data", models=tmp_path / "models")
    library = Library(places, load_catalogue())
    library.rescan()
    yield library
    library.close()


def named(library: Library, *prompts: PromptSettings) -> set[str]:
    request = resolved().model_copy(
        update={"expanded": dict(enumerate(prompts)), "batch": BatchSettings(size=len(prompts))}
    )
    return {each.name for each in named_embeddings(request, library.entries())}


def test_those_that_any_picture_names_are_found(library):
    first = PromptSettings(positive="a cat, (ink:1.2)")
    second = PromptSettings(positive="a cat", negative="embedding:Fog")

    assert named(library, first, second) == {"ink", "fog"}
    assert named(library, first) == {"ink"}
    assert named(library, PromptSettings(positive="a pink cat")) == set()


def test_those_of_another_family_are_not(library):
    assert named(library, PromptSettings(positive="huge, ink")) == {"ink"}
