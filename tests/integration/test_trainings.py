"""Trainings as the page's routes have them: begun, watched, paused, gone on with, used."""

import io
import json
from contextlib import nullcontext

import numpy as np
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient
from PIL import Image

from backend.access.access import Access
from backend.api.app import create_app
from backend.api.train_command import train_command
from backend.channel.inprocess import ThreadedEngine
from backend.engine.run import KINDS
from backend.engine.training.objective import loss_of
from backend.engine.worker import Worker
from backend.places import Places, default_places
from backend.schema.errors import NotAllowedError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER, Actor, Role
from backend.schema.model_settings import ModelSettings
from backend.schema.picture_settings import PromptSettings
from backend.services.studio import open_studio
from tests.fixtures.program import wait_until

pytestmark = pytest.mark.usefixtures("one_thread")

STEPS = 4


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for number, words in enumerate(("a (red) apple", "a green pear")):
        values = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(values).resize((128, 128)).save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(words)
    return folder


@pytest.fixture
def studio(tmp_path):
    folders = (tmp_path / name for name in ("outputs", "data", "models"))
    places = Places(default_places().root, *folders)

    def launch(on_message, on_exit):
        return ThreadedEngine(lambda send: Worker(KINDS, places, send), on_message, on_exit)

    with open_studio(places, launch=launch) as opened:
        yield opened


@pytest.fixture
def routes(studio):
    return TestClient(create_app(studio, Access()), base_url="http://127.0.0.1")


@pytest.fixture
def begin(routes, dataset):
    def begun(**asked):
        wanted = {
            "dataset": {"folder": str(dataset), "trigger": "zkw7"},
            "checkpoint": "starter",
            "learning": {"steps": STEPS, "rate": 1e-2},
            "samples": {"every": STEPS, "steps": 2},
            "save_every": 2,
        }
        answer = routes.post("/api/trainings", json=wanted | asked)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return begun


@pytest.fixture
def ended(routes):
    """Waits until a training has ended; its story."""

    def told(state="finished"):
        def story():
            return routes.get("/api/trainings").json()[0]

        wait_until(lambda: story()["state"] == state, story, seconds=60)
        return routes.get(f"/api/trainings/{story()['id']}").json()

    return told


def test_a_training_is_begun_watched_and_used_over_http(routes, begin, ended, studio):
    job = begin()
    story = ended()

    assert (story["job"], story["name"], story["steps"]) == (job["id"], "zkw7", STEPS)
    assert story["reached"] == STEPS
    assert [each["step"] for each in story["measured"]] == [1, 2, 3, 4]
    assert story["prompts"] == [r"zkw7, a \(red\) apple", "zkw7, a green pear"]
    since = routes.get(f"/api/trainings/{story['id']}", params={"since": 3}).json()
    assert [each["step"] for each in since["measured"]] == [4]
    [listed] = routes.get("/api/trainings").json()
    assert listed["measured"] == []

    assert [(each["step"], each["place"]) for each in story["samples"]] == [
        (step, place) for step in (0, STEPS) for place in (0, 1)
    ]
    shown = routes.get(f"/api/trainings/{story['id']}/samples/{story['samples'][0]['file']}")
    with Image.open(io.BytesIO(shown.content)) as picture:
        assert picture.size == (128, 128)

    assert [(each["step"], each["lora"]) for each in story["kept"]] == [
        (2, "zkw7-000002"),
        (4, "zkw7"),
    ]


def test_loras_are_listed_at_once_and_may_be_used(begin, ended, studio, routes):
    begin()
    ended()

    def listed():
        return {each.name for each in studio.loras.found(OWNER, "starter").cards}

    wait_until(lambda: {"zkw7", "zkw7-000002"} <= listed(), lambda: str(listed()), seconds=20)
    prompt = PromptSettings(positive="red apple <lora:zkw7-000002:1>")
    request = GenerationRequest(prompt=prompt, model=ModelSettings(checkpoint="starter"))
    wanted = studio.generation.resolved(OWNER, request, studio.generation.looks(OWNER))
    assert [each.id for each in wanted.loras] == ["loras/zkw7/zkw7-000002.safetensors"]


def test_a_paused_training_is_saved_and_goes_on_to_the_same_lora(routes, begin, ended, studio):
    job = begin(learning={"steps": 200, "rate": 1e-2}, samples={"every": 0}, save_every=100)
    [story] = routes.get("/api/trainings").json()

    def steps():
        return routes.get(f"/api/trainings/{story['id']}").json()["measured"]

    wait_until(steps, lambda: studio.jobs.view(OWNER, job["id"]), seconds=60)
    refused = routes.post(f"/api/trainings/{story['id']}/resume")
    assert refused.json()["error"]["sentence"] == "This training still runs."
    assert routes.post(f"/api/trainings/{story['id']}/pause").status_code == 204
    paused = ended("paused")

    assert paused["kept"][-1]["step"] == paused["measured"][-1]["step"] == paused["reached"] < 200
    assert routes.post(f"/api/trainings/{story['id']}/pause").status_code == 400
    again = routes.post(f"/api/trainings/{story['id']}/resume").json()
    wait_until(
        lambda: len(steps()) > len(paused["measured"]),
        lambda: studio.jobs.view(OWNER, again["id"]),
        seconds=60,
    )
    now = routes.get(f"/api/trainings/{story['id']}").json()
    assert now["job"] == again["id"] != job["id"]
    assert now["measured"][: len(paused["measured"])] == paused["measured"]
    studio.jobs.cancel(OWNER, again["id"])
    ended("paused")


