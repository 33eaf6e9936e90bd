"""What the prompt box shows, without a browser: counts, checks, completion, styles, history."""

import re

import pytest
from fastapi.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app
from backend.schema.writing import Heard, Piece
from tests.fixtures.installations import written
from tests.fixtures.model_files import kohya_lora, write_safetensors
from tests.fixtures.published_unets import whole_file
from tests.fixtures.studio import MemoryStudio
from ui.fragments import Fragments
from ui.routes import page_routes
from ui.writing.counts import shown_count
from ui.writing.routes import writing_routes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("studio")
    (place / "models" / "loras").mkdir(parents=True)
    write_safetensors(place / "models" / "castle.safetensors", whole_file("sd15"))
    write_safetensors(place / "models" / "loras" / "ink & <b>.safetensors", kohya_lora())
    written(place / "styles.csv", 'name,prompt,negative_prompt\nMist,"misty {prompt}",sun\n')
    return place


@pytest.fixture(scope="module")
def client(folder):
    studio = MemoryStudio(folder)
    app = create_app(studio, Access())
    app.include_router(page_routes(studio))
    app.include_router(writing_routes(studio))
    return TestClient(app, base_url="http://127.0.0.1")


def read(client, positive: str, negative: str = "", steps: int = 20):
    fields = {"prompt.positive": positive, "prompt.negative": negative, "sampling.steps": steps}
    answer = client.post("/page/writing/read", json={"fields": fields})
    assert answer.status_code == 200
    return answer.json()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_the_count_is_short_and_its_panel_tells_of_the_pieces(client):
    typed = "🍎 " + "red roof, " * 30

    told = read(client, typed, "a cat")

    assert told["positive"]["label"].endswith("/150")
    assert told["negative"]["label"] == "2/75"
    (cut,) = told["positive"]["cuts"]
    in_browser = typed.encode("utf-16-le")[: 2 * cut].decode("utf-16-le")
    assert in_browser.endswith("red roof")
    assert "pieces of 75" in words(told["positive"]["panel"])
    assert "red roof" in told["positive"]["panel"]
    assert "pieces of 75" not in told["negative"]["panel"]


def test_nothing_typed_shows_nothing(client):
    told = read(client, "  ")
    assert (told["positive"]["label"], told["score"], told["effects"]) == ("", "", "")


def test_what_is_lost_is_named():
    heard = (
        Heard(reader="T5", used=300, room=255, lost_from=6),
        Heard(reader="CLIP", used=75, room=75),
    )

    shown = shown_count("a cat and a dog", heard, Fragments())

    assert shown.label == "300/255"
    assert shown.lost_from == 6
    assert "the end of the prompt is lost" in shown.title
    assert "Not heard from “and a dog” on." in words(shown.panel)


def test_a_long_piece_shows_the_words_that_it_ends_with():
    pieces = (Piece(tokens=75, end=101), Piece(tokens=1, end=104))
    heard = (Heard(reader="CLIP", used=76, room=150, pieces=pieces),)

    shown = shown_count("a" * 90 + " last words, b", heard, Fragments())

    assert "last words" in shown.panel
    assert "…" in shown.panel
    assert shown.cuts == (101,)


def test_checks_and_effects_are_told_and_what_was_typed_is_no_markup(client):
    told = read(client, "a cat, no cars, <i>, <i>, __none__")

    assert told["score"] == "2 of 4"
    assert "Subject first" in words(told["checks"])
    assert 'class="fault"' in told["checks"]
    assert "There is no wildcard “none”" in words(told["effects"])
    assert "“&lt;i&gt;” stands there twice" in told["checks"]
    assert "<i>" not in told["effects"] + told["checks"]


def test_other_settings_that_are_wrong_leave_the_box_alone(client):
    assert read(client, "a cat", steps=999)["positive"]["label"] == ""
    assert "10,001 characters" in read(client, "x" * 10_001)["effects"]


def test_a_lora_is_offered_by_its_name_whatever_is_in_it(client):
    drawn = client.get("/page/writing/offers?kind=lora&typed=INK").json()

    assert drawn.count('role="option"') == 1
    assert 'data-insert="&lt;lora:ink &amp; &lt;b&gt;:1&gt; "' in drawn
    assert "<b>" not in drawn
    assert client.get("/page/writing/offers?kind=sampler").status_code == 400


def test_a_style_that_is_around_the_prompt_is_marked_and_comes_off(client):
    plain = {"positive": "a cat", "negative": ""}

    on = client.post("/page/writing/style", json={"name": "Mist", "prompt": plain}).json()
    drawn = client.post("/page/writing/styles", json=on).json()
    off = client.post("/page/writing/style", json={"name": "Mist", "prompt": on}).json()

    assert on == {"positive": "misty a cat", "negative": "sun"}
    assert re.search(
        r'data-style="Mist" aria-label="Mist" aria-pressed="true" title="Writes “misty …”', drawn
    )
    assert off == plain
    gone = client.post("/page/writing/style", json={"name": "gone", "prompt": plain})
    assert gone.json()["error"]["hint"] == "Choose another one."


def test_the_last_prompts_are_listed(client):
    assert "are kept here" in client.get("/page/writing/used").json()
    click = {
        "token": "0123456789",
        "fields": {"prompt.positive": 'a "cat"', "prompt.negative": "b"},
    }
    client.post("/page/generate", json=click)

    drawn = client.get("/page/writing/used").json()

    assert 'data-positive="a &#34;cat&#34;" data-negative="b"' in drawn
