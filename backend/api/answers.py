"""How errors leave through HTTP: a status and one shape."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from backend.schema.errors import (
    AlreadyRunningError,
    EaselError,
    EngineLostError,
    HubAddressError,
    HubBusyError,
    HubError,
    HubGoneError,
    ModelMissingError,
    NotAllowedError,
    NotFoundError,
    OutOfMemoryError,
    RequestError,
)
from backend.schema.jobs import Actor

_STATUS: tuple[tuple[type[EaselError], int], ...] = (
    (NotFoundError, 404),
    (ModelMissingError, 404),
    (NotAllowedError, 403),
    (RequestError, 400),
    (AlreadyRunningError, 503),
    (OutOfMemoryError, 503),
    (EngineLostError, 503),
    (HubGoneError, 404),
    (HubAddressError, 400),
    (HubBusyError, 503),
    (HubError, 502),
)


def actor_of(request: Request) -> Actor:
    """Who asks, as the guard found out.

    Raises:
        NotAllowedError: When no guard stood in front of the route.
    """
    actor: object = getattr(request.state, "actor", None)
    if not isinstance(actor, Actor):
        raise NotAllowedError("Nobody knows who asks.", "Start Easel with its own command.")
    return actor


def status_of(error: EaselError) -> int:
    """The HTTP status that fits an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def error_json(code: str, sentence: str, hint: str = "") -> dict[str, str]:
    """An error as every route tells it, whatever people wrote that it repeats."""
    told = {"code": code, "sentence": sentence, "hint": hint}
    # Half a character (a lone surrogate) is valid in a request's JSON, and no answer can carry it.
    return {name: text.encode(errors="replace").decode() for name, text in told.items()}


def answer_errors(app: FastAPI) -> None:
    """Make `app` answer every error in words, never with a traceback."""

    def easel_error(_request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, EaselError):
            raise error
        content = error_json(error.code, error.sentence, error.hint)
        return JSONResponse({"error": content}, status_of(error))

    def http_error(_request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, HTTPException):
            raise error
        content = error_json("http", f"{error.detail}.", "")
        return JSONResponse({"error": content}, error.status_code, headers=error.headers)

    def validation_error(_request: Request, error: Exception) -> JSONResponse:
        if not isinstance(error, RequestValidationError):
            raise error
        first = error.errors()[0]
        content = error_json("bad_request", f"{first['loc'][-1]}: {first['msg']}.")
        return JSONResponse({"error": content}, 400)

    def surprise(_request: Request, _error: Exception) -> JSONResponse:
        content = error_json("error", "Something went wrong inside Easel.", "See its log.")
        return JSONResponse({"error": content}, 500)

    app.add_exception_handler(EaselError, easel_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, validation_error)
    app.add_exception_handler(Exception, surprise)
