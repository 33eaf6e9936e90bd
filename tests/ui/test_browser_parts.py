"""The Models tab without a browser: what is found, in which order, and what guests may do."""

import pytest
from fastapi.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app
from backend.schema.errors import NotAllowedError
from backend.schema.jobs import OWNER, Actor, Role
from backend.schema.models import Family, ModelKind
from tests.fixtures.model_files import (
    kohya_lora,
    sd15_checkpoint,
    sdxl_checkpoint,
    write_safetensors,
)
from tests.fixtures.real_studio import real_studio
from ui.browser.about import about
from ui.browser.cards import Wanted, found
from ui.browser.keeping_routes import keeping_routes
from ui.browser.routes import browser_routes
from ui.browser.shelf_routes import shelf_routes
from ui.fragments import Fragments

ANNA = Actor(id="anna", role=Role.GUEST)
HOSTILE = "<img src=x onerror=alert(1)>"
SHOWN = [HOSTILE, "broken.safetensors", "controlnet-canny", "Grand", "painter", "Starter"]


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    for name in ("checkpoints", "loras"):
        (folder / "models" / name).mkdir(parents=True)
    models = folder / "models"
    write_safetensors(models / "checkpoints" / "painter.safetensors", sd15_checkpoint())
    write_safetensors(models / "checkpoints" / "Grand.safetensors", sdxl_checkpoint())
    title = {"modelspec.title": HOSTILE}
    write_safetensors(models / "loras" / "ink.safetensors", kohya_lora(), metadata=title)
    (models / "loras" / "broken.safetensors").write_bytes(b"<html>Log in</html>")
    with real_studio(folder, models=models) as studio:
        studio.models.rescan(OWNER)
        yield studio


@pytest.fixture(scope="module")
def client(studio):
    app = create_app(studio, Access())
    for routes in (browser_routes, keeping_routes, shelf_routes):
        app.include_router(routes(studio))
    return TestClient(app, base_url="http://127.0.0.1")


def names(studio, **wanted):
    return [card.name for card in found(studio, OWNER, Wanted(**wanted)).cards]


def test_models_are_sorted_and_favourites_come_first(studio):
    assert names(studio) == SHOWN
    assert names(studio, order="largest")[:2] == ["Grand", "painter"]

    studio.keeping.set_favourite(OWNER, "checkpoints/painter.safetensors", favourite=True)

    assert names(studio)[0] == "painter"
    assert names(studio, only="favourites") == ["painter"]
    studio.keeping.set_favourite(OWNER, "checkpoints/painter.safetensors", favourite=False)


def test_models_are_found_by_kind_family_words_and_trouble(studio):
    assert names(studio, kind=ModelKind.LORA) == [HOSTILE, "broken.safetensors"]
    assert names(studio, family=Family.SDXL) == ["Grand"]
    assert names(studio, search="GRAND sdxl") == ["Grand"]
    assert names(studio, only="problems") == ["broken.safetensors"]
    assert names(studio, only="copies") == []
    piece = found(studio, OWNER, Wanted(offset=1, count=2))
    assert [card.place for card in piece.cards] == [2, 3]
    assert piece.total == len(SHOWN)


def test_what_others_wrote_is_text_and_never_markup(client):
    drawn = client.get("/page/browser/cards").json()["cards"]

    assert HOSTILE not in drawn
    assert "&lt;img" in drawn


def test_a_question_out_of_range_is_refused(client):
    assert client.get("/page/browser/cards?count=100000").status_code == 400
    assert client.get("/page/browser/cards?kind=nonsense").status_code == 400


def test_a_model_that_is_gone_is_told(client):
    assert "not there any more" in client.get("/page/browser/about?id=gone").json()
    answer = client.post("/page/browser/rename", json={"id": "gone", "name": "x"})
    assert answer.status_code == 404
    assert "no such model" in answer.json()["error"]["sentence"]


def test_guests_look_and_change_nothing(studio):
    shown = about(studio, ANNA, "checkpoints/painter.safetensors")
    drawn = Fragments().draw("browser/about", dict(shown))

    assert "/checkpoints/" not in drawn  # a path of this machine
    for button in ("favourite", "rename", "move", "convert", "preview", "identify", "tag"):
        assert f'data-do="{button}"' not in drawn
    for deed in (studio.keeping.delete, studio.identifying.identify, studio.previews.make):
        with pytest.raises(NotAllowedError):
            deed(ANNA, "checkpoints/painter.safetensors")


def test_a_folder_that_is_no_installation_is_a_folder_of_models(client, studio, tmp_path):
    write_safetensors(tmp_path / "more.safetensors", kohya_lora())

    answer = client.post("/page/browser/shelf/bring", json={"path": str(tmp_path)})

    assert answer.status_code == 200
    assert "where they lie" in answer.json()["sentence"]
    assert str(tmp_path) in [folder.path for folder in studio.models.folders(OWNER)]
    left = client.post("/page/browser/shelf/leave", json={"path": str(tmp_path)})
    assert str(tmp_path) not in left.json()["shelf"]
    missing = client.post("/page/browser/shelf/bring", json={"path": "/nowhere"})
    assert missing.status_code == 400
    assert "/nowhere" in missing.json()["error"]["sentence"]
