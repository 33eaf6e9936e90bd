"""Bringing an installation: one report, pictures in the gallery, and nothing of theirs changes."""

import json
import os
import threading
from dataclasses import replace
from pathlib import PurePath

import pytest
from PIL import Image

from backend.jobs import host_jobs
from backend.places import default_places
from backend.schema.bringing import MOST_UNCLEAR, Brought, Counted
from backend.schema.errors import NotAllowedError, NotFoundError, RequestError
from backend.schema.jobs import OWNER, Actor, JobState, PictureRemoved, Role
from backend.schema.models import ModelKind
from backend.services import bringing_pictures
from backend.services.studio import open_studio
from tests.fixtures import foreign_pictures
from tests.fixtures import installations as layouts
from tests.fixtures.installations import lora, picture, written
from tests.fixtures.program import wait_until
from tests.fixtures.script import Script

ANNA = Actor(id="anna", role=Role.GUEST)
LAYOUTS = {
    "AUTOMATIC1111 or Forge": (layouts.forge, {"checkpoint": 1, "lora": 1, "embedding": 1}),
    "SD.Next": (layouts.sdnext, {"lora": 1}),
    "ComfyUI": (layouts.comfyui, {"checkpoint": 1}),
    "Fooocus": (layouts.fooocus, {"checkpoint": 1}),
    "InvokeAI": (layouts.invokeai, {}),
}
TOLD = {
    "AUTOMATIC1111 or Forge": (2, 2, 2),
    "SD.Next": (1, 1, 1),
    "ComfyUI": (0, 1, 1),
    "Fooocus": (1, 1, 1),
    "InvokeAI": (1, 1, 1),
}
"""Styles, wildcards and pictures of each layout."""


@pytest.fixture
def places(tmp_path):
    root = default_places()
    data, outputs, models = (tmp_path / name for name in ("data", "outputs", "models"))
    return replace(root, root=tmp_path, data=data, outputs=outputs, models=models)


@pytest.fixture
def studio(places):
    with open_studio(places, launch=Script(places), warm=False) as opened:
        yield opened


def looked_at(studio, found):
    """The job of a bring, at its end."""

    def view():
        return studio.jobs.view(OWNER, found.job)

    wait_until(lambda: view().state.ended, view, seconds=20)
    return view()


def brought(studio, folder):
    found = studio.bringing.bring(OWNER, str(folder))
    if found.job:
        assert looked_at(studio, found).state is JobState.FINISHED
    return found


def files_in(folder):
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def names(studio):
    return [os.path.basename(view.path) for view in studio.gallery.newest(OWNER)]  # noqa: PTH119


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_report_tells_all_that_is_in_it_and_nothing_changes(studio, tmp_path, name):
    layout, kinds = LAYOUTS[name]
    folder = layout(tmp_path / "program")
    before = files_in(folder)

    found = brought(studio, folder)

    assert (found.program, found.path, found.new) == (name, str(folder), True)
    assert {each.kind.value: each.count for each in found.models} == kinds
    assert (found.styles, found.wildcards, found.pictures) == TOLD[name]
    assert (found.unclear, found.unclear_in_all) == ((), 0)
    assert len(studio.gallery.newest(OWNER)) == found.pictures
    assert len(studio.bringing.styles(OWNER)) == found.styles
    assert len(studio.bringing.wildcards(ANNA)) == found.wildcards
    assert files_in(folder) == before


def test_a_report_in_words():
    counts = ((ModelKind.CHECKPOINT, 2), (ModelKind.LORA, 1), (ModelKind.DIFFUSION_MODEL, 3))
    found = Brought(
        path="/x",
        label="x",
        program="ComfyUI",
        models=tuple(Counted(kind=kind, count=count) for kind, count in counts),
        styles=1,
        pictures=1200,
    )

    assert found.sentence == (
        "ComfyUI: 2 checkpoints, 1 LoRA, 3 diffusion models without text encoders and VAE, "
        "1 style, 1,200 pictures."
    )
    nothing = Brought(path="/x", label="x", program="Fooocus")
    assert nothing.sentence == "Fooocus: nothing that Easel can use."


