"""Reading pictures: models that are here are found by their hash, then by their name."""

import io
import json

import pytest
from PIL import Image

from backend.metadata.catalogue import load_catalogue
from backend.metadata.encoding import encode
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.library import Hashes, LibraryEntry
from backend.schema.models import Family, ModelFile, ModelKind, Precision
from backend.services.readings import Readings
from tests.fixtures import foreign_pictures as made
from tests.fixtures.requests import resolved, unit


def entry(entry_id: str, kind: ModelKind, hashes: Hashes | None = None) -> LibraryEntry:
    path = f"/models/{entry_id}"
    model = ModelFile(
        path=path,
        name=entry_id.rpartition("/")[2],
        bytes=1,
        format="safetensors",
        kind=kind,
        family=Family.SD15,
        precision=Precision(label="fp16"),
        parameters=1,
    )
    return LibraryEntry(id=entry_id, path=path, bytes=1, modified=0, model=model, hashes=hashes)


LIBRARY = (
    entry(
        "checkpoints/renamed.safetensors",
        ModelKind.CHECKPOINT,
        Hashes(sha256="abcdef0123" + "0" * 54, short="abcdef0123"),
    ),
    entry("loras/x/Barn.safetensors", ModelKind.LORA),
    entry("checkpoints/barn.safetensors", ModelKind.CHECKPOINT),
)
READINGS = Readings(lambda: LIBRARY, load_catalogue())


def test_a_model_is_found_by_its_hash_then_by_its_name():
    picture = READINGS.of_stream(io.BytesIO(made.png({"parameters": made.A1111})), "a.png")

    found = {each.use: (each.installed, each.by_hash) for each in picture.models}
    assert found["checkpoint"] == ("checkpoints/renamed.safetensors", True)
    assert found["LoRA"] == ("loras/x/Barn.safetensors", False)
    assert found["vae"] == ("", False)
    assert picture.fields["model.checkpoint"] == "checkpoints/renamed.safetensors"
    assert picture.fields["model.vae"] == "fine.pt"
    assert (picture.width, picture.height) == made.SIZE


def test_a_map_that_is_not_here_any_more_is_told():
    request = resolved().model_copy(update={"controls": (unit(), unit(number=2))})
    content = encode(Image.new("RGB", (8, 8)), request, 0, 0.0)
    gone = Readings(lambda: LIBRARY, load_catalogue(), lambda reference: reference != "map")

    here = READINGS.of_stream(io.BytesIO(content), "a.png")
    told = gone.of_stream(io.BytesIO(content), "a.png")

    assert here.fields["control1.picture"] == "map"
    assert "control1.picture" not in told.fields
    assert "ControlNet 2: Picture: map is not here any more; choose it again." in told.unused
    assert told.fields["control2.weight"] == 0.8


def test_a_text_alone_is_read_too():
    picture = READINGS.of_text(made.A1111)

    assert picture
    assert picture.fields["seed.value"] == 77
    assert READINGS.of_text("a barn, with a colon: yes") is None


def test_what_cannot_be_read_says_why(tmp_path):
    (tmp_path / "page.png").write_text("<html>")
    (tmp_path / "plain.png").write_bytes(made.png({}))

    with pytest.raises(NotFoundError, match="cannot be read: no such file"):
        READINGS.of_file(tmp_path / "gone.png")
    with pytest.raises(RequestError, match="no whole picture"):
        READINGS.of_file(tmp_path / "page.png")
    with pytest.raises(NotFoundError, match="does not tell how it was made"):
        READINGS.of_file(tmp_path / "plain.png")


def test_a_picture_of_comfyui_names_what_is_here():
    content = made.png({"prompt": json.dumps(made.comfy_graph())})

    picture = READINGS.of_stream(io.BytesIO(content), "a.png")

    assert {each.name: bool(each.installed) for each in picture.models} == {
        "dream": False, "barn": True, "fine": False, "easyneg": False,
    }  # fmt: skip
