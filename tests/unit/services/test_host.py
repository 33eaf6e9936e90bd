"""What the page's process finds out for a job, and how it says that it cannot."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.errors import ModelDamagedError, ModelMissingError, OutputError
from backend.schema.resolved import ResolvedLora, ResolvedRefiner
from backend.services.host import StudioHost
from backend.services.machine_memory import MachineMemory
from backend.services.planning import Planner
from backend.services.remembered import Remembered
from tests.fixtures.desk import job
from tests.fixtures.requests import unit

REQUEST = job(1).generation


@pytest.fixture
def host(tmp_path):
    places = replace(default_places(), data=tmp_path / "data")
    catalogue = load_catalogue()
    library = Library(places, catalogue)
    planner = Planner(library, catalogue, Remembered.in_folder(places.data), MachineMemory())
    yield StudioHost(library, planner, tmp_path / "outputs")
    library.close()


STARTER = str(default_places().root / "models" / "starter")


def asked(sha256="", path=STARTER):
    model = REQUEST.model.model_copy(update={"sha256": sha256, "path": path})
    return REQUEST.model_copy(update={"model": model}).model_dump(mode="json")


def test_a_fingerprint_is_worked_out_once(host):
    request = host.prepared("generate", asked())

    assert len(request["model"]["sha256"]) == 64
    assert host.prepared("generate", request) == request


def test_the_hashes_of_control_models_are_worked_out_once(host, tmp_path):
    """A1111 tells them apart by 64 KiB of each, a mebibyte after its start."""
    path = tmp_path / "canny.safetensors"
    save_file({"x": np.arange(300_000, dtype=np.float32)}, path)
    request = REQUEST.model_copy(update={"controls": (unit(str(path)),)}).model_dump(mode="json")
    request["model"]["path"] = STARTER

    made = host.prepared("generate", request)

    body, model = path.read_bytes(), made["controls"][0]["model"]
    assert model["sha256"] == hashlib.sha256(body).hexdigest()
    assert model["sampled"] == hashlib.sha256(body[2**20 : 2**20 + 2**16]).hexdigest()[:8]
    assert host.prepared("generate", made)["controls"] == made["controls"]


def test_the_hashes_of_loras_are_worked_out_once(host, tmp_path):
    path = tmp_path / "ink.safetensors"
    save_file({"x": np.zeros(3, np.float32)}, path)
    lora = ResolvedLora(name="ink", id="loras/ink.safetensors", path=str(path))
    request = REQUEST.model_copy(update={"loras": (lora,)}).model_dump(mode="json")
    request["model"]["path"] = STARTER

    made = host.prepared("generate", request)

    body = path.read_bytes()
    header = 8 + int.from_bytes(body[:8], "little")
    assert made["loras"][0]["sha256"] == hashlib.sha256(body).hexdigest()
    assert made["loras"][0]["tensors"] == hashlib.sha256(body[header:]).hexdigest()[:12]
    path.unlink()
    assert host.prepared("generate", made)["loras"] == made["loras"]


def test_a_checkpoint_that_is_gone_is_told(host):
    with pytest.raises(ModelMissingError, match="“Starter” is not there any more"):
        host.prepared("generate", asked(path="/nowhere/gone.safetensors"))


def test_the_refiner_is_read_too(host):
    model = REQUEST.model.model_copy(update={"sha256": "", "path": STARTER})
    refiner = ResolvedRefiner(model=model, switch_at=0.8)
    request = REQUEST.model_copy(update={"model": model, "refiner": refiner}).model_dump(
        mode="json"
    )

    made = host.prepared("generate", request)

    assert len(made["refiner"]["model"]["sha256"]) == 64
    assert made["model"] == made["refiner"]["model"]
    parts = {part["role"]: part["parameters"] for part in made["model"]["parts"]}
    assert set(parts) == {"diffusion_model", "clip_l", "vae"}
    assert min(parts.values()) > 100_000


def refuse(*_):
    raise OSError(5, "Input/output error")


def test_a_disk_that_fails_is_told_in_words(host, monkeypatch):
    monkeypatch.setattr(host._library._hasher, "sha256", refuse)
    with pytest.raises(ModelDamagedError, match="“Starter” cannot be read: Input/output error"):
        host.prepared("generate", asked())

    monkeypatch.setattr("backend.services.host.pictures_on_disk", refuse)
    with pytest.raises(OutputError, match=r"outputs folder .* cannot be read"):
        host.pictures_on_disk(job(1))


def test_no_outputs_yet_is_no_pictures(host):
    assert host.pictures_on_disk(job(1)) == ()