def test_what_is_not_understood_has_its_file_and_the_reason(studio, tmp_path):
    folder = layouts.forge(tmp_path / "webui")
    written(folder / "models" / "Lora" / "page.safetensors", "<!DOCTYPE html><html>no</html>")
    written(folder / "config.json", "{")
    written(folder / "styles_more.csv", "a,b\n1,2\n")
    written(folder / "scripts" / "wildcards" / "broken.yaml", "a: [")

    found = brought(studio, folder)

    assert [each.file for each in found.unclear] == [
        "config.json",
        "models/Lora/page.safetensors",
        "styles_more.csv",
        "scripts/wildcards/broken.yaml",
    ]
    assert all(each.reason.endswith(".") for each in found.unclear)
    assert found.unclear_in_all == 4


def test_a_long_list_of_them_is_cut_and_counted(studio, tmp_path):
    folder = layouts.forge(tmp_path / "webui")
    for number in range(MOST_UNCLEAR + 5):
        written(folder / f"styles{number}.csv", "a,b\n")

    found = brought(studio, folder)

    assert len(found.unclear) == MOST_UNCLEAR
    assert found.unclear_in_all == MOST_UNCLEAR + 5


def test_bringing_it_again_duplicates_nothing_and_finds_what_is_new(studio, tmp_path):
    folder = layouts.forge(tmp_path / "webui")
    first = brought(studio, folder)
    before = {view.id for view in studio.gallery.newest(OWNER)}
    lora(folder / "models" / "Lora" / "new.safetensors")
    picture(folder / "outputs" / "new.webp", "")

    second = brought(studio, folder)

    assert (first.new, second.new, second.label) == (True, False, first.label)
    assert len(studio.models.folders(OWNER)) == 2
    assert len(studio.bringing.all(OWNER)) == 1
    assert Counted(kind=ModelKind.LORA, count=2) in second.models
    assert before < {view.id for view in studio.gallery.newest(OWNER)}
    assert len(studio.gallery.newest(OWNER)) == 3


def test_the_folder_around_a_portable_installation_will_do(studio, tmp_path):
    comfy = layouts.comfyui(tmp_path / "portable" / "ComfyUI")

    assert brought(studio, tmp_path / "portable").path == str(comfy)


@pytest.mark.parametrize("name", ["nothing", "several", "gone"])
def test_what_is_no_installation_says_which_are_known(studio, tmp_path, name):
    (tmp_path / "nothing" / "inner").mkdir(parents=True)
    layouts.comfyui(tmp_path / "several" / "ComfyUI")
    layouts.fooocus(tmp_path / "several" / "Fooocus")
    words = {
        "nothing": "no installation of ComfyUI, Fooocus, InvokeAI, SD.Next or AUTOMATIC1111",
        "several": "several installations",
        "gone": "There is no folder",
    }

    with pytest.raises(RequestError, match=words[name]) as caught:
        studio.bringing.bring(OWNER, str(tmp_path / name))

    assert caught.value.hint
    assert studio.bringing.all(OWNER) == ()
    assert len(studio.models.folders(OWNER)) == 1


def test_guests_may_not(studio, tmp_path):
    folder = str(layouts.forge(tmp_path / "webui"))
    brought(studio, folder)

    for verb in (studio.bringing.bring, studio.bringing.forget):
        with pytest.raises(NotAllowedError):
            verb(ANNA, folder)
    with pytest.raises(NotAllowedError):
        studio.bringing.all(ANNA)
    assert studio.gallery.newest(ANNA) == ()
    [view] = studio.gallery.newest(OWNER, limit=1)
    with pytest.raises(NotFoundError):
        studio.gallery.picture(ANNA, view.id)


