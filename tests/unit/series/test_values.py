"""Typed lists and ranges."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.schema.errors import OutOfRangeError, RequestError
from backend.schema.series import MOST_CELLS
from backend.series.values import in_lines, listed, numbers


def whole(typed):
    return numbers("Steps", "sampling.steps", typed, whole=True)


def fractions(typed):
    return numbers("CFG scale", "sampling.cfg_scale", typed, whole=False)


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("a, b,c", ("a", "b", "c")),
        (" a ,, b ,", ("a", "b")),
        ('red, "red, round", green', ("red", "red, round", "green")),
        ("one\ntwo, three", ("one", "two", "three")),
        ('say ""hi""', ('say ""hi""',)),
        ("", ()),
    ],
)
def test_commas_and_line_breaks_part_values_and_quotes_keep_them(typed, values):
    assert listed(typed) == values


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("7", (7,)),
        ("-1", (-1,)),
        ("1-5", (1, 2, 3, 4, 5)),
        ("1 - 10 (+3)", (1, 4, 7, 10)),
        ("10-5 (-3)", (10, 7)),
        ("3-1", (3, 2, 1)),
        ("10-30 [3]", (10, 20, 30)),
        ("1-10 [4]", (1, 4, 7, 10)),
        ("5-9 [1]", (5,)),
        ("-2-1", (-2, -1, 0, 1)),
    ],
)
def test_ranges_of_whole_numbers(typed, values):
    assert whole(typed) == values


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("0.5", (0.5,)),
        ("0-1 [5]", (0, 0.25, 0.5, 0.75, 1)),
        ("1-2 (+0.5)", (1, 1.5, 2)),
        ("0-0.3 (0.1)", (0, 0.1, 0.2, 0.3)),
        ("-.5-.5 [3]", (-0.5, 0, 0.5)),
    ],
)
def test_ranges_of_fractions_have_no_rounding_errors(typed, values):
    assert fractions(typed) == values


@pytest.mark.parametrize(
    "typed", ["a", "1-", "1-5 (0)", "1-5 [0]", "nan", "inf", "1..5", "1-5 [3", ""]
)
def test_what_is_no_number_is_told_with_examples(typed):
    with pytest.raises(OutOfRangeError, match=re.escape(f"Steps cannot be “{typed}”")) as told:
        whole(typed)

    assert "1-10 (+3)" in told.value.hint
    assert told.value.field == "sampling.steps"


def test_a_fraction_is_left_to_the_field_to_refuse():
    assert whole("2.5") == (2.5,)


@pytest.mark.parametrize("typed", ["1-1000000", "0-1 [5000]", "0-1 (0.00001)"])
def test_a_range_without_end_is_refused_at_once(typed):
    with pytest.raises(RequestError, match="These would be"):
        fractions(typed)


@given(st.integers(-50, 50), st.integers(1, 40), st.integers(1, 9), st.booleans())
def test_steps_never_pass_the_end(first, count, step, down):
    last = first + (-1 if down else 1) * (count - 1) * step

    values = whole(f"{first}-{last} ({step})")

    assert len(values) == count
    assert (values[0], values[-1]) == (first, last)


@given(st.floats(-5, 5), st.floats(-5, 5), st.integers(2, MOST_CELLS))
def test_a_number_of_values_begins_and_ends_where_it_should(first, last, count):
    values = fractions(f"{first:.4f}-{last:.4f} [{count}]")

    assert len(values) == count
    assert (values[0], values[-1]) == (float(f"{first:.4f}"), float(f"{last:.4f}"))


def test_lines_that_are_empty_or_notes_are_passed_over():
    text = "\N{ZERO WIDTH NO-BREAK SPACE}a red apple\r\n\n  # a note\n  a pear, green  \n"

    assert in_lines(text) == ("a red apple", "a pear, green")
