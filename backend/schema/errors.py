"""Every error that Easel raises on purpose.

EaselError                      code, sentence for a person, hint what to do
├── RequestError                the request cannot be met as asked
│   ├── OutOfRangeError         a field is outside its range (names the field)
│   ├── NotFoundError           a job, picture or model that is not there, or not yours
│   └── NotAllowedError         the actor may not do this
├── ModelError
│   ├── ModelMissingError       not in the library
│   └── ModelDamagedError       truncated, mislabelled or not a model at all
├── OutOfMemoryError            needed and free bytes
├── HubError                    a hub of models did not give what was asked
│   ├── HubUnreachableError     no connection, too slow, or the hub itself has failed; may pass
│   ├── HubBusyError            too many requests; says how long to wait
│   ├── HubLoginError           the hub wants a log-in
│   ├── HubLicenceError         a licence has to be accepted on a page
│   ├── HubGoneError            what was asked for is not there, or not any more
│   ├── HubAnswerError          the answer makes no sense: too large, no JSON, another thing
│   └── HubAddressError         an address outside the hubs, or in the local network
├── OutputError                 the picture exists but cannot be written
├── TrainingError               a training cannot go on
│   └── ExplodedError           what it learned last is broken
├── EngineLostError             the engine died; exit code and last words
└── AlreadyRunningError         another Easel uses the same data folder
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(eq=False)  # not frozen: Python itself sets an exception's traceback
class EaselError(Exception):
    """Something a person should hear about, in words that they can act on."""

    sentence: str
    hint: str = ""
    code: ClassVar[str] = "error"

    def __str__(self) -> str:
        """Join the sentence and what to do about it."""
        return f"{self.sentence} {self.hint}".strip()


@dataclass(eq=False)
class RequestError(EaselError):
    """The request cannot be met as asked."""

    code: ClassVar[str] = "bad_request"


@dataclass(eq=False)
class OutOfRangeError(RequestError):
    """A field is outside its range; `field` is its dotted id."""

    field: str = ""
    code: ClassVar[str] = "out_of_range"


@dataclass(eq=False)
class NotFoundError(RequestError):
    """A job, picture or model that is not there, or belongs to somebody else."""

    code: ClassVar[str] = "not_found"


@dataclass(eq=False)
class NotAllowedError(RequestError):
    """The actor may not do this."""

    code: ClassVar[str] = "not_allowed"


@dataclass(eq=False)
class ModelError(EaselError):
    """Something is wrong with a model file."""

    code: ClassVar[str] = "model"


@dataclass(eq=False)
class ModelMissingError(ModelError):
    """The model is not in the library."""

    code: ClassVar[str] = "model_missing"


@dataclass(eq=False)
class ModelDamagedError(ModelError):
    """The file is truncated, mislabelled or not a model at all."""

    code: ClassVar[str] = "model_damaged"


@dataclass(eq=False)
class OutOfMemoryError(EaselError):
    """The job did not fit."""

    needed_bytes: int = 0
    free_bytes: int = 0
    code: ClassVar[str] = "out_of_memory"


@dataclass(eq=False)
class HubError(EaselError):
    """A hub of models did not give what was asked."""

    code: ClassVar[str] = "hub"


@dataclass(eq=False)
class HubUnreachableError(HubError):
    """There is no connection, it is too slow, or the hub itself has failed; it may pass."""

    code: ClassVar[str] = "hub_unreachable"


@dataclass(eq=False)
class HubBusyError(HubError):
    """The hub had too many requests from here."""

    seconds: float = 0.0
    """How long to wait, as the hub says; 0 where it does not."""
    code: ClassVar[str] = "hub_busy"


@dataclass(eq=False)
class HubLoginError(HubError):
    """The hub wants a log-in, or does not take the token."""

    code: ClassVar[str] = "hub_login"


@dataclass(eq=False)
class HubLicenceError(HubError):
    """A licence has to be accepted first."""

    page: str = ""
    """Where to accept it."""
    code: ClassVar[str] = "hub_licence"


@dataclass(eq=False)
class HubGoneError(HubError):
    """What was asked for is not on the hub, or not any more."""

    code: ClassVar[str] = "hub_gone"


@dataclass(eq=False)
class HubAnswerError(HubError):
    """The answer makes no sense: too large, no JSON, or something else than was asked for."""

    code: ClassVar[str] = "hub_answer"


@dataclass(eq=False)
class HubAddressError(HubError):
    """An address that is not a hub's, or that lies in the local network."""

    code: ClassVar[str] = "hub_address"


@dataclass(eq=False)
class OutputError(EaselError):
    """The picture exists but cannot be written (a full disk, a folder without rights)."""

    code: ClassVar[str] = "output"


@dataclass(eq=False)
class TrainingError(EaselError):
    """A training cannot go on; what it saved is kept."""

    code: ClassVar[str] = "training"


@dataclass(eq=False)
class ExplodedError(TrainingError):
    """What a training learned last is broken, and was not saved."""

    code: ClassVar[str] = "exploded"


@dataclass(eq=False)
class EngineLostError(EaselError):
    """The engine process died; carries its exit code and last words."""

    exit_code: int | None = None
    last_words: str = ""
    code: ClassVar[str] = "engine_lost"


@dataclass(eq=False)
class AlreadyRunningError(EaselError):
    """Another Easel uses the same data folder."""

    code: ClassVar[str] = "already_running"