def test_models_of_a_folder_that_was_there_before_stay_when_it_is_forgotten(studio, tmp_path):
    for name, added in (("one", False), ("two", True)):
        folder = layouts.forge(tmp_path / name)
        if not added:
            studio.models.add_folder(OWNER, str(folder))
        brought(studio, folder)
        before = files_in(folder)

        studio.bringing.forget(OWNER, name)

        assert files_in(folder) == before
    assert [each.label for each in studio.models.folders(OWNER)] == ["models", "one"]
    assert {each.id.partition(":")[0] for each in studio.models.library(OWNER)} == {"one"}
    assert studio.bringing.all(OWNER) == ()
    assert studio.bringing.styles(OWNER) == ()
    assert studio.gallery.newest(OWNER) == ()
    for asked in ("two", "", "~nobody-here/x", "a\0b", "half \ud83d"):
        with pytest.raises(NotFoundError, match="no installation in use") as caught:
            studio.bringing.forget(OWNER, asked)
        str(caught.value).encode()


def test_an_installation_in_a_folder_of_models_is_told_what_is_not_used(studio, tmp_path):
    folder = layouts.forge(tmp_path / "all" / "webui")
    studio.models.add_folder(OWNER, str(tmp_path / "all"))

    found = brought(studio, folder)

    assert Counted(kind=ModelKind.LORA, count=1) in found.models
    [unclear] = found.unclear
    assert "looked through as a whole" in unclear.reason
    studio.bringing.forget(OWNER, str(folder))
    assert len(studio.models.folders(OWNER)) == 2


def test_a_disk_that_is_gone_is_told_and_its_pictures_come_back_with_it(studio, tmp_path):
    folder = layouts.forge(tmp_path / "webui")
    brought(studio, folder)
    folder.rename(tmp_path / "unplugged")

    [gone] = studio.bringing.all(OWNER)
    assert "is not there now" in gone.problem
    [view, *_] = studio.gallery.newest(OWNER)
    with pytest.raises(NotFoundError, match="any more"):
        studio.gallery.file(OWNER, view.id)

    (tmp_path / "unplugged").rename(folder)
    assert studio.gallery.file(OWNER, view.id).is_file()


def test_pictures_on_a_disk_that_is_away_are_kept_by_a_look_meanwhile(studio, tmp_path):
    folder, drive = layouts.forge(tmp_path / "webui"), tmp_path / "drive"
    picture(drive / "far.png")
    written(folder / "config.json", json.dumps({"outdir_samples": str(drive)}))
    brought(studio, folder)
    drive.rename(tmp_path / "away")

    found = brought(studio, folder)

    assert [each.file for each in found.unclear] == ["config.json"]
    assert "far.png" in names(studio)


def test_pictures_tell_what_they_are_and_how_they_were_made(studio, tmp_path):
    folder = layouts.forge(tmp_path / "webui")
    brought(studio, folder)

    for view in studio.gallery.newest(OWNER):
        assert (view.width, view.height, view.seed) == (32, 24, 77)
        assert (view.prompt, view.brought) == ("a “red” barn", True)
        request = studio.gallery.request_of(OWNER, view.id)
        assert (request.sampling.steps, request.sampling.cfg_scale) == (20, 6.5)
        assert (request.sampling.sampler, request.sampling.schedule) == ("dpmpp_2m", "karras")
        with Image.open(studio.gallery.thumbnail(OWNER, view.id)) as small:
            assert small.size == (32, 24)


def test_a_picture_that_tells_nothing_says_so(studio, tmp_path):
    folder = layouts.comfyui(tmp_path / "ComfyUI")
    picture(folder / "output" / "json.png", json.dumps({"prompt": "x"}))
    brought(studio, folder)

    for view in studio.gallery.newest(OWNER):
        assert (view.prompt, view.seed) == ("", 0)
        with pytest.raises(NotFoundError, match="does not tell how it was made"):
            studio.gallery.request_of(OWNER, view.id)


