"""The picker without a browser: long lists, searching, what guests see, and what is filled in."""

import pytest
from fastapi.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app
from backend.schema.catalogue import CheckpointInfo, FamilyDefaults
from backend.schema.jobs import OWNER, Actor, Role
from backend.schema.library import LibraryEntry, LibraryState
from backend.schema.models import Problem
from backend.schema.sizes import readable_bytes
from tests.fixtures.model_files import flux, sd15_checkpoint, write_safetensors
from tests.fixtures.studio import MemoryStudio
from ui.fragments import Fragments
from ui.library import library_facts
from ui.picker.details import details_of
from ui.picker.routes import picker_routes
from ui.picker.rows import PAGE, rows_of
from ui.picker.words import amount

ANNA = Actor(id="anna", role=Role.GUEST)
USUAL = FamilyDefaults(
    width=512, height=512, steps=25, cfg_scale=7, sampler="dpmpp_2m", schedule="karras"
)


class ManyModels:
    """A library of made-up checkpoints; every third cannot draw."""

    def __init__(self, count: int) -> None:
        infos = [self._info(number) for number in range(count)]
        self._infos = tuple(sorted(infos, key=lambda info: info.problem is not None))

    def _info(self, number: int) -> CheckpointInfo:
        problem = Problem(code="x", sentence="It lacks a VAE.") if number % 3 == 2 else None
        return CheckpointInfo(
            id=f"merge_{number:04}",
            name=f"merge_{number:04}",
            family="sd15",
            family_label="SD 1.5",
            path=f"/models/merge_{number:04}",
            bytes=2_132_000_000,
            precision="fp16",
            variants=("lcm",) if number == 7 else (),
            defaults=USUAL,
            problem=problem,
        )

    def checkpoints(self, actor: Actor) -> tuple[CheckpointInfo, ...]:
        return self._infos

    def entry(self, actor: Actor, model: str) -> LibraryEntry:
        return LibraryEntry(id=model, path=f"/models/{model}", bytes=1, modified=1.0)

    def state(self, actor: Actor) -> LibraryState:
        return LibraryState(scanning=False, revision=1, unhashed=0)


@pytest.fixture
def studio(tmp_path):
    checkpoints = tmp_path / "models" / "checkpoints"
    checkpoints.mkdir(parents=True)
    write_safetensors(checkpoints / "painter.safetensors", sd15_checkpoint())
    return MemoryStudio(tmp_path)


@pytest.fixture
def client(studio):
    app = create_app(studio, Access())
    app.include_router(picker_routes(studio))
    return TestClient(app, base_url="http://127.0.0.1")


def rows(models, search: str = "", offset: int = 0):
    return rows_of(models, OWNER, search, offset, lambda info: None)


def test_thousands_of_models_come_page_by_page():
    models = ManyModels(2000)
    seen: list[str] = []
    offset = 0
    while True:
        page = rows(models, "", offset)
        assert len(page.rows) <= PAGE
        seen += [row.id for row in page.rows]
        if not page.more:
            break
        offset = page.more

    assert len(set(seen)) == 2000
    assert [row.heading for row in rows(models).rows[:2]] == ["Ready to draw", ""]


def test_a_search_takes_every_word_whatever_it_is_of():
    models = ManyModels(30)

    assert [row.id for row in rows(models, "LCM fp16").rows] == ["merge_0007"]
    assert len(rows(models, "sd 1.5").rows) == 30
    nothing = rows(models, "<b>")
    assert nothing.rows == ()
    assert "&lt;b&gt;" in Fragments().draw("rows", dict(nothing))


def test_what_cannot_draw_cannot_be_picked():
    html = Fragments().draw("rows", dict(rows(ManyModels(3))))

    assert html.count('data-do="pick"') == 2
    assert "It lacks a VAE." in html


def test_guests_see_models_and_no_paths(studio):
    told = details_of(studio, ANNA, "checkpoints/painter.safetensors")
    owner = details_of(studio, OWNER, "checkpoints/painter.safetensors")

    assert str(studio.folder) in str(owner)
    assert str(studio.folder) not in str(told)
    assert told.able
    assert not told.mine


def test_what_a_model_is_is_drawn_with_how_it_is_known(client):
    html = client.get("/page/models/details?id=checkpoints/painter.safetensors").json()

    assert "SD 1.5" in html
    assert "Use this model" in html
    assert "CLIP-L text encoder" in html
    assert "fp16" in html
    assert "not there any more" in client.get("/page/models/details?id=gone").json()


def test_a_rescan_says_what_it_found_and_hands_over_the_library(client, studio):
    known = library_facts(studio.models, OWNER)
    write_safetensors(studio.folder / "models" / "new.safetensors", sd15_checkpoint())

    answer = client.post("/page/models/rescan", json={}).json()

    assert answer["sentence"] == "1 new; 2 models in all."
    assert {one["id"] for one in answer["library"]["checkpoints"]} == {
        "checkpoints/painter.safetensors",
        "new.safetensors",
    }
    assert client.get(f"/page/models/facts?known={known.revision}").json() is not None
    revision = answer["library"]["revision"]
    assert client.get(f"/page/models/facts?known={revision}").json() is None


def test_the_form_starts_with_what_can_draw(studio):
    write_safetensors(studio.folder / "models" / "a_lacking.safetensors", flux())

    facts = library_facts(studio.models, OWNER)

    assert facts.first
    assert facts.first.id == "checkpoints/painter.safetensors"
    assert facts.start(facts.first).told == "Settings for SD 1.5: 512 × 512, 25 steps, CFG 7"


def test_numbers_are_told_as_people_know_them():
    sizes = [readable_bytes(size) for size in (6_938_078_334, 246_144_152, 4_200)]
    assert sizes == ["6.9 GB", "246 MB", "4 kB"]
    assert [amount(2_567_463_684), amount(859_520_964)] == ["2.6 B", "860 M"]
