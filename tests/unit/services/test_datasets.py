"""Datasets that are made in Easel: filled from anywhere, changed in place, read as any folder."""

import io
import json
import zipfile

import pytest
from PIL import Image

from backend.dataset.concepts import Concepts
from backend.dataset.report import report
from backend.schema.dataset_views import (
    Chosen,
    ConceptChange,
    DatasetChange,
    FolderSource,
    GallerySource,
    NewDataset,
    TagEdit,
)
from backend.schema.errors import NotAllowedError, NotFoundError, RequestError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER, Actor, Role
from tests.fixtures.photos import photo, photo_bytes
from tests.fixtures.studio import MemoryStudio

GUEST = Actor(id="anna", role=Role.GUEST)


@pytest.fixture
def studio(tmp_path):
    return MemoryStudio(tmp_path / "easel")


@pytest.fixture
def datasets(studio):
    return studio.datasets


@pytest.fixture
def cats(datasets):
    """The id of a dataset of three pictures."""
    made = datasets.create(OWNER, NewDataset(name="My Cats!"))
    for number in range(3):
        datasets.add(OWNER, made.id, io.BytesIO(photo_bytes(number)), f"{number}.png")
    captions = {f"{number}.png": f"cat, number {number}, black cat" for number in range(3)}
    datasets.write(OWNER, made.id, captions)
    return made.id


@pytest.fixture
def source(tmp_path):
    """A person's own folder: a concept of kohya's, captions in several forms, one broken file."""
    folder = tmp_path / "own"
    (folder / "10_zkw7 dog").mkdir(parents=True)
    photo(10).save(folder / "10_zkw7 dog" / "a.png")
    (folder / "10_zkw7 dog" / "a.caption").write_bytes("a café".encode("cp1252"))
    photo(11).save(folder / "b.jpg", quality=95)
    (folder / "metadata.jsonl").write_text(json.dumps({"file_name": "b.jpg", "text": "listed"}))
    (folder / "alone.txt").write_text("nobody")
    (folder / "c.png").write_bytes(photo_bytes(12)[:20])
    return folder


def captions(datasets, dataset):
    return {each.path: each.caption for each in datasets.view(OWNER, dataset).pictures}


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return io.BytesIO(buffer.getvalue())


def test_a_dataset_is_an_ordinary_folder_that_training_reads(datasets, cats):
    view = datasets.change(OWNER, cats, DatasetChange(trigger="zkw7"))

    told = report(datasets._home / cats, "zkw7")
    assert (view.id, view.name, view.trigger) == ("my-cats", "My Cats!", "zkw7")
    assert view.folder == str(datasets._home / cats)
    assert {item.path: item.caption for item in told.items} == captions(datasets, cats)
    assert view.tags == {"cat": 3, "black cat": 3, "number 0": 1, "number 1": 1, "number 2": 1}


def test_what_is_no_picture_or_there_already_is_refused(datasets, cats):
    with pytest.raises(RequestError, match="there already"):
        datasets.add(OWNER, cats, io.BytesIO(photo_bytes(1)), "another name.png")
    with pytest.raises(RequestError, match="no whole picture"):
        datasets.add(OWNER, cats, io.BytesIO(b"hello"), "words.png")

    assert sorted(captions(datasets, cats)) == ["0.png", "1.png", "2.png"]
    assert not list((datasets._home / cats).glob(".*"))


def test_names_are_such_as_every_system_takes(datasets, cats):
    names = ["../../2.png", "con.png", "a:b?.png", "2.jpeg", "…", "x" * 300 + ".webp"]
    added = [
        datasets.add(OWNER, cats, io.BytesIO(photo_bytes(20 + place)), name).path
        for place, name in enumerate(names)
    ]

    assert added[:5] == ["2-2.png", "_con.png", "a_b_.png", "2-3.jpeg", "….png"]
    assert len(added[5]) < 100


