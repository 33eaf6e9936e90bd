"""Passwords and sessions: readable, never stored as they are, and ended on time."""

import asyncio

import pytest

from backend.access.access import Access
from backend.access.passwords import PasswordHash, make_password
from backend.access.sessions import LIFETIME, Sessions
from backend.schema.errors import NotAllowedError


def test_a_made_password_is_readable_and_new_each_time():
    made = {make_password() for _ in range(50)}

    assert len(made) == 50
    assert all(len(word) == 19 and word.count("-") == 3 for word in made)


def test_only_the_password_matches_its_hash():
    known = PasswordHash.of("correct “horse”")

    assert known.matches("correct “horse”")
    assert not known.matches("correct horse")
    assert not known.matches("")
    assert PasswordHash.of("correct “horse”").digest != known.digest
    assert "correct" not in repr(known)


def test_a_session_ends_on_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("backend.access.sessions.time.monotonic", lambda: now[0])
    sessions = Sessions()
    token = sessions.begin()

    now[0] = LIFETIME - 1
    assert sessions.holds(token)
    now[0] = LIFETIME + 1
    assert not sessions.holds(token)
    assert not sessions.holds("")


def test_a_session_ends_with_its_log_out():
    sessions = Sessions()
    first, second = sessions.begin(), sessions.begin()

    sessions.end(first)

    assert (sessions.holds(first), sessions.holds(second)) == (False, True)


def test_without_a_password_everybody_at_this_machine_comes_in():
    assert not Access().needs_password
    assert asyncio.run(Access().check_password("anything"))


def test_a_crowd_of_guesses_is_turned_away(monkeypatch):
    access = Access("right")

    async def guess_at_once():
        guesses = [access.check_password("wrong") for _ in range(12)]
        return await asyncio.gather(*guesses, return_exceptions=True)

    monkeypatch.setattr("backend.access.access._LONGEST_DELAY", 0.01)
    answers = asyncio.run(guess_at_once())

    assert sum(isinstance(answer, NotAllowedError) for answer in answers) == 4
    assert [answer for answer in answers if answer is False] == [False] * 8
    assert asyncio.run(access.check_password("right"))


def test_a_password_shown_before_is_checked_quickly_and_still_exactly(monkeypatch):
    access = Access("right")
    assert asyncio.run(access.check_password("right"))

    def slow(known, password):
        pytest.fail("hashed again")

    monkeypatch.setattr(PasswordHash, "matches", slow)
    assert asyncio.run(access.check_password("right"))
