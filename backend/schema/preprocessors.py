"""Preprocessors as a person sees them: what they need, and what of it is here."""

from backend.schema.base import Frozen
from backend.schema.control_types import ControlType


class WeightsView(Frozen):
    """A file that a preprocessor needs."""

    repository: str
    """On Hugging Face, where it comes from."""
    file: str
    bytes: int
    license: str
    here: bool
    """Whether it is on this machine, in Easel's folder or another program's."""


class PreprocessorView(Frozen):
    """A preprocessor."""

    id: str
    label: str
    help: str
    makes: ControlType
    here: bool
    """Whether it can work; those that need no files always can."""
    bytes: int
    """What is still to be downloaded."""
    files: tuple[WeightsView, ...] = ()


class LocalWeights(Frozen):
    """A file on this machine that a preprocessor is to use."""

    path: str
    """Its absolute path."""
    file: str = ""
    """Which of the preprocessor's files it is; needed where its name is another."""
