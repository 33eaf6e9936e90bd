"""The tool door: pictures for programs, and one clear sentence for every mistake."""

import base64
import json
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from backend.access.access import Access
from backend.api.app import create_app, create_mcp_app
from backend.metadata import infotext
from backend.metadata.catalogue import load_catalogue
from backend.schema.events import Failed
from backend.schema.generation import GENERATION_FIELDS, GenerationRequest
from backend.schema.jobs import OWNER, JobState
from tests.fixtures.studio import MemoryStudio


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


@pytest.fixture(params=[create_app, create_mcp_app], ids=["app", "extra port"])
def visitor(request, studio):
    return TestClient(request.param(studio, Access()), base_url="http://localhost:8005")


def call(visitor, tool="generate-image", key="arguments", **arguments):
    return visitor.post("/mcp/tool", json={"tool": tool, key: arguments})


def test_a_prompt_alone_gives_a_picture(visitor, studio):
    answer = call(visitor, prompt="mountain landscape at sunset").json()

    assert answer["success"] is True
    assert answer["error"] is None
    result = answer["result"]
    (image,) = result["images"]
    assert image["path"] == str(studio.folder / "x-000000000001-0.png")
    assert image["url"] == "http://localhost:8005/pictures/000000000001-0"
    assert (image["seed"], image["width"], image["height"]) == (5, 128, 64)
    assert "base64" not in image
    assert visitor.get(image["url"]).content.startswith(b"\x89PNG")
    assert result["seed"] == 5
    assert result["job_id"] == "000000000001"
    assert result["settings"]["sampling"]["steps"] == 7
    read = infotext.read(result["infotext"], load_catalogue())
    assert read.prompt.positive == "mountain landscape at sunset"
    assert set(answer["metadata"]) == {"tool", "execution_time", "timestamp"}
    assert answer["metadata"]["tool"] == "generate-image"


def test_every_documented_argument_reaches_the_request(visitor, studio):
    call(
        visitor,
        prompt="a",
        checkpoint="starter",
        width=128,
        height="64",
        steps=3,
        sampler="DPM++ 2M",
        scheduler="Karras",
        cfg_scale=4,
        seed=9,
        negative_prompt="b",
        batch_size=2,
        batch_count=1,
    )

    (request,) = studio.requests
    assert request.to_fields() == GenerationRequest().to_fields() | {
        "prompt.positive": "a",
        "prompt.negative": "b",
        "model.checkpoint": "starter",
        "size.width": 128,
        "size.height": 64,
        "sampling.sampler": "dpmpp_2m",
        "sampling.schedule": "karras",
        "sampling.steps": 3,
        "sampling.cfg_scale": 4.0,
        "seed.value": 9,
        "batch.count": 1,
        "batch.size": 2,
    }


@pytest.mark.parametrize("tool", ["generate-image", "generate_image"])
@pytest.mark.parametrize("key", ["arguments", "parameters"])
def test_both_spellings_work(visitor, tool, key):
    assert call(visitor, tool, key, prompt="a").json()["success"] is True


def test_null_means_choose_for_me(visitor, studio):
    answer = call(visitor, prompt="a", seed=None, negative_prompt=None, steps=None, sampler="")

    assert answer.json()["success"] is True
    assert studio.requests[0].seed.value == -1
    assert studio.requests[0].prompt.negative == ""
    assert studio.requests[0].sampling.sampler is None


def test_base64_carries_the_picture(visitor, studio):
    answer = call(visitor, prompt="a", batch_size=2, base64=True).json()

    images = answer["result"]["images"]
    for image in images:
        with open(image["path"], "rb") as file:  # noqa: PTH123
            assert base64.b64decode(image["base64"]) == file.read()
    assert [image["seed"] for image in images] == [5, 6]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "The argument “prompt” is missing."),
        ({"prompt": "  "}, "The argument “prompt” is missing."),
        ({"prompt": 7}, "The argument “prompt” is missing."),
        ({"prompt": "a", "steps": 0}, "Steps cannot be 0."),
        ({"prompt": "a", "steps": "many"}, "Steps cannot be 'many'."),
        ({"prompt": "a", "steps": [3]}, "The argument “steps” cannot be [3]."),
        ({"prompt": "a", "steps": True}, "The argument “steps” cannot be True."),
        ({"prompt": "a", "width": 32}, "Width cannot be 32."),
        ({"prompt": "a", "sampler": "x"}, "The argument “sampler” cannot be “x”."),
        ({"prompt": "a", "stepz": 3}, "There is no setting called “stepz”."),
        ({"prompt": "a", "base64": "yes"}, "The argument “base64” must be true or false."),
        (
            {"prompt": "a", "timeout": -1},
            "The argument “timeout” must be a number of seconds above 0.",
        ),
    ],
)
def test_a_wrong_argument_is_one_sentence_that_names_it(visitor, studio, arguments, words):
    answer = call(visitor, **arguments)

    assert answer.status_code == 400
    body = answer.json()
    assert (body["success"], body["result"]) == (False, None)
    assert body["error"]["sentence"] == words
    assert "Traceback" not in answer.text
    assert studio.requests == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"arguments": {"prompt": "a"}}', 400),
        (b'{"tool": "generate-image", "arguments": "a"}', 400),
        (b'{"tool": "launch-rocket", "arguments": {}}', 404),
        (b'{"tool": "generate-image", "arguments": {"prompt": "' + b"a" * 1_100_000, 413),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_call_that_is_none_is_told_so(visitor, body, status):
    answer = visitor.post("/mcp/tool", content=body)

    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "sentence", "hint"}


