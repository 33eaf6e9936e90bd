"""Names, places, moves, copies and the bin of model files."""

import errno
import os
from pathlib import Path

import pytest

from backend.library import moving
from backend.library.bin import Bin
from backend.library.copies import copies
from backend.library.marks import MarkBook
from backend.library.moving import belongings, relocate
from backend.library.places_of_models import checked_name, folder_below, right_folder
from backend.schema.errors import OutOfRangeError, OutputError, RequestError
from backend.schema.keeping import Mark
from backend.schema.library import Hashes
from backend.schema.models import ModelKind
from tests.fixtures import model_files as made
from tests.fixtures import model_folders


def nobody():
    """Nobody has a file open."""


class HeldError(OSError):
    """What Windows says of a file that somebody has open: a sharing violation."""

    winerror = 32


def no_bin(path):
    raise OSError(errno.ENOTSUP, "There is no bin")


@pytest.fixture
def described(models):
    """A LoRA with everything that programs write beside one, and a stranger."""
    folder = models / "loras"
    made.write_safetensors(folder / "a.safetensors", made.kohya_lora())
    endings = (".civitai.info", ".json", ".preview.png", ".metadata.json", ".cm-info.json", ".txt")
    for ending in endings:
        (folder / f"a{ending}").write_text(ending)
    (folder / "ab.json").write_text("of another model")
    return folder / "a.safetensors"


def names(folder):
    return {each.name for each in folder.iterdir()}


def test_a_model_moves_with_all_that_describes_it_and_nothing_else(described, models):
    new = relocate(belongings(described), models / "loras" / "styles", "b", nobody)

    assert new == models / "loras" / "styles" / "b.safetensors"
    assert names(new.parent) == {
        *("b.safetensors", "b.civitai.info", "b.json", "b.preview.png"),
        *("b.metadata.json", "b.cm-info.json", "b.txt"),
    }
    assert (new.parent / "b.preview.png").read_text() == ".preview.png"
    assert names(described.parent) == {"ab.json", "styles"}


def test_what_describes_two_models_of_one_name_stays_with_both(described, models):
    (models / "loras" / "a.gguf").write_text("another")

    new = relocate(belongings(described), models / "vae", "a", nobody)

    assert new.with_name("a.json").read_text() == ".json"
    assert described.with_name("a.json").read_text() == ".json"
    assert not described.exists()


@pytest.mark.parametrize("taken", ["b.safetensors", "b.json"])
def test_nothing_is_overwritten(described, taken):
    (described.parent / taken).write_text("mine")

    with pytest.raises(RequestError, match="already"):
        relocate(belongings(described), described.parent, "b", nobody)

    assert described.exists()
    assert (described.parent / taken).read_text() == "mine"


@pytest.mark.parametrize("left", ["b.civitai.info", "b.txt"])
def test_a_model_does_not_take_over_what_describes_another(described, left):
    (described.parent / "a.civitai.info").unlink()
    (described.parent / "a.txt").unlink()
    (described.parent / left).touch()

    with pytest.raises(RequestError, match="describes another"):
        relocate(belongings(described), described.parent, "b", nobody)

    assert described.exists()


def test_where_the_last_file_cannot_be_moved_the_first_go_back(described, monkeypatch):
    rename = Path.rename

    def refuse(path, new):
        if path.name == "a.txt":
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, new)

    monkeypatch.setattr(Path, "rename", refuse)
    before = names(described.parent)

    with pytest.raises(OutputError, match="cannot be moved"):
        relocate(belongings(described), described.parent, "b", nobody)

    assert names(described.parent) == before


def test_a_move_to_another_disk_leaves_one_whole_copy(described, models, monkeypatch):
    rename = Path.rename

    def another_disk(path, new):
        if path.parent != Path(new).parent:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(path, new)

    monkeypatch.setattr(Path, "rename", another_disk)
    content = described.read_bytes()

    new = relocate(belongings(described), models / "vae", "a", nobody)

    assert new.read_bytes() == content
    assert names(described.parent) == {"ab.json"}
    assert not [each for each in names(models / "vae") if each.endswith(".part")]


def test_a_file_that_the_engine_has_open_on_windows_is_asked_for(described, monkeypatch):
    rename, asked = Path.rename, []

    def held(path, new):
        if not asked:
            raise HeldError
        return rename(path, new)

    monkeypatch.setattr(Path, "rename", held)
    monkeypatch.setattr(moving, "_PAUSE_SECONDS", 0)

    new = relocate(belongings(described), described.parent, "b", lambda: asked.append("free"))

    assert asked == ["free"]
    assert new.exists()


