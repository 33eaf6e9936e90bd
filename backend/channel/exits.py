"""How an engine's end is told to a person."""

import signal

WINDOWS_ACCESS_VIOLATION = 0xC0000005
REASONS = {
    "SIGKILL": "was killed by the system, probably for memory",
    "SIGSEGV": "crashed in native code",
    "SIGBUS": "crashed in native code, probably because a file or the memory ran out",
    "SIGILL": "used an instruction that this processor does not know",
    "SIGFPE": "crashed in native code",
    "SIGABRT": "gave up after an error in native code",
    "SIGTERM": "was ended from outside",
    "SIGHUP": "was ended from outside",
}


def describe_exit(exit_code: int | None) -> str:
    """The end of a sentence that begins with “The engine”, such as `crashed … (signal 11)`."""
    if exit_code is None:
        return "could not be started"
    if exit_code == WINDOWS_ACCESS_VIOLATION:
        return "crashed in native code (access violation)"
    if exit_code < 0:
        number = -exit_code
        return f"{REASONS.get(_signal_name(number), 'was ended')} (signal {number})"
    if exit_code == 0:
        return "ended by itself"
    return f"stopped with exit code {exit_code}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""
