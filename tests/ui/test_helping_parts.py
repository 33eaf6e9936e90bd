"""What the page, the command line and the tool tell of settings that are known to be wrong."""

import html
import json
import re

import pytest
from fastapi.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app
from backend.api.generate_command import run
from backend.schema.jobs import OWNER
from tests.fixtures.model_files import write_safetensors
from tests.fixtures.published_unets import whole_file
from tests.fixtures.studio import MemoryStudio
from ui.facts import page_facts
from ui.helping.routes import helping_routes

LARGE = "large.safetensors"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("studio")
    (place / "models").mkdir()
    for name, of in (("large", "sdxl"), ("small", "sd15")):
        write_safetensors(place / "models" / f"{name}.safetensors", whole_file(of))
    return place


@pytest.fixture
def studio(folder):
    return MemoryStudio(folder)


@pytest.fixture
def client(studio):
    app = create_app(studio, Access())
    app.include_router(helping_routes(studio))
    return TestClient(app, base_url="http://127.0.0.1")


def warned(client, **fields) -> str:
    asked = {"model.checkpoint": LARGE, "sampling.sampler": None}
    asked |= {name.replace("__", "."): value for name, value in fields.items()}
    answer = client.post("/page/helping/warnings", json={"fields": asked})
    assert answer.status_code == 200
    return answer.json()


def offered(drawn: str) -> list[dict[str, object]]:
    """The changes on the buttons."""
    return [json.loads(html.unescape(each)) for each in re.findall("data-fields='(.*?)'", drawn)]


def test_the_page_tells_what_is_wrong_and_has_a_button_that_sets_it_right(client):
    drawn = warned(client, size__width=512, size__height=512, sampling__cfg_scale=20)

    assert "SDXL draws best at about 1024 × 1024" in drawn
    assert offered(drawn) == [
        {"sampling.cfg_scale": 6.0},
        {"size.width": 1024, "size.height": 1024},
    ]
    assert ">512 × 512 → 1024 × 1024</button>" in drawn
    assert warned(client, size__width=1024, size__height=1024) == ""


def test_what_cannot_be_drawn_at_all_is_not_warned_of(client):
    assert warned(client, sampling__sampler="nobody's") == ""
    assert warned(client, model__checkpoint="gone", sampling__cfg_scale=20) == ""


def test_the_command_line_tells_it_and_draws(studio, capsys):
    assert run(["x", "--checkpoint", LARGE, "--steps", "70"], lambda: studio) == 0

    assert "70 steps take long" in capsys.readouterr().err
    assert studio.requests[0].sampling.steps == 70


def test_the_tool_tells_it_beside_the_picture(client):
    arguments = {"prompt": "x", "checkpoint": LARGE, "sampler": "lcm"}

    result = client.post(
        "/mcp/tool", json={"tool": "generate-image", "arguments": arguments}
    ).json()["result"]

    assert len(result["images"]) == 1
    assert [each.partition(":")[0] for each in result["warnings"]] == [
        "The sampler LCM is for LCM models and LCM LoRAs"
    ]


def picture_of(client, **arguments) -> str:
    call = {"tool": "generate-image", "arguments": {"prompt": "x", **arguments}}
    return (
        client.post("/mcp/tool", json=call).json()["result"]["images"][0]["url"].rsplit("/", 1)[1]
    )


def test_a_picture_that_disappoints_has_ladders_whose_rungs_change_its_settings(client):
    picture = picture_of(client)

    asked = {"picture": picture, "fields": {"model.checkpoint": LARGE}}
    drawn = client.post("/page/helping/ladders", json=asked).json()

    labels = re.findall(r'data-ladder="\w+"[^>]*>([^<]*)<', drawn)
    assert labels == [
        "Blurry",
        "Wrong composition",
        "Artefacts",
        "Style does not match",
        "Repeated objects, anatomy",
        "Colours are off",
        "Too slow",
        "Out of memory",
    ]
    blurry = drawn.partition('<ol data-for="blurry"')[2].partition("</ol>")[0]
    assert offered(blurry)[0] == {"sampling.steps": 35}
    assert ">Steps 7 → 35</button>" in blurry


def test_a_picture_is_drawn_again_with_its_own_seed_and_the_changed_settings(client, studio):
    picture = picture_of(client)
    body = {"token": "0123456789", "picture": picture, "fields": {"sampling.steps": 35}}

    answers = [client.post("/page/helping/again", json=body) for _ in range(2)]

    assert answers[0].json()["id"] == answers[1].json()["id"]
    before, after = studio.gallery.request_of(OWNER, picture), studio.requests[-1]
    assert len(studio.requests) == 2
    assert after.sampling.steps == 35
    assert after.model_copy(update={"sampling": before.sampling}) == before


def test_a_picture_that_is_gone_is_said_to_be(client):
    answer = client.post("/page/helping/ladders", json={"picture": "gone-0"})

    assert answer.status_code == 404


def test_sliders_know_where_settings_are_usual(studio):
    families = {each.id: each for each in page_facts(studio.models, OWNER).library.families}

    assert families["sd15"].starts[""].usual == {
        "sampling.steps": (20, 30),
        "sampling.cfg_scale": (5.0, 9.0),
    }
    assert families["sdxl"].starts["turbo"].usual["sampling.steps"] == (1, 4)
