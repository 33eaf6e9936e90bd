"""How an engine's end is told."""

import signal

import pytest

from backend.channel.exits import REASONS, WINDOWS_ACCESS_VIOLATION, describe_exit


@pytest.mark.parametrize(
    ("exit_code", "expected"),
    [
        (None, "could not be started"),
        (0, "ended by itself"),
        (3, "stopped with exit code 3"),
        (-9, "was killed by the system, probably for memory (signal 9)"),
        (-11, "crashed in native code (signal 11)"),
        (-signal.SIGTERM, "was ended from outside (signal 15)"),
        (-200, "was ended (signal 200)"),
        (WINDOWS_ACCESS_VIOLATION, "crashed in native code (access violation)"),
    ],
)
def test_an_end_is_told_in_words(exit_code, expected):
    assert describe_exit(exit_code) == expected


def test_every_reason_is_of_a_signal_that_exists():
    assert set(REASONS) <= {each.name for each in signal.Signals}
