"""What keeps Easel from being set up."""

from dataclasses import dataclass
from typing import ClassVar

from backend.schema.errors import EaselError


@dataclass(eq=False)
class SetupError(EaselError):
    """Easel cannot be set up or used on this machine as it is."""

    code: ClassVar[str] = "setup"


@dataclass(eq=False)
class UsageError(SetupError):
    """The command line asks for something that is not there."""

    code: ClassVar[str] = "usage"
