"""What the owner does with models, and guests do not."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from backend.jobs.board import Board
from backend.jobs.journal import Journal
from backend.library.bin import Bin
from backend.library.library import Library
from backend.library.marks import MarkBook
from backend.library.notes import NoteBook
from backend.metadata.catalogue import load_catalogue
from backend.places import Places, default_places
from backend.schema.errors import NotAllowedError, NotFoundError, RequestError
from backend.schema.jobs import OWNER, Actor, Job, JobState, PictureView, Role
from backend.services.keeping import Books, Keeping, Work, is_needed
from tests.fixtures import model_files as made
from tests.fixtures.requests import resolved

ANNA = Actor(id="anna", role=Role.GUEST)


def no_bin(path):
    raise OSError(95, "There is no bin")


@pytest.fixture
def places(tmp_path):
    (tmp_path / "models" / "loras").mkdir(parents=True)
    folders = (tmp_path / name for name in ("outputs", "data", "models"))
    return Places(default_places().root, *folders)


@pytest.fixture
def desk(places):
    """The verbs over a library of one checkpoint, with what they were given."""
    made.write_safetensors(places.models / "dream.safetensors", made.sd15_checkpoint())
    library = Library(places, load_catalogue())
    notes = NoteBook(places.data / "notes.json")
    books = Books(MarkBook(places.data / "marks.json"), notes, Bin(places.data / "bin", no_bin))
    journal = Journal(places.data / "journal.sqlite3")
    needed: list[Path] = []
    work = Work(lambda path: path in needed, lambda: None, journal.pictures_with)
    yield SimpleNamespace(
        keeping=Keeping(library, books, work),
        library=library,
        notes=notes,
        needed=needed,
        journal=journal,
        models=places.models,
    )
    journal.close()
    library.close()


def test_marks_and_notes_go_along_with_a_new_name_and_place(desk):
    desk.keeping.set_favourite(OWNER, "dream.safetensors", favourite=True)
    desk.keeping.set_tags(OWNER, "dream.safetensors", ["ink"])
    desk.notes.put("dream.safetensors", "Good with 30 steps.")

    renamed = desk.keeping.rename(OWNER, "dream.safetensors", "night.safetensors")
    moved = desk.keeping.move(OWNER, renamed.id)

    assert moved.id == "checkpoints/night.safetensors"
    assert Path(moved.path) == desk.models / "checkpoints" / "night.safetensors"
    [(known, mark)] = desk.keeping.marks(ANNA).items()
    assert (known, mark.favourite, mark.tags) == (moved.id, True, ("ink",))
    assert desk.notes.get(moved.id) == "Good with 30 steps."
    assert desk.notes.get("dream.safetensors") == ""


def test_a_misplaced_model_goes_where_it_belongs(desk):
    made.write_safetensors(desk.models / "loras" / "v.safetensors", made.VAE)
    desk.library.rescan()

    assert desk.keeping.move(OWNER, "loras/v.safetensors").id == "vae/v.safetensors"
    assert desk.keeping.move(OWNER, "vae/v.safetensors", "vae/old").problem is None


def test_a_deleted_model_leaves_the_library_and_comes_back_with_its_mark(desk):
    desk.keeping.set_favourite(OWNER, "dream.safetensors", favourite=True)

    binned = desk.keeping.delete(OWNER, "dream.safetensors")

    assert "Easel's bin" in binned.sentence
    with pytest.raises(NotFoundError):
        desk.library.entry("dream.safetensors")
    assert desk.keeping.bin(OWNER) == (binned,)
    assert desk.keeping.restore(OWNER, binned.id).id == "dream.safetensors"
    assert desk.keeping.marks(OWNER)["dream.safetensors"].favourite
    desk.keeping.delete(OWNER, "dream.safetensors")
    assert desk.keeping.empty_bin(OWNER) == binned.bytes


def test_a_model_that_went_away_is_told_and_leaves_the_list(desk):
    assert desk.library.entries()
    (desk.models / "dream.safetensors").unlink()

    with pytest.raises(NotFoundError, match="not there any more"):
        desk.keeping.delete(OWNER, "dream.safetensors")

    assert "dream.safetensors" not in {entry.id for entry in desk.library.entries()}


def test_the_ending_may_be_given_in_any_case(desk):
    renamed = desk.keeping.rename(OWNER, "dream.safetensors", " night.SafeTensors ")
    assert renamed.id == "night.safetensors"


def test_what_a_job_needs_stays(desk):
    desk.needed.append(desk.models / "dream.safetensors")

    for act in (
        lambda: desk.keeping.rename(OWNER, "dream.safetensors", "x"),
        lambda: desk.keeping.move(OWNER, "dream.safetensors"),
        lambda: desk.keeping.delete(OWNER, "dream.safetensors"),
    ):
        with pytest.raises(RequestError, match="A job needs"):
            act()

    assert (desk.models / "dream.safetensors").exists()


def test_a_job_needs_its_checkpoint_and_what_lies_in_its_folder():
    def board(path):
        request = {"model": {"path": "/m/a", "components": [{"path": path}]}}
        job = SimpleNamespace(job=SimpleNamespace(request=request))
        return cast("Board", SimpleNamespace(waiting=lambda: (job,)))

    assert is_needed(board("/m/vae/v"), Path("/m/a"))
    assert is_needed(board("/m/vae/v"), Path("/m/vae"))
    assert not is_needed(board("/m/vae-more/v"), Path("/m/vae"))


def test_the_starter_and_what_lies_elsewhere_stay(desk, tmp_path):
    comfy, shared = tmp_path / "ComfyUI", tmp_path / "drive"
    for folder in (comfy / "models", shared / "loras"):
        folder.mkdir(parents=True)
    made.write_safetensors(shared / "loras" / "a.safetensors", made.kohya_lora())
    (comfy / "extra_model_paths.yaml").write_text(f"drive:\n  loras: {shared / 'loras'}\n")
    desk.library.folders.add(str(comfy))
    desk.library.rescan()
    [elsewhere] = [entry.id for entry in desk.library.entries() if "drive" in entry.id]

    for model in ("starter", elsewhere):
        with pytest.raises(NotAllowedError):
            desk.keeping.delete(OWNER, model)
        with pytest.raises(NotAllowedError):
            desk.keeping.rename(OWNER, model, "x")


def test_a_folder_of_another_program_keeps_its_own_order(desk, tmp_path):
    forge = tmp_path / "webui"
    for folder in ("models/Stable-diffusion", "models/Lora"):
        (forge / folder).mkdir(parents=True)
    made.write_safetensors(
        forge / "models" / "Stable-diffusion" / "a.safetensors", made.kohya_lora()
    )
    desk.library.folders.add(str(forge))
    desk.library.rescan()

    moved = desk.keeping.move(OWNER, "webui:models/Stable-diffusion/a.safetensors")

    assert moved.id == "webui:models/Lora/a.safetensors"


@pytest.mark.parametrize(
    "act",
    [
        lambda keeping: keeping.set_favourite(ANNA, "dream.safetensors", favourite=True),
        lambda keeping: keeping.set_tags(ANNA, "dream.safetensors", []),
        lambda keeping: keeping.rename(ANNA, "dream.safetensors", "x"),
        lambda keeping: keeping.move(ANNA, "dream.safetensors"),
        lambda keeping: keeping.delete(ANNA, "dream.safetensors"),
        lambda keeping: keeping.bin(ANNA),
        lambda keeping: keeping.restore(ANNA, "x"),
        lambda keeping: keeping.empty_bin(ANNA),
    ],
)
def test_guests_change_nothing(desk, act):
    with pytest.raises(NotAllowedError, match="Only the owner may"):
        act(desk.keeping)

    assert (desk.models / "dream.safetensors").exists()


def made_with(journal, number, owner="owner", **model):
    """A finished job of one picture."""
    job = f"{number:012x}"
    request = resolved("a cat").model_dump(mode="json")
    request["model"] |= model
    journal.put_job(
        Job(
            id=job,
            kind="generate",
            owner=owner,
            state=JobState.FINISHED,
            request=request,
            created=float(number),
        )
    )
    picture = PictureView(
        id=f"{job}-0",
        job=job,
        index=0,
        owner=owner,
        path=f"{job}.png",
        width=8,
        height=8,
        seed=1,
        prompt="a cat",
        created=float(number),
    )
    journal.put_picture(picture)
    return picture


def test_where_a_model_was_used_is_counted_by_its_fingerprint(desk):
    sha256 = desk.library.hashes(desk.models / "dream.safetensors").sha256
    desk.library.rescan()
    mine = [made_with(desk.journal, number, sha256=sha256) for number in range(8)]
    made_with(desk.journal, 20, sha256="0" * 64)
    hers = made_with(desk.journal, 30, owner="anna", sha256=sha256)
    desk.journal.delete_picture(mine[0])

    used = desk.keeping.used(OWNER, "dream.safetensors")

    assert used.pictures == 8
    assert [each.id for each in used.newest] == [hers.id, *(p.id for p in mine[:2:-1])]
    assert desk.keeping.used(ANNA, "dream.safetensors").newest == (hers,)


def test_where_a_vae_was_used_is_counted_by_its_id(desk):
    made.write_safetensors(desk.models / "v.safetensors", made.VAE)
    desk.library.rescan()
    part = {"role": "vae", "id": "v.safetensors", "path": "/m/v.safetensors"}
    picture = made_with(desk.journal, 1, components=[part])
    made_with(desk.journal, 2)

    assert desk.keeping.used(OWNER, "v.safetensors").newest == (picture,)
