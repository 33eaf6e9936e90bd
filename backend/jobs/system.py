"""The state of the whole program, in one view."""

from dataclasses import dataclass
from typing import Literal

from backend.channel.supervisor import EngineDeath
from backend.jobs.deaths import told
from backend.jobs.ports import Engine
from backend.schema.jobs import SystemView

EngineLabel = Literal["starting", "ready", "busy", "restarting", "stopped"]


@dataclass
class Condition:
    """What happened that a person should still be told."""

    notice: str = ""
    """Something about how the program began."""
    death: EngineDeath | None = None
    """The engine's last death, until a job begins that was not there."""
    paused: bool = False
    reason: str = ""
    """Why the queue is paused."""

    def forget_what_happened(self) -> None:
        """Go on as if nothing had been."""
        self.notice = ""
        self.death = None


def system_view(
    engine: Engine, condition: Condition, *, busy: bool, queued: int, trouble: str
) -> SystemView:
    """What the top bar shows.

    Args:
        engine: The engine's life.
        condition: What happened.
        busy: Whether a job is in the engine.
        queued: How many jobs wait.
        trouble: What the disk refuses, in words.
    """
    state, death = engine.state, condition.death
    label: EngineLabel = state
    if state == "ready" and busy:
        label = "busy"
    elif state == "starting" and death is not None:
        label = "restarting"
    words = (told(death, state) if death else "", condition.notice, trouble)
    return SystemView(
        engine=label,
        sentence=" ".join(part for part in words if part),
        device=engine.device,
        queue_paused=condition.paused,
        queue_reason=condition.reason,
        queued=queued,
    )
