"""The files that preprocessors need: where they are found, and what is said where one is not."""

from dataclasses import replace

import pytest

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.control_types import ControlType
from backend.schema.controls import PreprocessorInfo, WeightsInfo
from backend.schema.errors import ModelMissingError
from backend.services.preprocessors import files_of

EDGES = WeightsInfo(repository="ann/Annotators", file="edges.pth", bytes=29_000_000)
DEPTH = WeightsInfo(repository="ann/depth-hf", file="model.safetensors", bytes=1_300_000_000)
INFO = PreprocessorInfo(
    id="both", label="Both", help="", makes=ControlType.DEPTH, weights=(EDGES, DEPTH)
)


@pytest.fixture
def places(tmp_path):
    return replace(default_places(), data=tmp_path / "data", models=tmp_path / "models")


@pytest.fixture
def library(places):
    library = Library(places, load_catalogue())
    yield library
    library.close()


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"weights")
    return path


def test_files_are_found_in_their_order(library, places):
    depth = put(places.models / DEPTH.place)
    edges = put(places.models / EDGES.place)

    assert files_of(INFO, library) == (edges, depth)
    library.rescan()
    assert {each.id.partition("/")[0] for each in library.entries()} == {"starter"}


def test_what_is_missing_is_named_with_its_size_source_and_place(library, places):
    put(places.models / EDGES.place)

    with pytest.raises(ModelMissingError) as told:
        files_of(INFO, library)
    words = str(told.value)
    assert words.startswith("“Both” needs model.safetensors (1.3 GB), which is not here.")
    for part in ("ann/depth-hf", "preprocessors get both", f"models/{DEPTH.place}"):
        assert part in words
    assert "edges.pth" not in words


@pytest.mark.parametrize(
    "place",
    [
        "models/ControlNetPreprocessor/edges.pth",
        "models/ControlNetPreprocessor/hed/edges.pth",
        "extensions/sd-webui-controlnet/annotator/downloads/hed/edges.pth",
        "custom_nodes/comfyui_controlnet_aux/ckpts/ann/Annotators/edges.pth",
    ],
)
def test_what_another_program_downloaded_is_used(library, tmp_path, place):
    other = tmp_path / "other"
    there = put(other / place)
    library.folders.add(str(other))

    assert library.weights(EDGES) == there


def test_a_name_that_says_nothing_is_only_taken_from_its_repository(library, tmp_path):
    other = tmp_path / "other"
    put(other / "models/ControlNetPreprocessor/model.safetensors")
    library.folders.add(str(other))
    assert library.weights(DEPTH) is None

    there = put(other / "custom_nodes/comfyui_controlnet_aux/ckpts/ann/depth-hf/model.safetensors")
    assert library.weights(DEPTH) == there