def test_a_deleted_picture_stays_on_disk_and_does_not_come_back(studio, tmp_path):
    folder = layouts.forge(tmp_path / "webui")
    brought(studio, folder)
    [view, *others] = studio.gallery.newest(OWNER)
    small = studio.gallery.thumbnail(OWNER, view.id)
    before = files_in(folder)

    with studio.jobs.follow(OWNER) as reader:
        reader.next(1)
        studio.gallery.delete(OWNER, view.id)
        assert reader.next(1) == PictureRemoved(picture=view.id)

    assert files_in(folder) == before
    assert not small.exists()
    brought(studio, folder)
    assert list(studio.gallery.newest(OWNER)) == others


def test_changed_pictures_are_new_ones_and_vanished_ones_go(studio, tmp_path):
    folder = layouts.forge(tmp_path / "webui")
    brought(studio, folder)
    png = next(folder.glob("outputs/**/*.png"))
    ids = {view.path: view.id for view in studio.gallery.newest(OWNER)}
    picture(png, "", (64, 48))
    next(folder.glob("outputs/**/*.jpg")).unlink()

    brought(studio, folder)

    [view] = studio.gallery.newest(OWNER)
    assert (view.path, view.width) == (png.as_posix(), 64)
    assert view.id != ids[view.path]


def test_files_that_are_no_pictures_are_counted(studio, tmp_path):
    folder = layouts.forge(tmp_path / "webui")
    written(folder / "outputs" / "a.png", "<svg onload=alert(1)>")
    Image.new("RGB", (8, 8)).save(folder / "outputs" / "b.jpg", "GIF")

    job = looked_at(studio, studio.bringing.bring(OWNER, str(folder)))

    assert job.outcome == "2 pictures are in the gallery, 2 of them new."
    [warning] = job.warnings
    assert warning.startswith("2 files are no whole pictures")
    assert len(studio.gallery.newest(OWNER)) == 2


def test_pages_miss_no_picture_though_a_copy_gave_all_one_time(studio, tmp_path):
    folder = layouts.comfyui(tmp_path / "ComfyUI")
    for number in range(7):
        picture(folder / "output" / f"{number}.png", "")
    for path in (folder / "output").iterdir():
        os.utime(path, (1_700_000_000, 1_700_000_000))
    brought(studio, folder)

    seen, before = [], None
    while page := studio.gallery.newest(OWNER, 3, before):
        seen += [view.id for view in page]
        before = page[-1].created

    assert len(seen) == len(set(seen)) == 8


def test_a_cancelled_look_keeps_what_it_found_and_goes_on_next_time(studio, tmp_path, monkeypatch):
    folder = layouts.comfyui(tmp_path / "ComfyUI")
    for number in range(5):
        picture(folder / "output" / f"{number}.png", "")
    monkeypatch.setattr(bringing_pictures, "_AT_ONCE", 2)
    half, go_on = threading.Event(), threading.Event()
    read, count = bringing_pictures.read_texts, []

    def slowly(path):
        count.append(path)
        if len(count) == 3:
            half.set()
            go_on.wait(20)
        return read(path)

    monkeypatch.setattr(bringing_pictures, "read_texts", slowly)
    first = studio.bringing.bring(OWNER, str(folder))
    assert half.wait(20)
    assert studio.bringing.bring(OWNER, str(folder)).job == first.job
    studio.jobs.cancel(OWNER, first.job)
    go_on.set()
    assert studio.jobs.view(OWNER, first.job).state is JobState.CANCELLED
    wait_until(lambda: len(names(studio)) == 4, lambda: f"{names(studio)}", seconds=20)

    brought(studio, folder)

    assert len(names(studio)) == 6
    assert len(count) == 6


def test_nothing_comes_in_after_it_was_forgotten(studio, tmp_path, monkeypatch):
    folder = layouts.comfyui(tmp_path / "ComfyUI")
    reading, go_on = threading.Event(), threading.Event()
    read = bringing_pictures.read_texts

    def slowly(path):
        reading.set()
        go_on.wait(20)
        return read(path)

    monkeypatch.setattr(bringing_pictures, "read_texts", slowly)
    job = studio.bringing.bring(OWNER, str(folder)).job
    assert reading.wait(20)
    studio.bringing.forget(OWNER, str(folder))
    go_on.set()
    studio_threads = [one for one in threading.enumerate() if job in one.name]
    for one in studio_threads:
        one.join(20)

    assert studio.gallery.newest(OWNER) == ()


