"""The shelf: pictures are found wherever they are, and a full disk loses none."""

import sqlite3

import pytest
from PIL import Image

from backend.metadata.encoding import encode
from backend.schema.errors import OutputError
from backend.schema.output_settings import OutputSettings
from backend.services.shelf import Shelf
from tests.fixtures.desk import picture
from tests.fixtures.requests import resolved

HELD = picture(1, 0, saved=False)


@pytest.fixture
def shelf(tmp_path):
    opened = Shelf(tmp_path / "data" / "gallery.sqlite3", tmp_path / "outputs")
    yield opened
    opened.close()


def fill_the_disk(shelf):
    """SQLite itself says “database or disk is full” from now on."""
    database = shelf._index._database
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")


def make_room(shelf):
    shelf._index._database.execute("PRAGMA max_page_count = 1000000")


def test_a_picture_is_found_by_id_and_age(shelf):
    shelf.add(picture(1, 0))
    shelf.add(picture(1, 1, owner="anna"))

    assert shelf.get(picture(1, 0).id) == picture(1, 0)
    assert shelf.get("nothing") is None
    assert [one.index for one in shelf.newest(None, 10)] == [1, 0]
    assert [one.index for one in shelf.newest("anna", 10)] == [1]
    assert not shelf.has_loose_ends(picture(1).job)


def test_a_held_picture_is_found_like_any_other(shelf):
    shelf.add(picture(1, 1))
    shelf.keep(HELD, b"PNG")

    assert shelf.get(HELD.id) == HELD
    assert shelf.png(HELD.id) == b"PNG"
    assert [one.index for one in shelf.newest(None, 10)] == [1, 0]
    assert [one.index for one in shelf.newest(None, 10, before=101.0)] == [0]
    assert shelf.newest("anna", 10) == ()
    assert shelf.has_loose_ends(HELD.job)
    assert not shelf.has_loose_ends("another")


def test_a_held_picture_goes_to_its_place_once_there_is_room(shelf, tmp_path):
    (tmp_path / "outputs").write_text("in the way")
    shelf.keep(HELD, b"PNG")
    with pytest.raises(OutputError, match="cannot be saved"):
        shelf.save(HELD.id)
    assert shelf.unsaved() == (HELD,)
    (tmp_path / "outputs").unlink()

    saved = shelf.save(HELD.id)

    assert saved == picture(1, 0)
    assert (tmp_path / "outputs" / HELD.path).read_bytes() == b"PNG"
    assert shelf.unsaved() == ()
    assert shelf.png(HELD.id) is None
    assert shelf.get(HELD.id) == saved
    assert shelf.save(HELD.id) is None


def test_entries_that_the_index_cannot_take_wait(shelf, tmp_path):
    fill_the_disk(shelf)
    long = [picture(1, index, prompt="x" * 50_000) for index in range(3)]
    for one in long:
        shelf.add(one)

    assert "disk is full" in shelf.trouble
    assert shelf.has_loose_ends(long[0].job)
    assert shelf.get(long[1].id) == long[1]
    assert [one.index for one in shelf.newest(None, 2)] == [2, 1]
    make_room(shelf)
    shelf.retry()
    assert shelf.trouble == ""
    assert not shelf.has_loose_ends(long[0].job)
    again = Shelf(tmp_path / "data" / "gallery.sqlite3", tmp_path / "outputs")
    assert [one.index for one in again.newest(None, 9)] == [2, 1, 0]
    again.close()


def test_an_index_that_cannot_be_opened_yet_costs_nothing(tmp_path):
    (tmp_path / "data").write_text("in the way")
    shelf = Shelf(tmp_path / "data" / "gallery.sqlite3", tmp_path / "outputs")
    shelf.add(picture(1, 0))
    shelf.add(picture(1, 1))
    assert shelf.trouble
    assert [one.index for one in shelf.newest(None, 9)] == [1, 0]
    assert shelf.get("nothing") is None
    with pytest.raises(OutputError, match="index cannot be written"):
        shelf.remove(picture(1, 0).id)

    (tmp_path / "data").unlink()
    shelf.remove(picture(1, 1).id)
    shelf.retry()

    assert shelf.trouble == ""
    assert [one.index for one in shelf.newest(None, 9)] == [0]
    shelf.close()


def test_an_index_that_was_never_opened_closes_quietly(tmp_path):
    (tmp_path / "data").write_text("in the way")
    shelf = Shelf(tmp_path / "data" / "gallery.sqlite3", tmp_path / "outputs")

    shelf.close()

    assert shelf.newest(None, 9) == ()


def test_a_lost_index_is_made_again_from_what_is_known(tmp_path):
    path = tmp_path / "gallery.sqlite3"
    known = [picture(1, 0), picture(1, 1)]
    first = Shelf(path, tmp_path, known)
    first.remove(picture(1, 1).id)
    first.close()

    same = Shelf(path, tmp_path, known)
    assert [one.index for one in same.newest(None, 9)] == [0]
    same.close()
    path.write_bytes(b"rubbish" * 1000)
    damaged = Shelf(path, tmp_path, known)

    assert [one.index for one in damaged.newest(None, 9)] == [1, 0]
    damaged.close()


def test_a_removed_picture_is_gone_from_everywhere(shelf):
    shelf.add(picture(1, 1))
    shelf.keep(HELD, b"PNG")

    shelf.remove(picture(1, 1).id)
    shelf.remove(HELD.id)

    assert shelf.newest(None, 9) == ()
    assert shelf.unsaved() == ()


def test_a_damaged_page_is_trouble_not_an_end(shelf, monkeypatch):
    def refuse(one):
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(shelf._index, "add", refuse)
    shelf.add(picture(1, 0))

    assert "malformed" in shelf.trouble
    assert shelf.get(picture(1, 0).id) == picture(1, 0)


def test_a_held_picture_brings_its_side_car(shelf, tmp_path):
    output = OutputSettings(format="jpeg", sidecar="json")
    request = resolved().model_copy(update={"output": output})
    held = HELD.model_copy(update={"path": "a.jpg"})
    shelf.keep(held, encode(Image.new("RGB", (8, 8)), request, 0, 1.0))

    shelf.save(held.id)

    assert sorted(each.name for each in (tmp_path / "outputs").iterdir()) == [
        "a.jpg", "a_metadata.json",
    ]  # fmt: skip
