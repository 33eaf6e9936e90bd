"""Plans from the headers of files, for the owner and for guests."""

import time
from collections.abc import Mapping
from dataclasses import replace
from math import prod

import pytest

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.errors import ModelMissingError, OutOfRangeError
from backend.schema.fields import Scalar
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER, Actor, Role
from backend.schema.memory import PlanRequest
from backend.schema.models import Family
from backend.services.machine_memory import MachineMemory
from backend.services.memory import open_memory
from backend.services.planning import Planner
from backend.services.remembered import Remembered
from tests.fixtures import model_files as made
from tests.fixtures.published_parts import autoencoder_tensors, t5_tensors
from tests.fixtures.published_unets import whole_file
from tests.fixtures.starter import starter_request

ANNA = Actor(id="anna", role=Role.GUEST)
GIB = 2**30


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    made.write_safetensors(place / "sdxl.safetensors", whole_file("sdxl"))
    made.write_safetensors(place / "refiner.safetensors", whole_file("sdxl_refiner"))
    return place


@pytest.fixture
def places(tmp_path, folder):
    return replace(default_places(), data=tmp_path / "data", models=folder)


@pytest.fixture
def memory(places):
    with open_memory(places) as opened:
        yield opened


@pytest.fixture
def planner(places):
    library = Library(places, load_catalogue())
    remembered = Remembered.in_folder(places.data)
    yield Planner(library, load_catalogue(), remembered, MachineMemory())
    library.close()


def asked(checkpoint="sdxl", gigabytes=8, fields: Mapping[str, Scalar] | None = None):
    chosen = {"model.checkpoint": checkpoint, **(fields or {})}
    return PlanRequest(
        generation=GenerationRequest.from_fields(chosen),
        device_bytes=gigabytes * GIB,
        ram_bytes=32 * GIB,
    )


def test_weights_are_those_of_the_file_to_the_byte(memory):
    view = memory.plan(OWNER, asked(gigabytes=24))

    weights = {part.role: part.weight_bytes for part in view.parts}
    assert weights["diffusion_model"] == 2 * 2_567_463_684
    assert weights["vae"] == 4 * 83_653_863
    assert weights["clip_g"] == 2 * made_parameters("conditioner.embedders.1.")


def made_parameters(prefix):
    tensors = whole_file("sdxl").items()
    return sum(prod(shape) for name, shape in tensors if name.startswith(prefix))


def test_parts_in_files_of_their_own_count_as_these_hold_them(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    made.write_gguf(folder / "flux1-dev-Q4_K.gguf", made.flux())
    made.write_safetensors(folder / "clip_l.safetensors", made.CLIP_L)
    made.write_safetensors(folder / "t5xxl_fp8.safetensors", t5_tensors(), dtype="F8_E4M3")
    vae = autoencoder_tensors(16, around=False)
    made.write_safetensors(folder / "ae.safetensors", vae, dtype="F32")
    with open_memory(replace(default_places(), data=tmp_path / "data", models=folder)) as memory:
        view = memory.plan(OWNER, asked("flux1-dev-Q4_K"))

    parts = {part.role: part for part in view.parts}
    assert set(parts) == {"diffusion_model", "clip_l", "t5xxl", "vae"}
    assert parts["t5xxl"].storage == "stored"
    assert parts["t5xxl"].weight_bytes == sum(prod(shape) for shape in t5_tensors().values())
    assert parts["vae"].weight_bytes == 2 * sum(prod(shape) for shape in vae.values())


def test_guests_plan_too_but_learn_nothing_of_other_files(memory, folder):
    assert memory.plan(ANNA, asked()).fits
    with pytest.raises(ModelMissingError):
        memory.plan(ANNA, asked(str(folder / "sdxl.safetensors")))
    assert memory.plan(OWNER, asked(str(folder / "sdxl.safetensors"))).fits


def test_size_batch_and_guidance_decide(memory):
    small, large, many, unguided = (
        memory.plan(OWNER, asked(gigabytes=48, fields=fields)).draw_bytes
        for fields in (
            {},
            {"size.width": 2048, "size.height": 2048},
            {"batch.size": 4},
            {"sampling.cfg_scale": 1.0},
        )
    )

    assert unguided < small < many
    assert large == pytest.approx(many, rel=0.01)  # four times the pixels, or four pictures


def test_samplers_that_call_twice_take_twice_as_long(planner):
    def calls(sampler):
        asked = starter_request()
        sampling = asked.sampling.model_copy(update={"sampler": sampler})
        wanted = asked.model_copy(update={"sampling": sampling})
        return planner.workload(wanted, wanted.model).steps

    assert calls("heun") == 2 * calls("euler")


def test_with_a_refiner_the_model_that_needs_more_decides(memory):
    refined = {"refiner.checkpoint": "refiner"}

    alone = memory.plan(OWNER, asked(gigabytes=24))
    small = memory.plan(OWNER, asked(gigabytes=24, fields=refined))
    tight = memory.plan(OWNER, asked(gigabytes=7, fields=refined))

    assert small == alone  # SDXL itself is the larger one where there is room
    assert {part.role for part in tight.parts} == {"diffusion_model", "vae", "clip_g"}


def test_what_makes_no_sense_is_an_error_in_words(memory):
    with pytest.raises(OutOfRangeError, match="Width"):
        memory.plan(OWNER, asked(fields={"size.width": 32}))
    with pytest.raises(ModelMissingError, match="not installed"):
        memory.plan(OWNER, asked("nothing"))


def test_a_second_pass_is_planned_with_its_size_or_that_of_its_tiles(memory):
    def plan(**fields: float):
        named = {f"hires.{name}": value for name, value in fields.items()}
        return memory.plan(OWNER, asked(gigabytes=80, fields=named))

    usual, larger, tiled = plan(), plan(factor=2), plan(factor=2, tile=1024)

    assert larger.draw_bytes > 1.1 * usual.draw_bytes
    assert tiled.draw_bytes == usual.draw_bytes
    assert tiled.decode_bytes == larger.decode_bytes > usual.decode_bytes


def test_choices_by_hand_are_kept(memory):
    request = asked(gigabytes=24, fields={"memory.placement": "leaf"})

    assert memory.plan(OWNER, request).placement == "leaf"


def test_a_plan_for_the_page_takes_less_than_ten_milliseconds(memory):
    memory.plan(OWNER, asked())

    def seconds():
        start = time.perf_counter()
        memory.plan(ANNA, asked())
        return time.perf_counter() - start

    assert min(seconds() for _ in range(10)) < 0.01


def test_a_model_that_is_not_here_is_planned_from_its_family_and_size(memory):
    view = memory.plan_unseen(ANNA, Family.SDXL, 6_938_078_334)

    assert view
    assert view.budget.ram_bytes > 0
    assert view.sentence.startswith(("Needs ", "Does not fit"))
    assert memory.plan_unseen(ANNA, Family.SDXL_REFINER, 6_000_000_000) is None
    assert memory.plan_unseen(ANNA, Family.OTHER, 6_000_000_000) is None
