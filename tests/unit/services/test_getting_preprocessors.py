"""Getting what preprocessors need: from the hub with consent, or from a file of this machine."""

import io
import shutil
from dataclasses import replace

import pytest
import torch

from backend.places import default_places
from backend.schema.errors import ModelError, NotAllowedError, NotFoundError, RequestError
from backend.schema.hubs import HubName
from backend.schema.jobs import OWNER, Actor, JobState, Role
from backend.schema.preprocessors import LocalWeights
from backend.services.studio import open_studio
from tests.fixtures.downloading import lora
from tests.fixtures.program import wait_until

ANNA = Actor(id="anna", role=Role.GUEST)
HED = "softedge_hed"
FILE = "ControlNetHED.pth"
REPOSITORY = "lllyasviel/Annotators"


def pickled(value: object = None) -> bytes:
    buffer = io.BytesIO()
    torch.save({"block1": torch.zeros(4)} if value is None else value, buffer)
    return buffer.getvalue()


class Evil:
    def __reduce__(self):
        return eval, ("1 + 1",)


@pytest.fixture
def places(tmp_path):
    return replace(
        default_places(),
        outputs=tmp_path / "outputs",
        data=tmp_path / "data",
        models=tmp_path / "models",
    )


@pytest.fixture
def studio(places, hubs, monkeypatch):
    for name, value in hubs.environment.items():
        monkeypatch.setenv(name, value)

    def no_engine(on_message, on_exit):
        raise AssertionError("no download needs an engine")

    with open_studio(places, warm=False, launch=no_engine) as studio:
        yield studio


def view(studio, name=HED):
    return next(each for each in studio.preprocessors.all(OWNER) if each.id == name)


def ended(studio, job):
    return wait_until(
        lambda: (found := studio.jobs.view(OWNER, job.id)).state.ended and found,
        lambda: f"{studio.jobs.view(OWNER, job.id)}",
        seconds=15,
    )


def test_what_is_missing_is_told_and_fetched_to_its_place(studio, hubs, places):
    content = pickled()
    hubs.add_file(HubName.HUGGING_FACE, FILE, content, model=REPOSITORY)
    before = view(studio)
    assert (before.here, before.bytes) == (False, 29_444_406)
    assert (before.files[0].repository, before.files[0].file) == (REPOSITORY, FILE)

    [job] = studio.preprocessors.fetch(OWNER, HED)
    told = ended(studio, job)

    assert told.state is JobState.FINISHED, told.failure
    assert told.title == f"Download {REPOSITORY}/{FILE}"
    place = places.models / f"preprocessors/lllyasviel--Annotators/{FILE}"
    assert place.read_bytes() == content
    assert [each.name for each in place.parent.iterdir()] == [FILE]  # nothing beside it
    assert view(studio).here
    assert studio.preprocessors.fetch(OWNER, HED) == ()
    assert "Annotators" not in str(studio.models.library(OWNER))


def test_a_pickle_that_would_run_something_is_not_kept(studio, hubs, places):
    hubs.add_file(HubName.HUGGING_FACE, FILE, pickled(Evil()), model=REPOSITORY)

    [job] = studio.preprocessors.fetch(OWNER, HED)
    told = ended(studio, job)

    assert told.state is JobState.FAILED
    assert "dangerous" in str(told.failure)
    assert not view(studio).here


def test_a_file_of_a_common_name_lies_in_a_folder_of_its_repository(studio, hubs, places):

    repository = "depth-anything/Depth-Anything-V2-Small-hf"
    hubs.add_file(HubName.HUGGING_FACE, "model.safetensors", lora(), model=repository)

    [job] = studio.preprocessors.fetch(OWNER, "depth_anything_v2")
    assert ended(studio, job).state is JobState.FINISHED

    folder = places.models / "preprocessors" / repository.replace("/", "--")
    assert [each.name for each in folder.iterdir()] == ["model.safetensors"]
    assert view(studio, "depth_anything_v2").here


def test_guests_get_nothing_and_names_have_to_be_known(studio, hubs):
    with pytest.raises(NotAllowedError):
        studio.preprocessors.fetch(ANNA, HED)
    with pytest.raises(NotAllowedError):
        studio.preprocessors.take(ANNA, HED, LocalWeights(path="/etc/passwd"))
    with pytest.raises(NotFoundError, match="softedge_hed"):
        studio.preprocessors.fetch(OWNER, "sharp_edge")
    hubs.add_file(HubName.HUGGING_FACE, "other.pth", pickled(), model=REPOSITORY)
    with pytest.raises(NotFoundError, match=r"no ControlNetHED\.pth any more"):
        studio.preprocessors.fetch(OWNER, HED)
    assert studio.preprocessors.all(ANNA)


def test_a_file_of_this_machine_is_taken_and_stays(studio, places, tmp_path):
    own = tmp_path / "downloads" / "hed.pth"
    own.parent.mkdir()
    own.write_bytes(pickled())

    taken = studio.preprocessors.take(OWNER, "hed", LocalWeights(path=str(own)))

    assert taken.here
    assert taken.id == HED
    place = places.models / f"preprocessors/lllyasviel--Annotators/{FILE}"
    assert place.read_bytes() == own.read_bytes()
    shutil.rmtree(own.parent)
    assert view(studio).here


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"\x89PNG\r\n", ModelError, "a PNG picture"),
        (pickled(Evil()), ModelError, "dangerous.*It was not taken"),
        (None, NotFoundError, "no file"),
    ],
)
def test_what_holds_no_weights_is_refused(studio, tmp_path, content, error, words):
    own = tmp_path / FILE
    if content is not None:
        own.write_bytes(content)

    with pytest.raises(error, match=words):
        studio.preprocessors.take(OWNER, HED, LocalWeights(path=str(own)))
    assert own.exists() is (content is not None)
    assert not view(studio).here


def test_which_file_it_is_has_to_be_clear(studio, tmp_path):
    own = tmp_path / "a.pth"
    own.write_bytes(pickled())
    with pytest.raises(RequestError, match=r"ControlNetHED\.pth"):
        studio.preprocessors.take(OWNER, HED, LocalWeights(path=str(own), file="b.pth"))
