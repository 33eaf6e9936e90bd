"""What the page draws of memory, without a browser: plans, fits, the panel."""

import re

import pytest
from fastapi.testclient import TestClient

from backend.access.access import Access
from backend.api.answers import actor_of
from backend.api.app import create_app
from backend.schema.errors import NotAllowedError
from backend.schema.jobs import OWNER, Actor, DeviceView, Role
from backend.schema.memory import PlanRequest
from backend.schema.memory_settings import MemoryLimits, MemorySettings, UsualMemory
from backend.services.machine_memory import MachineMemory
from tests.fixtures.model_files import write_safetensors
from tests.fixtures.published_unets import whole_file
from tests.fixtures.studio import MemoryStudio
from ui.memory.freeing import freed
from ui.memory.panel import usual_of
from ui.memory.plan import shown
from ui.memory.routes import memory_routes
from ui.memory.words import about, gigabytes
from ui.picker.routes import picker_routes

ANNA = Actor(id="anna", role=Role.GUEST)
GIB = 2**30


def card(gigabytes_in_all: float, used: float = 1) -> DeviceView:
    return DeviceView(
        name="RTX 4060",
        memory_used=int(used * GIB),
        memory_total=int(gigabytes_in_all * GIB),
        memory_held=int(0.4 * GIB),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("studio")
    (place / "models").mkdir()
    for name, of in (("large", "sdxl"), ("finisher", "sdxl_refiner"), ("small", "sd15")):
        write_safetensors(place / "models" / f"{name}.safetensors", whole_file(of))
    return place


@pytest.fixture
def studio(folder, monkeypatch):
    monkeypatch.setattr(MachineMemory, "_usable_ram", 32 * GIB)
    (folder / "data" / "memory.json").unlink(missing_ok=True)
    studio = MemoryStudio(folder)
    studio.device = card(8)
    return studio


@pytest.fixture
def client(studio):
    app = create_app(studio, Access())
    app.include_router(memory_routes(studio))
    app.include_router(picker_routes(studio))
    return TestClient(app, base_url="http://127.0.0.1")


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def plan(client, **fields):
    asked = {"model.checkpoint": "large.safetensors", "model.vae": None}
    asked |= {name.replace("__", "."): value for name, value in fields.items()}
    answer = client.post("/page/memory/plan", json={"fields": asked})
    assert answer.status_code == 200
    return answer.json()


def test_who_has_enough_memory_reads_one_calm_short_line(client, studio):
    studio.device = card(24)

    line = plan(client)["line"]

    assert re.fullmatch(r"Needs \d+\.\d of 24\.0 GB, at full speed\.", words(line))
    assert 'data-plan="full"' in line


def test_a_plan_says_how_much_slower_it_is_and_why(client):
    drawn = plan(client)
    smaller = plan(client, size__width=512, size__height=512)

    assert re.search(r"wait in RAM, .*about \d+ % slower\.$|waits in RAM, .*", words(drawn["line"]))
    assert 'class="end">about' in drawn["line"]
    assert "waits in RAM while others work." in words(drawn["why"])
    assert "Denoising network 4.8 GB" in words(drawn["why"])
    assert words(smaller["line"]) != words(drawn["line"])


def test_a_decision_by_hand_changes_the_plan(client):
    line = plan(client, memory__placement="group")["line"]

    assert "denoising network" in line
    assert "block by block" in line


def test_what_does_not_fit_says_so_with_what_helps(client, studio):
    studio.device = card(8, used=7.5)

    line = plan(client)["line"]

    assert words(line).startswith("Does not fit: needs ")
    assert "Choose a smaller size" in line
    assert 'data-plan="over"' in line
    assert "<b style=" in line  # where the budget ends


@pytest.mark.parametrize(
    "fields",
    [
        {"size__width": 20},
        {"sampling__steps": "many"},
        {"memory__placement": "nowhere"},
        {"model__checkpoint": "gone.safetensors"},
        {"nothing__known": 1},
    ],
)
def test_what_cannot_be_planned_shows_nothing(client, fields):
    assert plan(client, **fields) == {"line": "", "why": ""}


def test_a_setting_without_effect_is_no_mistake(client):
    assert plan(client, model__t5xxl="some/t5.safetensors")["line"]


def test_the_time_is_told_once_it_is_known(studio):
    view = studio.memory.plan(OWNER, PlanRequest()).model_copy(update={"seconds": 3.0})

    assert shown(view, 4).end.endswith("Takes about 12 s.")
    assert "Takes" not in shown(view.model_copy(update={"seconds": None}), 4).end
    assert [about(0.2), about(100), about(9000)] == ["about 1 s", "about 2 min", "about 2.5 h"]
    assert [gigabytes(3 * GIB // 2), gigabytes(20 * 2**20)] == ["1.5 GB", "20 MB"]


def test_every_model_that_draws_says_in_words_whether_it_fits(client, studio):
    def badges() -> list[tuple[str, str]]:
        html = client.get("/page/models").json()
        return re.findall(r'title="(At [^"]*)">([^<]*)</span>', html)

    studio.device = card(24)
    assert [said for _, said in badges()] == ["Fits", "Fits"]  # not the refiner
    studio.device = card(8)
    (large, said), (_, other) = badges()
    assert (said, other) == ("Fits, slower", "Fits")
    assert large.startswith("At 1024 × 1024: needs ")
    studio.device = card(8, used=7.8)
    assert badges()[0][1] == "Does not fit"
    details = client.get("/page/models/details?id=large.safetensors").json()
    assert "Does not fit At 1024 × 1024: does not fit: needs" in words(details)


def test_the_panel_tells_who_holds_the_memory_and_shows_what_is_usual(client, studio):
    chosen = MemorySettings(placement="group")
    limits = MemoryLimits(device_bytes=6 * GIB)
    studio.memory.set_usual(OWNER, UsualMemory(settings=chosen, limits=limits))

    html = client.get("/page/memory").json()

    assert "RTX 4060 8.0 GB" in words(html)
    assert "Free now 7.0 GB" in words(html)
    assert '<option value="group" selected>' in html
    assert 'name="device_bytes" inputmode="decimal" value="6"' in html
    assert "Free memory now" in html


def test_usual_settings_are_kept_and_a_wrong_one_is_answered_in_words(client, studio):
    form = {"memory.placement": "", "memory.tiling": "tiled", "device_bytes": "5,5"}

    answer = client.post("/page/memory/usual", json=form)
    wrong = client.post("/page/memory/usual", json=form | {"device_bytes": "a few"})

    assert answer.json().startswith("Kept.")
    assert wrong.status_code == 400
    assert wrong.json()["error"]["sentence"] == "“a few” is no number of GB."
    kept = studio.memory.usual(OWNER)
    assert kept.settings == MemorySettings(tiling="tiled")
    assert kept.limits == MemoryLimits(device_bytes=int(5.5 * GIB))


def test_a_limit_that_the_form_does_not_show_stays():
    before = UsualMemory(limits=MemoryLimits(device_bytes=3, ram_bytes=4))

    assert usual_of({"ram_bytes": ""}, before).limits == MemoryLimits(device_bytes=3)


def test_freeing_memory_says_what_came_of_it(client, studio):
    first = words(client.post("/page/memory/free").json())
    studio.device = None
    second = words(client.post("/page/memory/free").json())

    assert first.endswith("0.4 GB were let go.")
    assert second.endswith("there was little to let go.")
    assert studio.done == ["free", "free"]


def test_a_guest_sees_the_state_and_no_controls(studio):
    app = create_app(studio, Access())
    app.include_router(memory_routes(studio))
    app.dependency_overrides[actor_of] = lambda: ANNA
    guest = TestClient(app, base_url="http://127.0.0.1")

    html = guest.get("/page/memory").json()

    assert "Free now" in html
    assert "<button" not in html
    assert "<select" not in html
    assert "Of the other programs" not in html
    assert guest.post("/page/memory/usual", json={"memory.tiling": "tiled"}).status_code == 403
    assert guest.post("/page/memory/free").status_code == 403
    assert studio.memory.usual(OWNER) == UsualMemory()
    with pytest.raises(NotAllowedError):
        freed(studio.jobs, ANNA)
