"""What a person notes about models."""

import pytest

from backend.library.notes import NoteBook
from backend.schema.errors import OutOfRangeError
from backend.schema.library import LONGEST_NOTE


@pytest.fixture
def book(tmp_path):
    return NoteBook(tmp_path / "notes.json")


def test_a_note_is_kept_until_it_is_changed_or_emptied(book, tmp_path):
    book.put("a.safetensors", "Good with 30 steps.")
    book.put("b.safetensors", "Too dark.")
    again = NoteBook(tmp_path / "notes.json")
    assert again.get("a.safetensors") == "Good with 30 steps."

    again.put("a.safetensors", " ")

    assert (book.get("a.safetensors"), book.get("b.safetensors")) == ("", "Too dark.")


def test_a_note_that_is_too_long_is_refused_and_the_old_one_stays(book):
    book.put("a", "short")

    with pytest.raises(OutOfRangeError, match="10,001 characters"):
        book.put("a", "x" * (LONGEST_NOTE + 1))

    assert book.get("a") == "short"


def test_a_damaged_file_is_put_aside(book, tmp_path):
    (tmp_path / "notes.json").write_text("{half")

    assert book.get("a") == ""
    book.put("a", "new")

    assert book.get("a") == "new"
    assert (tmp_path / "notes.damaged.json").read_text() == "{half"
