"""`preprocessors` on the command line, over hubs on loopback, and the same over HTTP."""

import io
import json

import pytest
import torch

from backend.access.access import Access
from backend.api.app import create_app
from backend.api.cli import preprocessors
from backend.schema.hubs import HubName
from tests.fixtures.doors import client
from tests.fixtures.studio import MemoryStudio

FILE, REPOSITORY = "table5_pidinet.pth", "lllyasviel/Annotators"


def weights() -> bytes:
    buffer = io.BytesIO()
    torch.save({"state_dict": {"module.a": torch.zeros(4)}}, buffer)
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def environment(tmp_path, hubs, monkeypatch):
    for name, value in hubs.environment.items():
        monkeypatch.setenv(name, value)
    for place in ("data", "models"):
        monkeypatch.setenv(f"EASEL_{place.upper()}", str(tmp_path / place))


def listed(capsys, name: str):
    capsys.readouterr()
    assert preprocessors(["--json"]) == 0
    every = json.loads(capsys.readouterr().out)
    return next(each for each in every if each["id"] == name)


def test_what_is_missing_is_listed_and_got(hubs, capsys, tmp_path):
    hubs.add_file(HubName.HUGGING_FACE, FILE, weights(), model=REPOSITORY)
    assert preprocessors([]) == 0
    rows = capsys.readouterr().out.splitlines()
    [row] = [each for each in rows if each.startswith("softedge_pidinet ")]
    for part in ("soft_edge", "no", "3 MB", REPOSITORY):
        assert part in row
    assert listed(capsys, "canny")["here"] is True

    assert preprocessors(["get", "softedge_pidinet"]) == 0
    told = capsys.readouterr()
    assert f"{FILE} is here." in told.out
    assert f"{REPOSITORY}/{FILE}: 3 MB, licence: research" in told.err
    assert (tmp_path / "models/preprocessors/lllyasviel--Annotators" / FILE).is_file()
    assert listed(capsys, "scribble_pidinet")["here"] is True
    assert preprocessors(["get", "scribble_pidinet"]) == 0
    assert "all that it needs" in capsys.readouterr().out


def test_a_file_is_taken_and_what_is_wrong_is_told(capsys, tmp_path):
    own = tmp_path / "mine.pth"
    own.write_bytes(weights())

    assert preprocessors(["take", "softedge_pidinet", str(own)]) == 0
    assert listed(capsys, "softedge_pidinet")["here"] is True
    assert preprocessors(["get", "nothing"]) == 2
    assert "no preprocessor called “nothing”" in capsys.readouterr().err
    assert preprocessors(["take", "mlsd", str(tmp_path / "none.pth")]) == 2
    assert "no file" in capsys.readouterr().err


def test_the_same_over_http(tmp_path):
    http = client(create_app(MemoryStudio(tmp_path), Access(None)))
    own = tmp_path / "mine.pth"
    own.write_bytes(weights())

    def here(name: str) -> bool:
        every = http.get("/api/preprocessors").json()
        return next(each["here"] for each in every if each["id"] == name)

    assert here("canny")
    assert not here("softedge_pidinet")
    taken = http.post("/api/preprocessors/softedge_pidinet/file", json={"path": str(own)})
    assert taken.status_code == 200
    assert here("softedge_pidinet")
    assert http.post("/api/preprocessors/softedge_pidinet/fetch").json() == []
    assert http.post("/api/preprocessors/nothing/fetch").status_code == 404
