"""Hearing the engine on its way to the queue."""

from backend.channel.supervisor import EngineDeath, EngineListener
from backend.schema.events import Event


class Passing:
    """Passes everything on to the next listener; satisfies `EngineListener` too."""

    def __init__(self, listener: EngineListener) -> None:
        self._listener = listener

    def engine_changed(self) -> None:
        """Pass it on."""
        self._listener.engine_changed()

    def engine_told(self, job: str, event: Event) -> None:
        """Pass it on."""
        self._listener.engine_told(job, event)

    def engine_died(self, death: EngineDeath) -> None:
        """Pass it on."""
        self._listener.engine_died(death)

    def tick(self) -> None:
        """Pass it on."""
        self._listener.tick()