@pytest.mark.parametrize(
    ("code", "status"),
    [("out_of_memory", 503), ("engine_lost", 503), ("model_damaged", 500), ("model_missing", 404)],
)
def test_a_failed_job_gives_its_reason(visitor, studio, code, status):
    studio.state = JobState.FAILED
    studio.failure = Failed(code=code, sentence="It did not work.", hint="Try less.")

    answer = call(visitor, prompt="a")

    assert answer.status_code == status
    assert answer.json()["error"] == {
        "code": code,
        "sentence": "It did not work.",
        "hint": "Try less.",
    }


def test_a_job_that_takes_too_long_goes_on_alone(visitor, studio):
    studio.state = JobState.RUNNING

    answer = call(visitor, prompt="a", timeout=0.2)

    assert answer.status_code == 408
    assert "000000000001" in answer.json()["error"]["hint"]
    assert studio.done == []


def test_a_cancelled_job_says_so(visitor, studio):
    studio.state = JobState.CANCELLED

    answer = call(visitor, prompt="a")

    assert answer.status_code == 500
    assert answer.json()["error"]["sentence"] == "The job was cancelled."


def test_the_list_of_tools_is_complete(visitor):
    tool, grid, upscale, a_map, skip, *others = visitor.get("/mcp/tools").json()["tools"]

    assert grid["name"] == "generate-grid"
    assert {"x", "y", "z", "prompts", "steps"} <= set(grid["inputSchema"]["properties"])
    assert (upscale["name"], a_map["name"]) == ("upscale-image", "make-map")
    assert skip["name"] == "skip"
    assert [each["name"] for each in others][:2] == ["list-datasets", "upload-dataset"]
    assert upscale["inputSchema"]["required"] == ["picture"]
    assert upscale["inputSchema"]["properties"]["factor"]["maximum"] == 8

    schema = tool["inputSchema"]
    names = {spec.setting.short_name for spec in GENERATION_FIELDS}
    assert set(schema["properties"]) == names | {"base64", "timeout"}
    assert schema["required"] == ["prompt"]
    assert schema["properties"]["steps"]["maximum"] == 150
    assert all(json.dumps(entry["description"]) for entry in schema["properties"].values())


def test_a_grid_is_drawn(visitor, studio):
    answer = call(visitor, "generate_grid", prompt="an apple", x="steps=10,20", prompts="a\nb")

    assert len(answer.json()["result"]["images"]) == 3
    (request,) = studio.series_asked
    assert request.base.prompt.positive == "an apple"
    assert (request.x.field, request.x.values) == ("steps", "10,20")
    assert (request.y.field, request.y.values) == ("prompts", "a\nb")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"x": "steps=10"}, "“prompt” is missing"),
        ({"prompt": "a", "x": "steps"}, "“steps” is no axis"),
        ({"prompt": "a", "x": 5}, "“x” cannot be 5"),
    ],
)
def test_a_grid_that_makes_no_sense_is_told(visitor, arguments, sentence):
    answer = call(visitor, "generate-grid", **arguments)

    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["sentence"]


def test_a_picture_is_enlarged(visitor, studio):
    studio.add("0" * 12, 0)

    answer = call(visitor, "upscale-image", picture=f"{'0' * 12}-0", factor=4, format="webp")

    result = answer.json()["result"]
    assert len(result["images"]) == 1
    (request,) = studio.upscalings
    assert (request.picture, request.factor, request.output.format) == (f"{'0' * 12}-0", 4, "webp")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "“picture” is missing"),
        ({"picture": "a", "factor": 9}, "Factor cannot be 9"),
        ({"picture": "a", "steps": 9}, "no setting called “steps”"),
        ({"picture": "a", "factor": [2]}, "“factor” cannot be"),
    ],
)
def test_a_slip_of_an_enlargement_is_told(visitor, arguments, sentence):
    answer = call(visitor, "upscale-image", **arguments)

    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["sentence"]


def test_a_map_is_made(visitor, studio):
    studio.add("0" * 12, 0)

    answer = call(visitor, "make_map", picture=f"{'0' * 12}-0", resolution=64, base64=True)

    made = answer.json()["result"]["map"]
    assert (made["width"], made["height"]) == (64, 64)
    assert Path(made["path"]).read_bytes() == base64.b64decode(made["base64"])
    assert visitor.get(made["url"]).content == base64.b64decode(made["base64"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "“picture” is missing"),
        ({"picture": "a", "resolution": 9}, "Resolution cannot be 9"),
        ({"picture": "a", "steps": 9}, "no setting called “steps”"),
        ({"picture": "a", "mask": [2]}, "“mask” cannot be"),
    ],
)
def test_a_slip_of_a_map_is_told(visitor, arguments, sentence):
    answer = call(visitor, "make-map", **arguments)

    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["sentence"]


def test_the_picture_that_is_being_made_is_skipped(visitor, studio):
    studio.state = JobState.RUNNING
    job = studio.submit(OWNER, GenerationRequest()).id

    named = call(visitor, "skip", job_id=job).json()
    gone = call(visitor, "skip", job_id="gone")
    wrong = call(visitor, "skip", job_id=job, picture=1)
    none = call(visitor, "skip")

    assert named["result"] == {"job_id": job}
    assert studio.done == [f"skip {job}"]
    assert (gone.status_code, wrong.status_code, none.status_code) == (404, 400, 404)
    assert none.json()["error"]["sentence"] == "No picture is being made."
