"""A job that did not fit says what there was, who holds it, and what helps, to whom it may."""

from dataclasses import replace
from typing import cast

import pytest

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.events import Failed, Finished
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import DeviceView, Job, JobState
from backend.schema.memory import PlanRequest
from backend.schema.memory_settings import MemorySettings
from backend.services.machine_memory import MachineMemory
from backend.services.planning import Planner
from backend.services.remembered import Remembered
from backend.services.shortage import Shortage
from backend.setup.machine import Said
from tests.fixtures.listening import Recorder
from tests.fixtures.machines import RecordedMachine
from tests.fixtures.starter import starter_request

MIB = 2**20
DRIVER = """<nvidia_smi_log><gpu><product_name>a card</product_name><processes>
<process_info><pid>4194391</pid><process_name>/usr/bin/blender</process_name>
<used_memory>1024 MiB</used_memory></process_info>
<process_info><pid>4194392</pid><process_name>firefox</process_name>
<used_memory>512 MiB</used_memory></process_info>
</processes></gpu></nvidia_smi_log>"""
MACHINE = RecordedMachine({"system": "Linux"}, {"nvidia-smi -q -x": Said(0, DRIVER)})
FULL = Failed(
    code="out_of_memory",
    sentence="The memory was full when the picture was drawn.",
    hint="Make the picture smaller.",
)


@pytest.fixture
def explain(tmp_path):
    places = replace(default_places(), data=tmp_path / "data")
    library = Library(places, load_catalogue())

    def explain(failure=FULL, *, owner="owner", side=1024, total=3072, used=2048, **settings):
        card = DeviceView(name="a card", memory_used=used * MIB, memory_total=total * MIB)
        planner = Planner(
            library,
            load_catalogue(),
            Remembered.in_folder(places.data),
            MachineMemory(lambda: card, MACHINE),
        )
        wanted = starter_request(side=side)
        memory = wanted.memory.model_copy(update={"settings": MemorySettings(**settings)})
        wanted = planner.prepared(wanted.model_copy(update={"memory": memory}))
        job = Job(
            id="0" * 12,
            kind="generate",
            owner=owner,
            state=JobState.RUNNING,
            request=wanted.model_dump(mode="json"),
            created=1.0,
        )
        heard = Recorder()
        Shortage(heard, lambda _: job, planner).engine_told(job.id, failure)
        [(_, told)] = heard.told
        return told

    yield explain
    library.close()


def test_it_says_what_there_was_and_who_holds_it(explain):
    told = explain()

    assert told.sentence.startswith(FULL.sentence)
    assert told.sentence.endswith(
        "a card has 3.0 GB; other programs hold 1.4 GB (blender 1.0 GB, firefox 0.5 GB)."
    )
    assert told.code == "out_of_memory"


def test_remedies_come_from_the_least_harm_to_the_most_and_are_ready_to_press(explain):
    told = explain()

    labels = [remedy.label for remedy in told.remedies]
    assert labels == [
        "Keep weights in eight bits",
        "Draw at 768 × 768",
        "Bring the model block by block",
        "End blender and firefox",
    ]
    assert told.hint == (
        "Keep weights in eight bits, or draw at 768 × 768, or bring the model block by block, or "
        "end blender and firefox."
    )
    fields = [remedy.fields for remedy in told.remedies]
    assert fields == [
        {"memory.precision": "fp8"},
        {"size.width": 768, "size.height": 768},
        {"memory.placement": "group", "memory.tiling": "tiled"},
        {},
    ]
    for each in fields:
        request = GenerationRequest.from_fields({"model.checkpoint": "starter", **each})
        assert PlanRequest(generation=request)


def test_what_was_tried_already_is_not_advised_again(explain):
    told = explain(precision="fp8", placement="group")

    assert [remedy.label for remedy in told.remedies] == [
        "Draw at 768 × 768",
        "Bring the model layer by layer",
        "End blender and firefox",
    ]


def test_where_even_the_smallest_way_needs_more_it_says_how_much(explain):
    told = explain(total=2560, used=2550)

    assert "Does not fit: needs" in told.sentence
    assert not any(remedy.label.startswith("Draw at") for remedy in told.remedies)


def test_what_the_engine_said_of_its_plan_is_not_said_again(explain):
    refused = FULL.model_copy(update={"sentence": "Does not fit: needs 3 GB."})

    told = explain(refused, total=2560, used=2550)

    assert told.sentence.count("Does not fit") == 1


def test_a_guest_hears_how_much_others_hold_but_no_names(explain):
    told = explain(owner="anna")

    assert told.sentence.endswith("a card has 3.0 GB; other programs hold 1.4 GB.")
    assert "blender" not in told.model_dump_json()


@pytest.mark.parametrize(
    "event", [Finished(), Failed(code="model", sentence="It is broken.", hint="Copy it again.")]
)
def test_everything_else_passes_as_it_is(explain, event):
    assert explain(event) == event


def test_a_failure_that_cannot_be_explained_still_ends_the_job():
    heard = Recorder()

    def gone(job):
        raise ValueError(job)

    Shortage(heard, gone, cast("Planner", None)).engine_told("job", FULL)

    assert heard.told == [("job", FULL)]
