"""The gallery index: pictures by id and by age, each once, over restarts and threads."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.gallery.index import GalleryIndex
from backend.schema.jobs import PictureView


def picture(job: str = "a", index: int = 0, owner: str = "owner", created: float = 1.0):
    return PictureView(
        id=f"{job}-{index}",
        job=job,
        index=index,
        owner=owner,
        path=f"2026-11-24/x-{job}-{index}.png",
        width=128,
        height=64,
        seed=2**32 - 1,
        prompt="a “cat”",
        created=created,
    )


@pytest.fixture
def index(tmp_path):
    opened = GalleryIndex(tmp_path / "data" / "gallery.sqlite3")
    yield opened
    opened.close()


def test_a_picture_comes_back_as_it_went_in(index):
    index.add(picture())

    assert index.get("a-0") == picture()
    assert index.get("a-1") is None


def test_a_picture_added_again_replaces_itself(index):
    index.add(picture().model_copy(update={"saved": False}))
    index.add(picture())

    assert index.newest() == (picture(),)


def test_the_newest_come_first_and_the_rest_by_page(index):
    for number in range(5):
        index.add(picture(index=number, created=float(number)))

    first = index.newest(limit=2)
    second = index.newest(limit=2, before=first[-1].created)

    assert [view.index for view in first + second] == [4, 3, 2, 1]


def test_an_owner_sees_only_theirs(index):
    index.add(picture("a", owner="anna"))
    index.add(picture("b", owner="ben", created=2.0))

    assert [view.id for view in index.newest("anna")] == ["a-0"]
    assert [view.id for view in index.newest(None)] == ["b-0", "a-0"]


def test_a_removed_picture_is_gone(index):
    index.add(picture())
    index.remove("a-0")
    index.remove("never-0")

    assert index.newest() == ()


def test_pictures_outlive_the_program(tmp_path):
    path = tmp_path / "gallery.sqlite3"
    first = GalleryIndex(path)
    first.add(picture())
    first.close()

    second = GalleryIndex(path)

    assert second.newest() == (picture(),)
    second.close()


def test_threads_may_add_and_look_at_once(index):
    def add(number: int) -> int:
        index.add(picture(index=number, created=float(number)))
        return len(index.newest())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))

    assert len(index.newest()) == 40