def test_a_restart_goes_on_and_remembers(places, tmp_path, monkeypatch):
    folder = layouts.forge(tmp_path / "webui")
    reading = threading.Event()
    ending = threading.Event()

    def stuck(path):
        reading.set()
        ending.wait(20)
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(bringing_pictures, "read_texts", stuck)
        patch.setattr(host_jobs, "_CLOSE_SECONDS", 0.01)
        with open_studio(places, launch=Script(places), warm=False) as first:
            found = first.bringing.bring(OWNER, str(folder))
            assert reading.wait(20)
        ending.set()

    with open_studio(places, launch=Script(places), warm=False) as second:
        assert looked_at(second, found).state is JobState.FINISHED
        assert len(second.gallery.newest(OWNER)) == 2
        assert [one.program for one in second.bringing.all(OWNER)] == ["AUTOMATIC1111 or Forge"]
        assert {style.name for style in second.bringing.styles(OWNER)} == {"Oil", "Night"}
        cards = {one.name: one.entries for one in second.bringing.wildcards(OWNER)}
        assert cards == {"colours/warm": ("red", "gold"), "animal": ("fox", "owl")}


def test_a_start_finds_what_was_drawn_meanwhile_and_else_begins_nothing(places, tmp_path):
    folder = layouts.comfyui(tmp_path / "ComfyUI")
    written(folder / "output" / "broken.png", "no picture")

    def began(wanted):
        with open_studio(places, launch=Script(places), warm=False) as studio:
            if not wanted:
                wait_until(
                    lambda: not [t for t in threading.enumerate() if t.name.startswith("pictures")],
                    lambda: "it still looks",
                    seconds=20,
                )
            wait_until(
                lambda: len(names(studio)) == wanted or not wanted,
                lambda: f"{names(studio)}",
                seconds=20,
            )
            return len([job for job in studio.jobs.snapshot(OWNER).jobs if job.kind == "bring"])

    with open_studio(places, launch=Script(places), warm=False) as first:
        brought(first, folder)
    assert began(0) == 1
    picture(folder / "output" / "new.png", "")
    assert began(2) == 2
    assert began(0) == 2


def test_an_index_that_cannot_be_written_is_told(studio, places, tmp_path):
    folder = layouts.forge(tmp_path / "webui")
    (places.data / "brought-pictures.sqlite3").mkdir()

    job = looked_at(studio, studio.bringing.bring(OWNER, str(folder)))

    assert job.failure
    assert "cannot be written" in job.failure.sentence
    assert studio.gallery.newest(OWNER) == ()


def test_brought_pictures_of_every_program_have_settings(studio, tmp_path):
    folder = layouts.comfyui(tmp_path / "ComfyUI")
    texts = {
        "comfy": {"prompt": json.dumps(foreign_pictures.comfy_graph())},
        "invoke": {"invokeai_metadata": json.dumps(foreign_pictures.INVOKEAI)},
        "fooocus": {
            "parameters": json.dumps(foreign_pictures.FOOOCUS),
            "fooocus_scheme": "fooocus",
        },
    }
    for name, told in texts.items():
        (folder / "output" / f"{name}.png").write_bytes(foreign_pictures.png(told))

    brought(studio, folder)

    there = {PurePath(view.path).stem: view for view in studio.gallery.newest(OWNER)}
    assert {name: there[name].seed for name in texts} == {"comfy": 5, "invoke": 77, "fooocus": 77}
    assert there["comfy"].prompt.startswith("a red barn")
    steps = {n: studio.gallery.request_of(OWNER, there[n].id).sampling.steps for n in texts}
    assert steps == {"comfy": 20, "invoke": 30, "fooocus": 30}
