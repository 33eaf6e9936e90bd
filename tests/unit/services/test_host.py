"""What the page's process finds out for a job, and how it says that it cannot."""

from dataclasses import replace

import pytest

from backend.library.checkpoints import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.errors import ModelDamagedError, ModelMissingError, OutputError
from backend.services.host import StudioHost
from tests.fixtures.desk import job

REQUEST = job(1).generation


@pytest.fixture
def host(tmp_path):
    places = replace(default_places(), data=tmp_path / "data")
    return StudioHost(Library(places, load_catalogue()), tmp_path / "outputs")


def asked(sha256="", checkpoint="starter"):
    model = REQUEST.model.model_copy(update={"sha256": sha256, "checkpoint": checkpoint})
    return REQUEST.model_copy(update={"model": model}).model_dump(mode="json")


def test_a_fingerprint_is_worked_out_once(host):
    request = host.fingerprinted(asked())

    assert len(request["model"]["sha256"]) == 64
    assert host.fingerprinted(request) is request


def test_a_checkpoint_that_is_gone_is_told(host):
    with pytest.raises(ModelMissingError, match="not installed"):
        host.fingerprinted(asked(checkpoint="gone"))


def refuse(*_):
    raise OSError(5, "Input/output error")


def test_a_disk_that_fails_is_told_in_words(host, monkeypatch):
    monkeypatch.setattr(host._library, "find", refuse)
    with pytest.raises(ModelDamagedError, match="“Starter” cannot be read: Input/output error"):
        host.fingerprinted(asked())

    monkeypatch.setattr("backend.services.host.pictures_on_disk", refuse)
    with pytest.raises(OutputError, match=r"outputs folder .* cannot be read"):
        host.pictures_on_disk(job(1))


def test_no_outputs_yet_is_no_pictures(host):
    assert host.pictures_on_disk(job(1)) == ()
