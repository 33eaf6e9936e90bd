"""What the doors need of Studio to get what preprocessors need."""

from typing import Protocol

from backend.schema.controls import WeightsInfo
from backend.schema.jobs import Actor, JobView
from backend.schema.preprocessors import LocalWeights, PreprocessorView


class Preprocessors(Protocol):
    """The preprocessors, and getting what they need."""

    def all(self, actor: Actor) -> tuple[PreprocessorView, ...]:
        """Every preprocessor, with what it needs."""
        ...

    def missing(self, actor: Actor, preprocessor: str) -> tuple[WeightsInfo, ...]:
        """The files that a preprocessor lacks."""
        ...

    def fetch(self, actor: Actor, preprocessor: str) -> tuple[JobView, ...]:
        """Download what a preprocessor lacks, each file as a job."""
        ...

    def take(self, actor: Actor, preprocessor: str, local: LocalWeights) -> PreprocessorView:
        """Use a file of this machine as one of a preprocessor's."""
        ...
