"""Looking through folders: what is read, what is remembered, what may go wrong meanwhile."""

import os
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from backend.library import reading, remembering, walking
from tests.fixtures import model_files as made
from tests.fixtures.model_folders import install_folder


@pytest.fixture
def reads(monkeypatch):
    """The names of the files whose headers were read."""
    names = []
    read = reading.read_facts

    def note(found):
        names.append(found.id)
        return read(found)

    monkeypatch.setattr(remembering, "read_facts", note)
    return names


def checkpoint(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return made.write_safetensors(path, made.sd15_checkpoint())


def test_a_file_is_read_once_also_by_the_next_program(library, opened, models, reads):
    checkpoint(models / "a.safetensors")
    library.rescan()
    library.rescan()
    again = opened()

    assert [info.name for info in again.checkpoints()] == ["a"]
    assert reads == ["a.safetensors"]


def test_what_changed_is_told_and_read_again(library, models, reads):
    path = checkpoint(models / "a.safetensors")
    checkpoint(models / "b.safetensors")
    first = library.rescan()
    made.write_safetensors(path, made.VAE)
    (models / "b.safetensors").rename(models / "c.safetensors")

    second = library.rescan()

    assert first.sentence == "2 new; 2 models in all."
    assert (second.new, second.gone, second.changed) == (
        ("c.safetensors",),
        ("b.safetensors",),
        ("a.safetensors",),
    )
    assert library.entry("a.safetensors").model.kind == "vae"
    assert library.rescan().sentence == "Nothing new; 2 models in all."


def test_a_file_that_vanishes_between_listing_and_reading_is_a_problem_not_an_error(
    library, models, monkeypatch
):
    path = checkpoint(models / "a.safetensors")
    read = reading.read_facts

    def vanish(found):
        path.unlink()
        return read(found)

    monkeypatch.setattr(remembering, "read_facts", vanish)

    assert library.rescan().broken == 1
    assert library.rescan().found == 0


def test_links_in_circles_hidden_folders_and_dead_links_are_passed_over(library, models):
    checkpoint(models / "deep" / "a.safetensors")
    checkpoint(models / ".cache" / "hidden.safetensors")
    checkpoint(models / ".hidden.safetensors")
    (models / "deep" / "circle").symlink_to(models)
    (models / "deep" / "itself").symlink_to(models / "deep")
    (models / "dead.safetensors").symlink_to(models / "nothing")
    (models / "folder.safetensors").mkdir()

    assert [entry.id for entry in library.entries()] == ["deep/a.safetensors"]


def test_a_linked_folder_of_models_is_followed(library, models, tmp_path):
    checkpoint(tmp_path / "drive" / "a.safetensors")
    (models / "linked").symlink_to(tmp_path / "drive")

    assert [entry.id for entry in library.entries()] == ["linked/a.safetensors"]


@pytest.mark.parametrize(
    "name", ["it's “so”", "🦊 fox", "two\nlines", "a:b", "x" * 200, "-rf", "%2e%2e", "'; DROP--"]
)
def test_any_name_is_listed_found_and_remembered(library, opened, models, name):
    checkpoint(models / f"{name}.safetensors")
    library.rescan()
    again = opened()

    assert again.find(name).id == f"{name}.safetensors"
    assert again.entry(f"{name}.safetensors").model_dump_json()


def test_a_name_that_is_no_text_is_passed_over(library, models):
    path = os.fsencode(models) + b"/\xff\xfe.safetensors"
    try:
        checkpoint(models / "good.safetensors").rename(os.fsdecode(path))
    except OSError:
        pytest.skip("this file system stores only text")

    assert library.entries() == ()


def test_a_folder_that_cannot_be_read_hides_only_itself(library, models, monkeypatch):
    checkpoint(models / "a.safetensors")
    checkpoint(models / "locked" / "b.safetensors")
    assert library.rescan().found == 2
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(walking.os, "scandir", refuse)
    assert library.rescan().found == 1
    monkeypatch.setattr(walking.os, "scandir", scandir)

    assert library.rescan().new == ()  # it was not forgotten


@pytest.mark.parametrize("damage", [b"no database", b""])
def test_a_damaged_index_is_made_anew(library, opened, places, models, damage):
    checkpoint(models / "a.safetensors")
    library.rescan()
    library.close()
    for file in places.data.glob("library.sqlite3*"):
        file.unlink()
    (places.data / "library.sqlite3").write_bytes(damage)

    again = opened()

    assert [entry.id for entry in again.entries()] == ["a.safetensors"]


def test_without_a_folder_for_the_index_all_works_but_is_forgotten(library, places, models):
    path = checkpoint(models / "a.safetensors")
    places.data.write_text("a file where the folder should be")

    assert library.find("a").path == str(path)
    assert len(library.hashes(path).sha256) == 64


def test_what_older_code_read_is_read_again(library, opened, places, models, reads):
    checkpoint(models / "a.safetensors")
    library.rescan()
    library.close()
    with closing(sqlite3.connect(places.data / "library.sqlite3")) as database, database:
        database.execute("UPDATE reader SET digest = 'older'")

    opened().entries()

    assert reads == ["a.safetensors"] * 2


def test_two_rescans_at_once_agree(library, models):
    for number in range(30):
        checkpoint(models / f"{number}.safetensors")
    results = []
    threads = [threading.Thread(target=lambda: results.append(library.rescan())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(len(result.new) for result in results) == [0, 0, 0, 30]
    assert {result.found for result in results} == {30}


def test_models_in_a_folder_of_theirs_are_one_model(library, models):
    install_folder(models / "checkpoints" / "photos")
    install_folder(models / ".cache" / "hidden")

    [entry] = library.entries()

    assert (entry.id, entry.model.format) == ("checkpoints/photos", "folder")
    assert entry.problem is None


def test_a_piece_of_a_model_is_named(library, models):
    made.write_safetensors(models / "model-00001-of-00002.safetensors", made.T5)

    assert "one piece of a model" in library.entries()[0].problem.sentence


@pytest.mark.parametrize("files", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_thousands_of_files_are_listed_at_once_after_the_first_scan(library, opened, models, files):
    """10,000 in under a second of a processor that nobody else uses; here others do."""
    for number in range(files):
        folder = models / "loras" / str(number % 20)
        folder.mkdir(exist_ok=True)
        made.write_safetensors(folder / f"{number}.safetensors", {"a.lora_down.weight": (4, 768)})
    library.rescan()
    library.close()

    began = time.process_time()
    again = opened()
    count = len(again.entries())
    again.checkpoints()
    seconds = time.process_time() - began

    assert count == files
    assert seconds < files / 10_000 * 3
