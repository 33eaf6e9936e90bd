"""The Train tab without a browser: what its HTML shows."""

import re

import pytest
from fastapi.testclient import TestClient

from backend.access.access import Access
from backend.api.answers import actor_of
from backend.api.app import create_app
from backend.schema.catalogue import CheckpointInfo, FamilyDefaults
from backend.schema.jobs import Actor, Role
from backend.schema.training import TRAINING_FIELDS
from backend.schema.training_learning import USUAL_RATES
from tests.fixtures.program import ROOT
from tests.fixtures.studio import MemoryStudio
from ui.training.groups import ELSEWHERE, SIMPLE, groups
from ui.training.routes import training_routes

STATIC = ROOT / "ui" / "static" / "training"
MOST_CODE, MOST_STYLE = 46_000, 14_000
STARTER = CheckpointInfo(
    id="starter",
    name="<Starter>",
    family="sd15",
    family_label="SD 1.5",
    path="/m/starter",
    bytes=1,
    defaults=FamilyDefaults.model_construct(),
)


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


def panel(studio) -> str:
    app = create_app(studio, Access())
    app.include_router(training_routes(studio))
    return TestClient(app, base_url="http://127.0.0.1").get("/page/training").json()


def test_every_setting_of_a_training_is_on_the_page_once():
    shown = [field.id for group in groups() for field in group.fields]

    assert sorted([*shown, *ELSEWHERE]) == sorted(spec.id for spec in TRAINING_FIELDS)
    assert set(SIMPLE) <= set(shown)


def test_the_page_has_a_control_with_label_help_and_range_for_each(studio):
    drawn = panel(studio)

    for spec in TRAINING_FIELDS:
        if spec.id in ELSEWHERE:
            continue
        control = re.search(rf'<(\w+)[^>]*data-field="{spec.id}"[^>]*>', drawn)
        assert control, spec.id
        assert f'<label for="train-{spec.id}"' in drawn
        if spec.kind in ("integer", "number"):
            ends = {name: float(end) for name, end in re.findall(r'(min|max)="(.*?)"', control[0])}
            assert ends == {"min": spec.setting.minimum, "max": spec.setting.maximum}
    assert 'data-default="1500"' in drawn
    rates = re.search(r'data-rates="([^"]*)"', drawn)
    assert rates
    told = dict(pair.split("=") for pair in rates[1].split())
    assert {name: float(rate) for name, rate in told.items()} == dict(USUAL_RATES)


def test_checkpoints_are_those_that_can_be_taught(studio):
    assert "None here can be taught" in panel(studio)

    studio.training.teachable = lambda actor: (STARTER,)
    drawn = panel(studio)

    assert '<option value="starter" data-family="sd15">&lt;Starter&gt; · SD 1.5</option>' in drawn


def test_a_guest_is_told_that_the_owner_trains(studio):
    guest = Actor(id="guest", role=Role.GUEST)
    app = create_app(studio, Access())
    app.include_router(training_routes(studio))
    app.dependency_overrides[actor_of] = lambda: guest
    drawn = TestClient(app, base_url="http://127.0.0.1").get("/page/training").json()

    assert "Only the owner" in drawn
    assert "data-field" not in drawn


def test_its_code_is_small():
    code = sum(file.stat().st_size for file in STATIC.glob("*.js"))
    style = sum(file.stat().st_size for file in STATIC.glob("*.css"))

    assert code < MOST_CODE
    assert style < MOST_STYLE
