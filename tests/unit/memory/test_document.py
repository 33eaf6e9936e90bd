"""The document's tables are those of the code."""

from backend.memory.document import PATH, written


def test_the_tables_in_the_document_are_current():
    document = PATH.read_text(encoding="utf-8")

    assert document.count("| **SDXL**, 1024² |") == 1
    assert written(document) == document, "run `python -m backend.memory.document`"