def test_a_program_that_does_not_let_go_is_told(described, monkeypatch):
    def held(path, new):
        raise HeldError

    monkeypatch.setattr(Path, "rename", held)
    monkeypatch.setattr(moving, "_PAUSE_SECONDS", 0)

    with pytest.raises(OutputError, match=r"has “a\.safetensors” open"):
        relocate(belongings(described), described.parent, "b", nobody)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_relative_link_still_leads_to_its_file(models):
    made.write_safetensors(models / "real.safetensors", made.VAE)
    link = models / "vae" / "v.safetensors"
    link.symlink_to("../real.safetensors")

    new = relocate(belongings(link), models / "vae" / "deep" / "er", "v", nobody)

    assert new.is_symlink()
    assert new.read_bytes() == (models / "real.safetensors").read_bytes()


def test_a_diffusers_folder_is_renamed_as_a_whole(models):
    model_folders.install_folder(models / "checkpoints" / "v1.5")
    (models / "checkpoints" / "v1.5.png").write_text("picture")

    new = relocate(belongings(models / "checkpoints" / "v1.5"), models / "checkpoints", "x", nobody)

    assert (new / "model_index.json").is_file()
    assert names(models / "checkpoints") == {"x", "x.png"}


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        ".hidden",
        "dot.",
        "a/b",
        "a\\b",
        "a:b",
        "a\nb",
        "con",
        "NUL.1",
        "x" * 300,
    ],
)
def test_names_that_some_system_refuses_are_refused(name):
    with pytest.raises(RequestError):
        checked_name(name)


@pytest.mark.parametrize("name", ["Dream (v2) & more", "ünï côdé", "a.b.c", "夢"])
def test_other_names_are_taken(name):
    assert checked_name(f" {name} ") == name


@pytest.mark.parametrize("folder", ["..", "loras/../..", "/etc", "C:/x", "loras/./.."])
def test_a_folder_elsewhere_is_refused(models, folder):
    with pytest.raises(RequestError):
        folder_below(models, folder)


def test_a_folder_too_deep_for_the_system_is_told(described, models):
    folder = folder_below(models, "/".join(["deep" * 40] * 60))

    with pytest.raises(OutputError, match="cannot be moved"):
        relocate(belongings(described), folder, "a", nobody)

    assert described.exists()


def test_a_folder_inside_a_model_is_refused(models):
    model_folders.install_folder(models / "checkpoints" / "sd")

    with pytest.raises(RequestError, match="is a model itself"):
        folder_below(models, "checkpoints/sd/unet")


def test_the_right_folder_is_the_one_that_is_there(tmp_path, models):
    (tmp_path / "webui" / "models" / "Lora").mkdir(parents=True)

    assert right_folder(models, ModelKind.LORA, "Easel") == models / "loras"
    assert right_folder(models, ModelKind.UPSCALER, "Easel") == models / "upscale_models"
    theirs = right_folder(tmp_path / "webui", ModelKind.LORA, "AUTOMATIC1111 or Forge")
    assert theirs == tmp_path / "webui" / "models" / "Lora"
    with pytest.raises(RequestError, match="no folder"):
        right_folder(models, ModelKind.UNKNOWN, "Easel")


def test_the_systems_bin_takes_a_model_and_what_describes_it(described, tmp_path):
    taken = []

    def system(path):
        taken.append(path.name)
        path.unlink()

    about = Bin(tmp_path / "bin", system).put(belongings(described), nobody)

    assert about.id == ""
    assert taken[0] == "a.safetensors"
    assert names(described.parent) == {"ab.json"}
    assert Bin(tmp_path / "bin").all() == ()


def test_without_a_bin_easel_keeps_it_and_gives_it_back(described, tmp_path):
    before, content = names(described.parent), described.read_bytes()
    own = Bin(tmp_path / "bin", no_bin)

    about = own.put(belongings(described), nobody)

    assert names(described.parent) == {"ab.json"}
    assert [each.name for each in own.all()] == ["a.safetensors"]
    assert own.restore(about.id, nobody) == described
    assert names(described.parent) == before
    assert described.read_bytes() == content
    assert own.all() == ()