def test_what_is_not_there_is_said_so(routes):
    for path in ("nothing", "..%2F..", "nothing/samples/0000000-0.png"):
        answer = routes.get(f"/api/trainings/{path}")
        assert answer.status_code == 404
    assert routes.post("/api/trainings/nothing/pause").json()["error"]["sentence"]


def test_checkpoints_are_removed_one_by_one_and_a_training_as_a_whole(
    routes, begin, ended, tmp_path
):
    export = tmp_path / "elsewhere" / "loras"
    begin(samples={"every": 0}, file={"export": str(export)})
    training = ended()["id"]
    loras = tmp_path / "models" / "loras"

    assert (export / "zkw7.safetensors").read_bytes() == (loras / "zkw7.safetensors").read_bytes()
    assert routes.delete(f"/api/trainings/{training}/checkpoints/3").status_code == 404
    assert routes.delete(f"/api/trainings/{training}/checkpoints/2").status_code == 204
    [kept] = routes.get(f"/api/trainings/{training}").json()["kept"]
    assert kept["step"] == STEPS
    assert sorted(path.name for path in loras.rglob("*")) == ["zkw7.safetensors"]

    assert routes.delete(f"/api/trainings/{training}").status_code == 204
    assert routes.get("/api/trainings").json() == []
    assert (loras / "zkw7.safetensors").exists()


def test_the_command_tells_a_training_as_lines_of_json_and_writes_the_file(
    studio, dataset, tmp_path
):
    command = train_command(lambda: nullcontext(studio))
    asked = ["--dataset", dataset, "--model", "starter", "--steps", 2, "--json"]
    target = tmp_path / "here" / "style.safetensors"

    result = CliRunner().invoke(command, [*map(str, asked), "-o", str(target)])

    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["type"] for each in told if each["type"] != "diagnosis"] == [
        *("begun", "measured", "measured", "kept", "ended")
    ]
    assert told[0]["name"] == "style"
    assert told[-1]["state"] == "finished"
    assert target.read_bytes() == (tmp_path / "models/loras/style.safetensors").read_bytes()

    refused = CliRunner().invoke(command, [*map(str, asked), "-o", "style.ckpt"])
    assert "does not end in .safetensors" in str(refused.exception)


def test_tools_begin_look_at_stop_and_go_on_with_a_training(routes, dataset, ended):
    def call(tool, **arguments):
        answer = routes.post("/mcp/tool", json={"tool": tool, "arguments": arguments}).json()
        return answer.get("result") or answer["error"]

    asked = {"dataset_path": str(dataset), "model_name": "starter", "trigger_word": "zkw7"}
    asked |= {"test_prompts": ["zkw7, red", "zkw7, green"], "learning_rate": 1e-3}
    job = call("start-training", **asked, steps=300)["job_id"]
    wait_until(lambda: call("get-training-logs", lines=1)["logs"], str, seconds=60)
    status = call("get-training-status", job_id=job)
    assert (status["status"], status["total_steps"]) == ("running", 300)
    call("stop_training", job_id=job)
    story = ended("paused")

    assert story["asked"]["learning"]["rate"] == 1e-3
    assert story["asked"]["samples"]["prompts"] == "zkw7, red\nzkw7, green"
    assert call("list-training-jobs")["jobs"][0]["current_step"] == story["reached"] > 0
    [line] = call("get-training-logs", lines=1)["logs"]
    assert line.startswith(f"step {story['reached']}: loss ")
    assert call("get-training-status", job_id="x")["sentence"] == "There is no such training."
    again = call("resume-training", job_id=job)["job_id"]
    call("cancel-training", job_id=again)
    tools = {each["name"] for each in routes.get("/mcp/tools").json()["tools"]}
    assert {"start-training", "get-training-status", "get-training-logs"} <= tools


def test_what_a_training_takes_is_told_over_http(routes, dataset):
    asked = {"dataset": {"folder": str(dataset)}, "checkpoint": "starter"}

    answer = routes.post("/api/trainings/forecast", json=asked)

    assert answer.status_code == 200, answer.text
    assert answer.json()["sentence"]
    assert answer.json()["seconds"] > answer.json()["step_seconds"] > 0


def test_what_does_not_go_together_is_refused_before_it_starts(routes, dataset):
    asked = {
        "dataset": {"folder": str(dataset)},
        "checkpoint": "starter",
        "network": {"method": "dora"},
        "memory": {"precision": "fp8"},
    }

    for place in ("/api/trainings/forecast", "/api/trainings"):
        answer = routes.post(place, json=asked)
        assert answer.status_code == 400
        assert "DoRA needs all weights on the device" in answer.text


def test_a_training_that_breaks_says_why_and_what_to_change(begin, ended, monkeypatch):
    nothing = float("nan")
    monkeypatch.setattr(
        "backend.engine.training.learning.loss_of", lambda *given: loss_of(*given) * nothing
    )
    begin(samples={"every": 0})
    story = ended("failed")

    assert "The numbers overflowed at step 1" in story["problem"]
    [diagnosis] = story["diagnoses"]
    assert diagnosis["code"] == "exploded"
    assert diagnosis["remedies"][0]["fields"] == {"learning.rate": 0.0025}


def test_trainings_are_the_owners(studio, begin, ended):
    begin(samples={"every": 0})
    training = ended()["id"]
    guest = Actor(id="anna", role=Role.GUEST)

    for refused in (
        lambda: studio.trainings.all(guest),
        lambda: studio.trainings.story(guest, training),
        lambda: studio.trainings.prune(guest, training, 2),
        lambda: studio.trainings.remove(guest, training),
        lambda: studio.trainings.pause(guest, training),
    ):
        with pytest.raises(NotAllowedError, match="Only the owner"):
            refused()
