"""Pictures on disk of which nobody heard."""

from PIL import Image

from backend.jobs.recovery import pictures_on_disk
from backend.metadata.encoding import encode
from backend.outputs.naming import picture_path
from tests.fixtures.desk import job
from tests.fixtures.requests import resolved


def save(outputs, one, index, *, claims=None):
    content = encode(
        Image.new("RGB", (128, 64)), resolved("a cat"), index if claims is None else claims, 1.0
    )
    path = outputs / picture_path(one.id, index, resolved("a cat"), 1.0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_picture_tells_itself_what_it_is(tmp_path):
    path = save(tmp_path, job(1, owner="anna"), 1)
    save(tmp_path, job(2), 0)

    (found,) = pictures_on_disk(tmp_path, job(1, owner="anna"))

    assert (found.id, found.owner, found.index) == (f"{job(1).id}-1", "anna", 1)
    assert (found.width, found.height, found.seed) == (128, 64, 6)
    assert (found.prompt, found.saved) == ("a cat", True)
    assert tmp_path / found.path == path
    assert found.created == path.stat().st_mtime


def test_what_is_not_that_picture_is_made_anew(tmp_path):
    save(tmp_path, job(1), 0).write_bytes(b"half a pict")
    save(tmp_path, job(1), 1, claims=7)

    assert pictures_on_disk(tmp_path, job(1)) == ()


def test_no_folder_is_no_pictures(tmp_path):
    assert pictures_on_disk(tmp_path / "outputs", job(1)) == ()
