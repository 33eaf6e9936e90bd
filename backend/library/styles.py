"""Reading the styles that other programs stored: words around a prompt, under a name.

Sources: `modules/styles.py` of AUTOMATIC1111's web UI (CSV, with a column `text` in old files) and
of SD.Next (JSON, with `negative`), `modules/sdxl_styles.py` of Fooocus (JSON, with
`negative_prompt`), the table `style_presets` of InvokeAI.
"""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

from backend.library.foreign_texts import Note, json_of, text_of
from backend.library.installations.invokeai_database import DatabaseUnreadableError, rows
from backend.metadata.loose import Object, as_object, objects, text_in
from backend.schema.bringing import Style


def read_styles(file: Path, source: str, note: Note) -> Iterator[Style]:
    """The styles of a file, in its order; what is not understood of it is noted.

    Args:
        file: A CSV or JSON file, or a database of InvokeAI.
        source: What to tell as the place that they are from.
        note: Takes what was not understood.
    """
    suffix = file.suffix.lower()
    if suffix == ".csv":
        found = _of_csv(file, note)
    elif suffix == ".db":
        found = _of_database(file, note)
    else:
        found = _of_json(file, note)
    nameless = 0
    for entry in found:
        name = text_in(entry, "name")
        prompt = text_in(entry, "prompt") or text_in(entry, "text")
        negative = text_in(entry, "negative_prompt") or text_in(entry, "negative")
        if name and (prompt or negative):
            yield Style(name=name, prompt=prompt, negative=negative, source=source)
        elif prompt or negative:
            nameless += 1
    if nameless:
        note(file, f"{nameless} of its styles have no name.")


def _of_csv(file: Path, note: Note) -> Iterator[Object]:
    """Rows that have a name alone are headings."""
    text = text_of(file, note)
    if not text:
        return
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    try:
        columns = set(reader.fieldnames or ())
        if "name" not in columns or not columns & {"prompt", "text"}:
            note(file, "It has no columns “name” and “prompt”.")
            return
        yield from reader
    except csv.Error as error:
        note(file, f"From line {reader.line_num} on it is no CSV: {error}.")


def _of_json(file: Path, note: Note) -> Iterator[Object]:
    """A list of styles, or a single one."""
    parsed = json_of(file, note)
    if parsed is None:
        return
    found = objects(parsed if isinstance(parsed, list) else [parsed])
    if not any("name" in each for each in found):
        note(file, "It is no list of styles.")
        return
    yield from found


def _of_database(file: Path, note: Note) -> Iterator[Object]:
    try:
        found = rows(file, "style_presets", "name", "preset_data")
    except DatabaseUnreadableError as error:
        note(file, f"Its styles cannot be read: {error}.")
        return
    for name, data in found:
        try:
            preset = as_object(json.loads(data) if isinstance(data, str) else None)
        except (ValueError, RecursionError):
            preset = {}
        positive, negative = preset.get("positive_prompt"), preset.get("negative_prompt")
        yield {"name": name, "prompt": positive, "negative_prompt": negative}
