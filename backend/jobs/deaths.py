"""What an engine's death means for its job and for the person."""

import signal

from backend.channel.supervisor import EngineDeath, State
from backend.schema.events import SetAside

FATAL_DEATHS = 2
"""A job that was running at so many deaths of the engine is set aside."""
_FROM_OUTSIDE = ("SIGTERM", "SIGINT", "SIGHUP")
_AFTERWARDS: dict[State, str] = {
    "ready": "It was started again.",
    "starting": "It is being started again.",
    "restarting": "It is being started again.",
    "stopped": "It is not started again by itself.",
}


def blames_job(death: EngineDeath) -> bool:
    """Whether the job that was running counts as the cause.

    Not when Easel ended the engine on purpose, and not when somebody asked it to end, as a
    computer does that is being shut down.
    """
    code = death.exit_code
    if death.wanted:
        return False
    return code is None or code >= 0 or -code not in _signals_from_outside()


def told(death: EngineDeath, state: State) -> str:
    """What happened, and what becomes of the engine, in words."""
    return f"{death.sentence} {_AFTERWARDS[state]}"


def warning_of(death: EngineDeath) -> str:
    """What a job that goes on after a death says about it."""
    return f"{death.sentence} The job goes on with the pictures that were not made yet."


def set_aside_event(death: EngineDeath, deaths: int) -> SetAside:
    """The end of a job that killed the engine too often."""
    how_often = "twice" if deaths == FATAL_DEATHS else f"{deaths} times"
    return SetAside(
        sentence=f"The engine died {how_often} while it did this job, so it is not tried again "
        f"by itself. The last time: {death.sentence}"
    )


def give_up_reason(death: EngineDeath) -> str:
    """Why the queue stands when the engine does not live."""
    lines = death.last_words.splitlines()
    last = f" Its last words: “{lines[-1].strip()}”" if lines else ""
    return (
        f"{death.sentence} It died again and again, so it is not started by itself any more.{last} "
        "Look at logs/engine.log in the data folder, then resume the queue."
    )


def _signals_from_outside() -> set[int]:
    return {int(getattr(signal, name)) for name in _FROM_OUTSIDE if hasattr(signal, name)}
