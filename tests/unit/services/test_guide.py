"""The guided start: an honest list, what fits which machine, and why something cannot be had."""

import json
from types import SimpleNamespace

import psutil
import pytest

from backend.hubs.files import telling_name
from backend.hubs.licences import licence_terms
from backend.library.identify.identify import identify_file
from backend.library.index import HashRow, Index
from backend.memory.pace import PaceBook
from backend.metadata.catalogue import load_catalogue
from backend.schema.errors import (
    HubUnreachableError,
    NotAllowedError,
    NotFoundError,
    RequestError,
)
from backend.schema.jobs import OWNER, Actor, DeviceView, Role
from backend.schema.models import Family
from backend.schema.picture_settings import PromptSettings
from backend.services.well_known import load_well_known, workload_of
from tests.fixtures import model_files as made
from tests.fixtures.studio import MemoryStudio

GIB = 2**30
ANNA = Actor(id="anna", role=Role.GUEST)
APPLE = PromptSettings(positive="red apple")
KNOWN = load_well_known()
UNETS = {Family.SD15: made.sd15_checkpoint(), Family.SDXL: made.sdxl_checkpoint()}
CARD = "A card"


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path)


@pytest.fixture
def machine(studio, monkeypatch):
    """Make the studio's machine one with a card of so many GiB, or none, and so much memory."""

    def become(card: int, ram: int):
        memory = SimpleNamespace(total=ram * GIB, available=ram * GIB * 4 // 5)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
        studio.device = DeviceView(
            name=CARD if card else "",
            memory_used=GIB // 4 if card else memory.total - memory.available,
            memory_total=card * GIB or memory.total,
        )
        return studio.guide

    return become


def names(guide, purpose):
    return [each.name for each in guide.suggestions(OWNER) if each.purpose.id == purpose]


def suggestion(guide, name, actor=OWNER):
    return next(each for each in guide.suggestions(actor) if each.name == name)


@pytest.mark.parametrize("model", KNOWN.model, ids=lambda model: model.id)
def test_an_entry_of_the_list_is_as_its_page_says(model):
    catalogue = load_catalogue()
    family = next(each for each in catalogue.families if each.id == model.family)
    workload = workload_of(model, catalogue)

    assert model.purpose in {each.id for each in KNOWN.purpose}
    assert model.page == f"https://huggingface.co/{model.repository}"
    assert model.file.endswith(".safetensors")
    assert telling_name(model.repository, model.file) == model.file  # as the hub's answer has it
    assert model.variant in {"", *(each.id for each in family.variants)}
    assert (workload.width, workload.steps) == (
        (usual := family.defaults_for((model.variant,))).width,
        usual.steps,
    )
    parts = sum(part.bytes for part in workload.parts)
    assert parts == pytest.approx(model.bytes, rel=0.03)  # it is what its precision says
    assert licence_terms(model.licence)[-1].endswith((".", "!"))


@pytest.mark.parametrize(
    "model", [each for each in KNOWN.model if each.family in UNETS], ids=lambda model: model.id
)
def test_once_it_is_here_it_draws_with_the_settings_that_were_planned(model, tmp_path):
    path = made.write_safetensors(tmp_path / model.file, UNETS[model.family])
    variants = [fact.value for fact in identify_file(path).variants]
    family = next(each for each in load_catalogue().families if each.id == model.family)

    assert family.defaults_for(variants) == family.defaults_for((model.variant,))


def test_the_list_has_something_of_every_size_for_every_purpose():
    assert len({model.id for model in KNOWN.model}) == len(KNOWN.model) >= 10
    assert len({model.sha256 for model in KNOWN.model}) == len(KNOWN.model)
    for purpose in KNOWN.purpose:
        sizes = [model.bytes for model in KNOWN.model if model.purpose == purpose.id]
        assert min(sizes) < 4.5e9 < max(sizes)


@pytest.mark.parametrize(
    ("card", "ram", "purpose", "first"),
    [
        (0, 24, "photos", "Realistic Vision V5.1"),
        (0, 24, "quick", "SDXL Lightning"),
        (0, 24, "anything", "Stable Diffusion 1.5"),
        (4, 16, "photos", "RealVisXL V5.0"),
        (8, 16, "photos", "RealVisXL V5.0"),
        (8, 16, "anything", "Stable Diffusion 3.5 medium"),
        (12, 32, "anything", "FLUX.1 schnell"),
        (24, 64, "anything", "FLUX.1 schnell"),
    ],
)
def test_the_best_that_a_machine_draws_well_with_comes_first(machine, card, ram, purpose, first):
    guide = machine(card, ram)

    assert names(guide, purpose)[0] == first
    assert all(len(names(guide, each.id)) <= 2 for each in KNOWN.purpose)
    assert all(each.plan.fits for each in guide.suggestions(OWNER))


def test_what_is_too_large_is_left_out(machine):
    assert "FLUX.1" in {each.family_label for each in machine(24, 64).suggestions(OWNER)}
    small = machine(0, 2).suggestions(OWNER)
    assert {each.family_label for each in small} == {"SD 1.5", "SDXL"}
    assert machine(0, 1).suggestions(OWNER) == ()


def test_a_sentence_says_for_what_where_how_large_and_how_long(machine, studio):
    told = suggestion(machine(8, 16), "RealVisXL V5.0")
    assert told.sentence == (
        "Real photos on your 8 GB card: RealVisXL V5.0, 6.9 GB, about 12 minutes at 10 MB/s"
    )
    assert (told.licence, told.terms) == ("openrail++", "It allows commercial use.")
    assert (told.state, told.refusal, told.drawing) == ("offered", "", "")

    studio.line_speed = 50e6  # as earlier downloads told
    assert suggestion(studio.guide, "RealVisXL V5.0").sentence.endswith("6.9 GB, about 2 minutes")
    studio.line_speed = 0.5e6
    assert suggestion(studio.guide, "RealVisXL V5.0").sentence.endswith("about 4 hours")

    slow = suggestion(machine(0, 24), "Realistic Vision V5.1")
    assert slow.sentence.startswith("Real photos on this computer: ")
    assert slow.drawing == "A picture takes minutes on this computer."


def test_how_long_a_picture_takes_is_told_once_this_machine_drew_with_the_family(
    machine, studio, tmp_path
):
    guide = machine(8, 16)
    paces = PaceBook(tmp_path / "data" / "pace.json")
    photos = next(model for model in KNOWN.model if model.id == "realvisxl-5")
    paces.learn(CARD, workload_of(photos, load_catalogue()), 20.0)

    assert suggestion(guide, "RealVisXL V5.0").drawing == "A picture takes about 20 s."


def install(studio, name, model, hashed=""):
    """A file of a model's size among those of the library; most of it is a hole."""
    folder = studio.folder / "models" / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    path = made.write_safetensors(folder / name, made.sdxl_checkpoint())
    with path.open("r+b") as file:
        file.truncate(model.bytes)
    if hashed:
        state = path.stat()
        index = Index(studio.folder / "data" / "library.sqlite3")
        index.keep_hash(HashRow(str(path), state.st_size, state.st_mtime_ns, hashed, hashed[:12]))
        index.close()
    studio.models.rescan(OWNER)
    return f"checkpoints/{name}"


def test_a_model_that_came_from_the_same_place_counts_although_its_maker_changed_it(
    machine, studio
):
    model = next(each for each in KNOWN.model if each.id == "realvisxl-5")
    guide = machine(8, 16)
    changed = model.model_copy(update={"bytes": model.bytes + 4096})
    install(studio, model.file, changed, "ab" * 32)
    assert suggestion(guide, model.name).state == "offered"

    card = studio.folder / "models" / "checkpoints" / model.file.replace(".safetensors", ".json")
    card.write_text(json.dumps({"source": model.page}))
    studio.models.rescan(OWNER)

    assert suggestion(guide, model.name).state == "here"


@pytest.mark.parametrize("by", ["name", "hash", "another hash"])
def test_a_model_that_is_here_is_told_as_such(machine, studio, by):
    model = next(each for each in KNOWN.model if each.id == "realvisxl-5")
    guide = machine(8, 16)
    name = model.file if by == "name" else "mine.safetensors"
    hashed = {"name": "", "hash": model.sha256, "another hash": "ab" * 32}[by]
    found = install(studio, name, model, hashed)

    told = suggestion(guide, model.name)

    assert (told.state, told.checkpoint) == (
        ("offered", "") if by == "another hash" else ("here", found)
    )
    if told.state == "here":
        with pytest.raises(RequestError, match="here already"):
            guide.take(OWNER, model.id, APPLE)


def test_taking_one_starts_its_download_which_is_then_told(machine, studio):
    guide = machine(8, 16)

    job = guide.take(OWNER, "realvisxl-5", APPLE)

    assert "RealVisXL_V5.0_fp16.safetensors" in studio.views[job.id].title
    told = suggestion(guide, "RealVisXL V5.0")
    assert (told.state, told.job, told.refusal) == ("coming", job.id, "")


def test_a_guest_may_look_and_not_take(machine):
    guide = machine(8, 16)

    told = suggestion(guide, "RealVisXL V5.0", ANNA)

    assert told.refusal == "Only the owner may download models. Ask the owner."
    assert not told.may_retry
    with pytest.raises(NotAllowedError):
        guide.take(ANNA, "realvisxl-5", APPLE)


def test_without_room_it_says_how_much_is_missing(machine, studio):
    guide = machine(8, 16)
    studio.free_bytes = 5 * 10**9

    told = suggestion(guide, "RealVisXL V5.0")

    assert told.refusal.startswith("The disk of the models folder lacks 2.9 GB for it.")
    assert suggestion(guide, "Counterfeit V3.0").refusal == ""


def test_looking_asks_nobody_and_a_hub_that_does_not_answer_is_told_until_it_does(
    machine, studio, monkeypatch
):
    guide = machine(8, 16)
    assert {each.refusal for each in guide.suggestions(OWNER)} == {""}  # nobody was asked
    reach = studio.downloads.start

    def silent(*args, **more):
        raise HubUnreachableError("Hugging Face cannot be reached.", "Check your connection.")

    monkeypatch.setattr(studio.downloads, "start", silent)
    with pytest.raises(HubUnreachableError):
        guide.take(OWNER, "realvisxl-5", APPLE)
    told = suggestion(guide, "RealVisXL V5.0")
    assert told.refusal == "Hugging Face cannot be reached. Check your connection."
    assert told.may_retry
    assert suggestion(guide, "Counterfeit V3.0").refusal == told.refusal

    monkeypatch.setattr(studio.downloads, "start", reach)
    guide.take(OWNER, "realvisxl-5", APPLE)
    assert suggestion(guide, "Counterfeit V3.0").refusal == ""


def test_a_silence_of_long_ago_is_forgotten(machine, studio, monkeypatch):
    guide = machine(8, 16)

    def silent(*args, **more):
        raise HubUnreachableError("Hugging Face cannot be reached.")

    monkeypatch.setattr(studio.downloads, "start", silent)
    with pytest.raises(HubUnreachableError):
        guide.take(OWNER, "realvisxl-5", APPLE)
    studio.seconds += 600

    assert suggestion(guide, "RealVisXL V5.0").refusal == ""


def test_an_unknown_suggestion_is_no_download(machine, studio):
    with pytest.raises(NotFoundError):
        machine(8, 16).take(OWNER, "../etc", APPLE)
    assert studio.views == {}
