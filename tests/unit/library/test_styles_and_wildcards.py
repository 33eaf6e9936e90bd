"""Styles and wildcards of other programs: read in every form, and broken files told in words."""

import json
import sqlite3
from contextlib import closing

import pytest

from backend.library.foreign_texts import LARGEST
from backend.library.styles import read_styles
from backend.library.wildcards import MOST_ENTRIES, read_wildcards
from tests.fixtures import installations as layouts
from tests.fixtures.installations import written


@pytest.fixture
def notes():
    return []


@pytest.fixture
def styles(notes):
    def read(file):
        found = read_styles(file, "x: it", lambda file, reason: notes.append((file.name, reason)))
        return [(style.name, style.prompt, style.negative) for style in found]

    return read


@pytest.fixture
def wildcards(notes, tmp_path):
    def read(place):
        note = lambda file, reason: notes.append((file.name, reason))  # noqa: E731
        return {one.name: one.entries for one in read_wildcards(place, tmp_path, "x", note)}

    return read


def test_a1111s_styles_with_quotes_lines_and_headings(styles, notes, tmp_path):
    file = written(
        tmp_path / "styles.csv",
        '\ufeffname,prompt,negative_prompt\r\nOil, "oil, {prompt}","photo,\nblur"\r\n'
        "--- night ---,,\r\nNight,,day\r\nShort,dusk\r\n",
    )

    assert styles(file) == [
        ("Oil", "oil, {prompt}", "photo,\nblur"),
        ("Night", "", "day"),
        ("Short", "dusk", ""),
    ]
    assert notes == []


def test_styles_of_old_versions_have_one_text(styles, tmp_path):
    assert styles(written(tmp_path / "styles.csv", "name,text\nInk,ink\n")) == [("Ink", "ink", "")]


def test_styles_of_fooocus_and_of_sdnext(styles, notes, tmp_path):
    several = [
        {"name": "a", "prompt": "p {prompt}", "negative_prompt": "n"},
        {"prompt": "x"},
        "odd",
        {"name": "none of it"},
    ]
    single = {"name": "Ink", "prompt": "ink", "negative": "paint", "preview": "x.jpg"}

    assert styles(written(tmp_path / "a.json", json.dumps(several))) == [("a", "p {prompt}", "n")]
    assert styles(written(tmp_path / "b.json", json.dumps(single))) == [("Ink", "ink", "paint")]
    assert notes == [("a.json", "1 of its styles have no name.")]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "a,b\n1,2\n", "no columns"),
        ("a.csv", 'name,prompt\na,"' + "x" * 200_000 + '"\n', "is no CSV"),
        ("a.csv", "x" * (LARGEST + 1), "too large"),
        ("a.json", "{", "is no JSON"),
        ("a.json", "[" * 100_000, "is no JSON"),
        ("a.json", "5", "no list of styles"),
        ("a.json", '{"default_model": "x"}', "no list of styles"),
        ("a.db", "no database", "cannot be read"),
    ],
)
def test_what_is_no_list_of_styles_is_told(styles, notes, tmp_path, name, content, words):
    assert styles(written(tmp_path / name, content)) == []

    [(file, reason)] = notes
    assert file == name
    assert words in reason


def test_styles_and_wildcards_of_invokeais_database(styles, wildcards, notes, tmp_path):
    database = layouts.invokeai(tmp_path / "invokeai") / "databases" / "invokeai.db"
    with closing(sqlite3.connect(database)) as opened, opened:
        opened.execute("INSERT INTO style_presets VALUES ('b', 'Odd', '{', 'user')")
        opened.execute("INSERT INTO wildcards VALUES ('b', 'odd', '{', 'me')")

    assert styles(database) == [("Film", "{prompt}, film still", "")]
    assert wildcards(database) == {"pet": ("cat", "dog")}
    assert notes == []


def test_wildcards_have_the_names_of_their_files_and_folders(wildcards, notes, tmp_path):
    place = tmp_path / "wildcards"
    written(place / "colours" / "warm.txt", "red\n\n  gold  \n# a comment\n")
    written(place / "empty.txt", "# nothing\n")
    written(place / "README.txt", "about")
    written(place / ".git" / "x.txt", "hidden")

    assert wildcards(place) == {"colours/warm": ("red", "gold")}
    assert notes == []


def test_yaml_and_json_hold_wildcards_in_wildcards(wildcards, tmp_path):
    written(
        tmp_path / "w" / "all.yaml",
        "clothes:\n  warm: [coat, 5]\n  cold:\n    - shirt\n    - {x: y}\nmood: calm\n",
    )
    written(tmp_path / "w" / "more.json", '{"pets": ["cat"]}')

    assert wildcards(tmp_path / "w") == {
        "clothes/warm": ("coat", "5"),
        "clothes/cold": ("shirt",),
        "mood": ("calm",),
        "pets": ("cat",),
    }


def test_files_that_are_damaged_or_grow_without_end_are_told(wildcards, notes, tmp_path):
    written(tmp_path / "w" / "broken.yaml", "a: [")
    written(tmp_path / "w" / "circle.yaml", "a: &a\n  b: *a\n")
    levels = "".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]\n" for n in range(1, 8))
    written(tmp_path / "w" / "laughs.yaml", f"l0: &l0 [x]\n{levels}")
    many = "".join(f"k{number}: *all\n" for number in range(1200))
    entries = ", ".join(["x"] * 100)
    written(tmp_path / "w" / "many.yaml", f"all: &all [{entries}]\n{many}")

    found = wildcards(tmp_path / "w")

    assert sum(map(len, found.values())) <= MOST_ENTRIES + 1
    assert notes == [
        ("broken.yaml", "It is no YAML."),
        ("many.yaml", f"It has more than {MOST_ENTRIES:,} entries."),
    ]
