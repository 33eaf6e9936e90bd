"""Messages as they cross: golden JSON that changes only together with the version."""

import json
from pathlib import Path
from typing import get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from backend.channel.messages import (
    FROM_ENGINE,
    PROTOCOL_VERSION,
    TO_ENGINE,
    CancelJob,
    FreeMemory,
    FromEngine,
    Heartbeat,
    JobEvent,
    PauseJobs,
    Ready,
    ResumeJobs,
    ShutDown,
    SkipBatch,
    StartJob,
    ToEngine,
)
from backend.schema.events import (
    Cancelled,
    Event,
    Failed,
    Finished,
    ImageReady,
    ImageUnsaved,
    Metric,
    Preview,
    Progress,
    Remedy,
    SetAside,
    Skipped,
    Stage,
    Warned,
)
from backend.schema.inputs import InputPicture
from backend.schema.jobs import DeviceView

GOLDEN = Path(__file__).parent / "golden" / f"version_{PROTOCOL_VERSION}.json"
JOB = "0123456789ab"
DEVICE = DeviceView(
    name="Abacus (8 cores)",
    memory_used=1_000,
    memory_total=16_000,
    memory_held=200,
    process_bytes=300,
)
EVENTS = (
    Stage(sentence="Loading SDXL Base", done_bytes=2_100_000_000, total_bytes=6_900_000_000),
    Progress(step=3, steps=20, batch=1, batches=2, seconds_left=1.5),
    Preview(index=0, jpeg="AAAA"),
    ImageReady(index=0, path="2026-01-02/a.png", width=64, height=32, seed=7),
    ImageUnsaved(
        index=1,
        path="2026-01-02/b.png",
        width=64,
        height=32,
        seed=8,
        sentence="The disk is full.",
        png="AAAA",
    ),
    Metric(name="loss", step=4, value=0.25),
    Warned(sentence="Picture 1 is black."),
    Skipped(indices=(2, 3)),
    Finished(),
    Finished(
        sentence="The map is there.",
        map=InputPicture(id="input-0123456789abcdef0123456789abcdef01234567", width=64, height=32),
    ),
    Failed(
        code="model",
        sentence="It is broken.",
        hint="Copy it again.",
        details="Traceback",
        remedies=(Remedy(label="Draw it small", fields={"size.width": 512}),),
    ),
    Cancelled(),
    SetAside(sentence="The engine was killed twice."),
)
TO: tuple[ToEngine, ...] = (
    StartJob(
        job=JOB,
        kind="generate",
        request={"seed": 7},
        finished_indices=(0, 2),
        created=1_790_000_000.5,
    ),
    CancelJob(job=JOB),
    SkipBatch(job=JOB, batch=2),
    PauseJobs(),
    ResumeJobs(),
    FreeMemory(),
    ShutDown(),
)
FROM: tuple[FromEngine, ...] = (
    Ready(pid=4321, device=DEVICE),
    Heartbeat(device=DEVICE),
    *(JobEvent(job=JOB, event=event) for event in EVENTS),
)


def members(union: object) -> set[type]:
    return set(get_args(get_args(union)[0]))


def test_the_golden_file_holds_every_message_and_every_event():
    assert {type(message) for message in TO} == members(ToEngine)
    assert {type(message) for message in FROM} == members(FromEngine)
    assert {type(event) for event in EVENTS} == members(Event)


def test_messages_are_written_as_agreed_in_this_version():
    """Whoever changes a message raises PROTOCOL_VERSION and writes a new file beside the old."""
    agreed = json.loads(GOLDEN.read_text(encoding="utf-8"))

    assert [message.model_dump(mode="json") for message in TO] == agreed["to_engine"]
    assert [message.model_dump(mode="json") for message in FROM] == agreed["from_engine"]


@pytest.mark.parametrize(
    ("adapter", "messages", "part"),
    [(TO_ENGINE, TO, "to_engine"), (FROM_ENGINE, FROM, "from_engine")],
)
def test_messages_are_understood_as_agreed(adapter: TypeAdapter[object], messages, part):
    agreed = json.loads(GOLDEN.read_text(encoding="utf-8"))[part]

    assert [adapter.validate_json(json.dumps(each)) for each in agreed] == list(messages)


@pytest.mark.parametrize("body", ["", "{}", "[]", '{"type":"dance"}', '{"type":"cancel_job"}'])
def test_what_is_no_message_is_refused(body):
    with pytest.raises(ValidationError):
        TO_ENGINE.validate_json(body)
