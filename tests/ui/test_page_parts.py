"""The page without a browser: its fields, its files, its routes and its colours."""

import re
import subprocess
import sys
from itertools import product

import pytest
from fastapi.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app
from backend.schema.errors import RequestError
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.jobs import OWNER, JobState, JobView
from tests.fixtures.program import ROOT
from tests.fixtures.studio import MemoryStudio
from ui.elements import markup
from ui.facts import page_facts
from ui.fragments import FRAGMENTS
from ui.routes import page_routes
from ui.sending import Clicks

STATIC = ROOT / "ui" / "static"
TEMPLATES = ROOT / "ui" / "templates"
TOKEN = "0123456789abcdef"


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


@pytest.fixture
def client(studio):
    app = create_app(studio, Access())
    app.include_router(page_routes(studio))
    return TestClient(app, base_url="http://127.0.0.1")


def click(fields=None, token: str = TOKEN):
    return {"token": token, "fields": {"prompt.positive": "a cat"} | (fields or {})}


def test_a_click_becomes_a_request_and_a_repeated_one_the_same_job(client, studio):
    body = click({"sampling.steps": 7, "batch.count": 2, "size.width": None})

    first = client.post("/page/generate", json=body)
    again = client.post("/page/generate", json=body)
    other = client.post("/page/generate", json=click(token="another token"))

    assert first.status_code == 200
    assert again.json()["id"] == first.json()["id"] != other.json()["id"]
    assert len(studio.requests) == 2
    assert studio.requests[0].sampling.steps == 7
    assert studio.requests[0].prompt.positive == "a cat"


def test_a_click_that_was_refused_can_be_sent_again():
    clicks = Clicks()
    job = JobView(
        id="a", kind="generate", owner="owner", state=JobState.QUEUED, title="a cat", created=1.0
    )
    answers: list[JobView | RequestError] = [RequestError("No."), job]

    def submit() -> JobView:
        answer = answers.pop(0)
        if isinstance(answer, RequestError):
            raise answer
        return answer

    with pytest.raises(RequestError):
        clicks.once("token", submit)
    assert clicks.once("token", submit) is job
    assert clicks.once("token", submit) is job


@pytest.mark.parametrize(
    ("field", "value", "sentence", "hint"),
    [
        ("sampling.steps", 999, "Steps cannot be 999.", "Choose a value from 1 to 150."),
        (
            "size.width",
            32,
            "Width cannot be 32.",
            "Choose a value from 64 to 4096.",
        ),
        ("prompt.positive", "  ", "The prompt is empty.", "Say what the picture should show."),
    ],
)
def test_a_wrong_value_names_its_field(client, studio, field, value, sentence, hint):
    answer = client.post("/page/generate", json=click({field: value}))

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["field"], error["sentence"], error["hint"]) == (field, sentence, hint)
    assert studio.requests == []


def test_vary_asks_for_the_same_with_a_new_seed(client, studio):
    studio.add("0" * 12, 0)

    answer = client.post("/page/vary", json={"token": TOKEN, "picture": f"{'0' * 12}-0"})

    assert answer.status_code == 200
    made = studio.gallery.request_of(OWNER, f"{'0' * 12}-0")
    (asked,) = studio.requests
    assert asked.seed.value == -1
    assert asked.model_copy(update={"seed": made.seed}) == made


def test_a_remedy_does_the_job_again_with_other_values(client, studio):
    first = client.post("/page/generate", json=click({"sampling.steps": 7})).json()
    body = {"token": "another token", "job": first["id"], "fields": {"memory.precision": "fp8"}}

    answer = client.post("/page/again", json=body)

    assert answer.status_code == 200
    before, after = studio.requests
    assert after.memory.precision == "fp8"
    assert after.model_copy(update={"memory": before.memory}) == before


def test_settings_that_are_used_again_fill_the_form_and_empty_its_lists(client, studio):
    studio.add("0" * 12, 0)

    fields = client.get(f"/page/fields/{'0' * 12}-0").json()

    request = studio.gallery.request_of(OWNER, f"{'0' * 12}-0")
    assert fields["sampling.steps"] == request.sampling.steps
    assert fields["memory.placement"] is None
    assert "sampling.guidance" not in fields  # a number that was not asked for
    assert fields["control1.picture"] is None  # a unit that the form has is emptied
    assert client.get("/page/fields/gone-0").status_code == 404