def test_a_folder_comes_with_its_captions_and_concepts_and_stays_as_it_was(datasets, cats, source):
    before = {each: each.stat().st_mtime_ns for each in source.rglob("*")}

    taken = datasets.add_folder(OWNER, cats, FolderSource(path=str(source)))

    view = datasets.view(OWNER, cats)
    assert taken.added == 2
    assert taken.left_out == (
        "1 caption is not in UTF-8: letters may be wrong. (10_zkw7 dog/a.png)",
        "1 caption file has no picture of the same name. (alone.txt)",
        "c.png cannot be read.",
    )
    assert captions(datasets, cats)["10_zkw7 dog/a.png"] == "a café"
    assert captions(datasets, cats)["b.jpg"] == "listed"
    assert [(each.name, each.repeats, each.pictures) for each in view.concepts] == [
        ("", 1, 4),
        ("zkw7 dog", 10, 1),
    ]
    datasets.write(OWNER, cats, {"b.jpg": "changed"})
    datasets.remove(OWNER, cats, ["b.jpg", "10_zkw7 dog/a.png"])
    assert {each: each.stat().st_mtime_ns for each in source.rglob("*")} == before
    assert "listed" in (source / "metadata.jsonl").read_text()


def test_a_zip_of_a_folder_is_taken_whatever_its_names_are(datasets, cats, tmp_path):
    content = zipped(
        {
            "Cats/a.png": photo_bytes(30),
            "Cats/a.txt": "from the zip",
            "Cats/3_dog/a.png": photo_bytes(31),
            "Cats/../../../../evil.png": photo_bytes(32),
            "Cats/readme.pdf": b"words",
            "__MACOSX/Cats/._a.png": b"fork",
            "Cats/.DS_Store": b"finder",
        }
    )

    taken = datasets.add_zip(OWNER, cats, content)

    there = captions(datasets, cats)
    assert (taken.added, taken.left_out) == (3, ("readme.pdf is no picture.",))
    assert there["a.png"] == "from the zip"
    assert there["3_dog/a.png"] == ""
    assert "evil.png" in there
    assert not list(tmp_path.glob("evil*"))
    assert [each.name for each in datasets._home.iterdir()] == [cats]


def test_a_zip_that_is_none_or_never_ends_is_refused(datasets, cats, monkeypatch):
    monkeypatch.setattr("backend.dataset.unpacking.MOST_BYTES", 10_000)

    with pytest.raises(RequestError, match="no whole zip"):
        datasets.add_zip(OWNER, cats, io.BytesIO(b"PK no"))
    with pytest.raises(RequestError, match="more than a dataset"):
        datasets.add_zip(OWNER, cats, zipped({"bomb.png": bytes(10**7)}))

    assert len(captions(datasets, cats)) == 3
    assert [each.name for each in datasets._home.iterdir()] == [cats]


def test_pictures_of_the_gallery_come_with_their_prompts(studio, datasets, cats):
    request = GenerationRequest.from_fields({"prompt.positive": "a red cat <lora:cute:0.8>"})
    studio.submit(OWNER, request)
    picture = next(iter(studio.pictures))

    taken = datasets.add_pictures(OWNER, cats, GallerySource(pictures=(picture, "nobody-0")))

    assert taken.added == 1
    assert taken.left_out == ("There is no such picture.",)
    assert "a red cat" in captions(datasets, cats).values()


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (TagEdit(do="add", tags="Cat, indoors"), "cat, number 1, black cat, indoors"),
        (TagEdit(do="front", tags="black cat"), "black cat, cat, number 1"),
        (TagEdit(do="replace", tags="cat", becomes="dog"), "dog, number 1, black cat"),
        (TagEdit(do="replace", tags="number", becomes="no."), "cat, no. 1, black cat"),
        (TagEdit(do="remove", tags="cat, number 1"), "black cat"),
        (TagEdit(do="remove", tags="black cat", paths=("0.png",)), "cat, number 1, black cat"),
    ],
)
def test_many_captions_are_changed_alike(datasets, cats, edit, expected):
    view = datasets.edit(OWNER, cats, edit)

    assert view.pictures[1].caption == expected
    assert (datasets._home / cats / "1.txt").read_text() == expected


def test_what_is_removed_can_be_brought_back(datasets, cats):
    removed = datasets.remove(OWNER, cats, ["1.png"])
    datasets.add(OWNER, cats, io.BytesIO(photo_bytes(40)), "1.png")

    view = datasets.restore(OWNER, cats, removed.token)

    assert [each.path for each in view.pictures] == ["0.png", "1-2.png", "1.png", "2.png"]
    assert view.pictures[1].caption == "cat, number 1, black cat"
    with pytest.raises(NotFoundError):
        datasets.restore(OWNER, cats, removed.token)


