"""Pictures of other programs: found however folders are linked, and kept in an index apart."""

import os

import pytest

from backend.gallery.brought import BroughtPicture, BroughtPictures
from backend.gallery.picture_files import picture_files
from tests.fixtures.installations import written


@pytest.fixture
def index(tmp_path):
    opened = BroughtPictures(tmp_path / "data" / "brought.sqlite3")
    yield opened
    opened.close()


def row(name, created=1.0):
    path = f"/out/{name}.png"
    return BroughtPicture(name, path, 5, 7, width=8, height=4, seed=3, prompt="x", created=created)


def found(*folders):
    return sorted(file.path.rpartition("/")[2] for file in picture_files(folders))


def test_pictures_are_found_below_all_folders_once(tmp_path):
    for name in ("a.png", "deep/er/b.JPG", "c.webp", "d.jpeg", "no.gif", "log.html", ".hidden.png"):
        written(tmp_path / "out" / name, "")
    written(tmp_path / "out" / "thumbnails" / "a.webp", "")
    written(tmp_path / "out" / ".git" / "x.png", "")
    written(tmp_path / "elsewhere" / "linked.png", "")
    (tmp_path / "out" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "out" / "deep" / "circle").symlink_to(tmp_path / "out")
    (tmp_path / "out" / "gone.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "out" / "folder.png").mkdir()

    there = found(tmp_path / "out", tmp_path / "elsewhere", tmp_path / "absent")

    assert there == ["a.png", "b.JPG", "c.webp", "d.jpeg", "linked.png"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_that_is_no_text_is_passed_over(tmp_path):
    (tmp_path / "a.png").touch()
    os.close(os.open(os.fsencode(tmp_path) + b"/\xff.png", os.O_CREAT))

    assert found(tmp_path) == ["a.png"]


def test_a_picture_comes_back_as_the_gallery_shows_it(index):
    index.add("/webui", [row("a"), row("b", created=2.0)])

    assert [view.id for view in index.newest(10)] == ["b", "a"]
    assert [view.id for view in index.newest(10, before=2.0)] == ["a"]
    view = index.get("a")
    assert (view.path, view.width, view.seed, view.brought) == ("/out/a.png", 8, 3, True)
    assert index.known("/webui") == {"a": "/out/a.png", "b": "/out/b.png"}
    assert index.known("/other") == {}


def test_a_hidden_picture_stays_hidden_when_it_is_added_again(index):
    index.add("/webui", [row("a")])
    index.hide("a")
    index.add("/webui", [row("a")])

    assert (index.get("a"), index.newest(10)) == (None, ())
    assert "a" in index.known("/webui")
    index.remove(["a"])
    index.add("/webui", [row("a")])
    assert len(index.newest(10)) == 1


def test_nothing_is_written_where_nothing_was_put_in(index, tmp_path):
    assert (index.newest(10), index.get("a"), index.known("/webui")) == ((), None, {})
    assert not (tmp_path / "data").exists()


def test_a_damaged_index_is_begun_anew(tmp_path):
    path = tmp_path / "brought.sqlite3"
    path.write_bytes(b"no database at all")
    index = BroughtPictures(path)

    assert index.newest(10) == ()
    index.add("/webui", [row("a")])
    assert len(index.newest(10)) == 1
    index.close()


def test_an_index_of_a_newer_version_hides_nothing_else(index, tmp_path, caplog):
    index.add("/webui", [row("a")])
    index._database.execute("PRAGMA user_version = 99")
    index.close()

    assert index.newest(10) == ()
    assert "brought.unreadable" in caplog.text