def test_a_list_may_be_left_to_easel_and_holds_only_what_there_is(studio):
    facts = page_facts(studio.models, OWNER)

    placements = facts.choices_of("memory.placement")
    assert placements[0] == ("Automatic", "")
    assert ("Comes block by block", "group") in placements
    assert facts.choices_of("model.vae") == ()  # the checkpoint decides


def test_the_page_shows_every_field_of_the_request_with_few_components():
    code = """
import sys
from backend.schema.generation import GENERATION_FIELDS
from pathlib import Path
from tempfile import mkdtemp
from tests.fixtures.studio import MemoryStudio
from ui.binding import element_id
from ui.main import build_page
page = build_page(MemoryStudio(Path(mkdtemp())))
shown = {getattr(block, "elem_id", None) for block in page.blocks.values()}
drawn = [spec.id for spec in GENERATION_FIELDS if not spec.number]
missing = [field for field in drawn if element_id(field) not in shown]
print(missing, len(page.blocks), "torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    missing, count, torch = done.stdout.split()
    assert missing == "[]"
    assert int(count) <= 300
    assert torch == "False"


def test_a_field_starts_from_what_the_checkpoint_draws_best_with(studio):
    facts = page_facts(studio.models, OWNER)

    assert {field.id for field in facts.fields} == {spec.id for spec in GENERATION_FIELDS}
    usual = facts.library.families[0].starts[""].fields
    assert facts.starting_value("size.width") == usual["size.width"]
    assert facts.starting_value("batch.count") == 1
    assert facts.starting_value("model.checkpoint") is None
    assert facts.example


def test_every_template_has_its_icons_and_parts():
    for file in TEMPLATES.glob("*.html"):
        text = markup(file.stem)
        assert not re.search(r"[{}\[\]]", text), file.name
    drawn = [*TEMPLATES.glob("*.html"), *FRAGMENTS.rglob("*.html")]
    icons = set(re.findall(r'"([a-z]+)": "M', (TEMPLATES / "icons.json").read_text()))
    used = {name for file in drawn for name in re.findall(r"\{([a-z-]+)\}", file.read_text())}
    assert icons == used


BUDGETS = (
    ("canvas", 32_000),
    ("layers", 22_000),
    ("marking", 16_000),
    ("imaging", 24_500),
    ("control", 70_000),
    ("dataset", 38_000),
    ("poses", 46_000),
)
"""The most bytes of code in folders that come when they are first needed."""


def test_our_own_code_is_small_and_names_no_other_address():
    first = sum(file.stat().st_size for file in STATIC.glob("*.js"))
    later = sum(file.stat().st_size for file in STATIC.glob("browser/*.js"))
    assert first < 72_000
    writing = sum(file.stat().st_size for file in STATIC.glob("writing/*.js"))
    assert later < 60_000
    assert writing < 24_000
    series = sum(file.stat().st_size for file in STATIC.glob("series/*.js"))
    assert series < 14_000
    for folder, most in BUDGETS:
        assert sum(file.stat().st_size for file in STATIC.glob(f"{folder}/*.js")) < most, folder
    for folder, most in (("canvas", 9_000), ("imaging", 8_000)):
        assert sum(file.stat().st_size for file in STATIC.glob(f"{folder}/*.css")) < most, folder
    written = (file for place in (STATIC, TEMPLATES, FRAGMENTS) for file in place.rglob("*.*"))
    for file in written:
        addresses = set(re.findall(r"https?://[^\s\"')]+", file.read_text()))
        assert addresses <= {"http://www.w3.org/2000/svg"}, file.name


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


READ = [
    *product(("text", "muted", "accent-text"), ("canvas", "pane", "raised")),
    ("text", "hover"),
    ("muted", "hover"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("accent-text", "accent-soft"),
    ("danger", "danger-soft"),
    ("text", "danger-soft"),
    ("text", "warn-soft"),
    ("warn", "warn-soft"),
]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_what_is_to_be_read_has_enough_contrast(theme):
    text = (STATIC / "palette.css").read_text()
    block = re.search(rf'\[data-theme="{theme}"\] \{{(.*?)\}}', text, re.DOTALL)
    assert block
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block[1]))

    low = {
        f"{front} on {back}": round(contrast(colours[front], colours[back]), 2)
        for front, back in READ
        if contrast(colours[front], colours[back]) < 4.5
    }
    assert low == {}
    assert contrast(colours["accent"], colours["pane"]) >= 3