def test_a_whole_dataset_can_be_brought_back(datasets, cats):
    before = datasets.view(OWNER, cats)

    removed = datasets.delete(OWNER, cats)

    assert datasets.all(OWNER) == ()
    assert removed.pictures == 3
    assert datasets.restore(OWNER, cats, removed.token) == before


def test_concepts_have_a_trigger_and_count_as_often_as_they_are_told(datasets, cats):
    wanted = ConceptChange(name="black cats", trigger="qvx2", repeats=5)
    datasets.put_concept(OWNER, cats, wanted)
    view = datasets.move(OWNER, cats, Chosen(paths=("1.png",), concept="5_black cats"))

    [_, concept] = view.concepts
    assert (concept.name, concept.trigger, concept.repeats) == ("black cats", "qvx2", 5)
    told = report(datasets._home / cats)
    [item] = [each for each in told.items if each.concept == "black cats"]
    assert Concepts.read("zkw7", "5_black cats=qvx2").of(item) == "qvx2"
    assert (item.repeats, item.caption) == (5, "cat, number 1, black cat")

    changed = ConceptChange(folder="5_black cats", name="dark cats", trigger="qvx2", repeats=2)
    view = datasets.put_concept(OWNER, cats, changed)
    assert view.concepts[1].folder == "2_dark cats"
    assert view.concepts[1].pictures == 1
    with pytest.raises(RequestError, match="already"):
        datasets.put_concept(OWNER, cats, ConceptChange(name="Dark cats"))

    view = datasets.drop_concept(OWNER, cats, "2_dark cats")
    assert len(view.concepts) == 1
    assert len(view.pictures) == 3


def test_checks_say_what_is_wrong_but_not_what_training_does_itself(datasets, cats):
    datasets.change(OWNER, cats, DatasetChange(trigger="zkw7"))

    found = {each.code for each in datasets.check(OWNER, cats, 128).findings}

    assert found == {"few pictures", "too small"}


@pytest.mark.parametrize("path", ["../../1.png", "/etc/1.png", "dataset.json", "9.png", "a\0.png"])
def test_no_path_leaves_the_dataset(datasets, cats, path):
    (datasets._home.parent / "1.png").write_bytes(photo_bytes(1))

    with pytest.raises(NotFoundError):
        datasets.file(OWNER, cats, path)


def test_guests_have_none(datasets, cats):
    with pytest.raises(NotAllowedError):
        datasets.view(GUEST, cats)
    with pytest.raises(NotAllowedError):
        datasets.add_folder(GUEST, cats, FolderSource(path="/"))
    with pytest.raises(NotFoundError):
        datasets.view(OWNER, f"../datasets/{cats}")


def test_a_picture_that_a_camera_turned_stands_upright(datasets, cats):
    turned = Image.Exif()
    turned[0x0112] = 6
    content = io.BytesIO()
    photo(50, 120, 60).save(content, "JPEG", exif=turned)

    added = datasets.add(OWNER, cats, io.BytesIO(content.getvalue()), "turned.jpg")

    assert (added.width, added.height) == (60, 120)
    with Image.open(datasets.thumbnail(OWNER, cats, "turned.jpg")) as small:
        assert small.size == (60, 120)


def test_a_link_is_taken_as_what_it_leads_to(datasets, cats, tmp_path):
    folder = tmp_path / "links"
    folder.mkdir()
    photo(60).save(tmp_path / "far.png")
    (folder / "near.png").symlink_to("../far.png")

    datasets.add_folder(OWNER, cats, FolderSource(path=str(folder)))

    taken = datasets.file(OWNER, cats, "near.png")
    assert not taken.is_symlink()
    assert taken.read_bytes() == (tmp_path / "far.png").read_bytes()


def test_a_folder_whose_name_no_setting_could_say_gets_another(datasets, cats, tmp_path):
    folder = tmp_path / "own" / "4_red, blue=both"
    folder.mkdir(parents=True)
    photo(70).save(folder / "a.png")

    datasets.add_folder(OWNER, cats, FolderSource(path=str(folder.parent)))

    concept = datasets.view(OWNER, cats).concepts[1]
    assert (concept.folder, concept.repeats) == ("4_red blue both", 4)