def test_a_side_car_called_as_the_bins_own_notes_takes_no_place(models, tmp_path):
    model = made.write_safetensors(models / "loras" / "about.safetensors", made.kohya_lora())
    (model.parent / "about.json").write_text('{"activation text": "ink"}')
    before = names(model.parent)
    own = Bin(tmp_path / "bin", no_bin)

    about = own.put(belongings(model), nobody)

    assert own.restore(about.id, nobody) == model
    assert names(model.parent) == before
    assert "ink" in (model.parent / "about.json").read_text()


def test_what_comes_back_overwrites_nothing(described, tmp_path):
    own = Bin(tmp_path / "bin", no_bin)
    about = own.put(belongings(described), nobody)
    described.write_text("new")

    with pytest.raises(RequestError, match="already"):
        own.restore(about.id, nobody)

    assert described.read_text() == "new"
    assert own.all()


def test_an_emptied_bin_is_empty(described, tmp_path):
    own = Bin(tmp_path / "bin", no_bin)
    size = described.stat().st_size
    own.put(belongings(described), nobody)

    assert own.empty() == size
    assert names(tmp_path / "bin") == set()


def hashed(library, **hashes):
    """The library's entries with these hashes, by file name."""
    library.rescan()
    for entry in library.entries():
        if (told := hashes.get(Path(entry.path).stem)) is not None:
            sha256, tensors = told
            yield entry.model_copy(
                update={"hashes": Hashes(sha256=sha256, short=sha256[:10], tensors=tensors)}
            )


def test_copies_are_found_by_their_bytes_and_by_their_numbers(library, models):
    for name, metadata in (("one", None), ("two", None), ("told", {"modelspec.title": "T"})):
        made.write_safetensors(
            models / "loras" / f"{name}.safetensors", made.kohya_lora(), metadata=metadata
        )
    for entry in (library.rescan(), *library.entries())[1:]:
        library.hashes(Path(entry.path))
    library.rescan()

    by_file, by_numbers = sorted(copies(library.entries()), key=lambda each: each.same)

    assert (by_file.same, by_numbers.same) == ("file", "numbers")
    assert by_file.ids == ("loras/one.safetensors", "loras/two.safetensors")
    assert by_file.bytes == (models / "loras" / "one.safetensors").stat().st_size
    assert "loras/told.safetensors" in by_numbers.ids


def test_two_names_of_one_file_are_no_copies(library, models):
    made.write_safetensors(models / "loras" / "one.safetensors", made.kohya_lora())
    (models / "vae" / "one.safetensors").hardlink_to(models / "loras" / "one.safetensors")

    assert copies(hashed(library, one=("a" * 64, "b" * 12))) == ()


def test_marks_are_tidy_and_follow_a_file_that_another_program_renamed(library, models, tmp_path):
    made.write_safetensors(models / "loras" / "one.safetensors", made.kohya_lora())
    book = MarkBook(tmp_path / "marks.json")
    [entry] = hashed(library, one=("a" * 64, ""))

    book.change(entry, [entry], lambda mark: Mark(tags=(" dark  art", "Dark art", "", "ink")))

    (models / "loras" / "one.safetensors").rename(models / "loras" / "two.safetensors")
    [renamed] = hashed(library, two=("a" * 64, ""))
    again = MarkBook(tmp_path / "marks.json")
    assert again.all([renamed]) == {"loras/two.safetensors": Mark(tags=("Dark art", "ink"))}
    again.change(renamed, [renamed], lambda mark: Mark())
    assert again.all([renamed]) == {}


def test_a_copy_does_not_take_the_mark_of_its_original(library, models, tmp_path):
    for name in ("one", "two"):
        made.write_safetensors(models / "loras" / f"{name}.safetensors", made.kohya_lora())
    book = MarkBook(tmp_path / "marks.json")
    one, two = hashed(library, one=("a" * 64, ""), two=("a" * 64, ""))
    book.change(one, [one, two], lambda mark: Mark(favourite=True))

    assert book.all([one, two]) == {one.id: Mark(favourite=True)}


def test_tags_have_their_limits_and_a_damaged_file_is_put_aside(library, models, tmp_path):
    made.write_safetensors(models / "loras" / "one.safetensors", made.kohya_lora())
    (tmp_path / "marks.json").write_text("{half")
    book = MarkBook(tmp_path / "marks.json")
    [entry] = hashed(library, one=("a" * 64, ""))

    for tags in (("x" * 61,), tuple(str(number) for number in range(51))):
        with pytest.raises(OutOfRangeError):
            book.change(entry, [entry], lambda mark, tags=tags: Mark(tags=tags))

    assert book.all([entry]) == {}
    assert (tmp_path / "marks.damaged.json").read_text() == "{half"
