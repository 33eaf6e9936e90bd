"""The tool door: `POST /mcp/tool` makes pictures and answers when they are there."""

import asyncio
import base64
import io
import json
import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from backend.api import mcp_skip
from backend.api.answers import actor_of, error_json, status_of
from backend.api.arguments import request_from
from backend.api.verbs import Verbs
from backend.metadata import infotext
from backend.metadata.own import PictureMetadata, read_metadata
from backend.schema.errors import EaselError, NotFoundError, RequestError
from backend.schema.fields import FieldSpec
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.jobs import Actor, JobState, JobView, PictureView

Who = Annotated[Actor, Depends(actor_of)]

TOOL = "generate-image"
_LARGEST_BODY = 1024 * 1024
_USUAL_SECONDS = 600.0
_LOOK_SECONDS = 0.1
_TYPES = {"text": "string", "choice": "string", "integer": "integer", "number": "number"}
_STATUS_OF_FAILURE = {
    "bad_request": 400,
    "out_of_range": 400,
    "model_missing": 404,
    "out_of_memory": 503,
    "engine_lost": 503,
}


class TooLargeError(RequestError):
    """The body of a call is larger than any honest one."""


class TooLateError(RequestError):
    """The pictures were not there in time; the job goes on."""


class EndingError(EaselError):
    """Easel itself ends while the call waits."""

    code = "ending"


class JobFailedError(EaselError):
    """The job ended without pictures."""

    def __init__(self, view: JobView) -> None:
        """Tell what the job itself told."""
        failure = view.failure
        sentence = failure.sentence if failure else f"The job was {view.state.replace('_', ' ')}."
        super().__init__(sentence, failure.hint if failure else "")
        self.failure_code = failure.code if failure else view.state.value


def mcp_router(studio: Verbs) -> APIRouter:
    """The tool, the list of tools and a sign of life."""
    router = APIRouter()

    @router.post("/mcp/tool")
    async def call(request: Request, actor: Who) -> JSONResponse:
        began = time.monotonic()
        tool = TOOL
        try:
            tool, arguments = _call_of(await _body(request))
            if tool == mcp_skip.TOOL:
                result = await asyncio.to_thread(mcp_skip.skip, studio, actor, arguments)
            else:
                result = await _generate(studio, actor, arguments, request)
        except EaselError as error:
            code = error.failure_code if isinstance(error, JobFailedError) else error.code
            content = error_json(code, error.sentence, error.hint)
            return JSONResponse(_answer(tool, began, error=content), _status(error))
        return JSONResponse(_answer(tool, began, result=result))

    @router.get("/mcp/tools")
    def tools(_actor: Who) -> dict[str, object]:
        return {"tools": [tool_description(), dict(mcp_skip.DESCRIPTION)]}

    @router.api_route("/health", methods=["GET", "HEAD"])
    def health(_actor: Who) -> dict[str, str]:
        return {"status": "ok"}

    return router


def tool_description() -> dict[str, object]:
    """The tool with the JSON schema of its arguments, derived from the request's fields."""
    properties = {spec.setting.short_name: _property(spec) for spec in GENERATION_FIELDS}
    properties["base64"] = {
        "type": "boolean",
        "default": False,
        "description": "Whether the answer carries the pictures themselves, as base64.",
    }
    properties["timeout"] = {
        "type": "number",
        "default": _USUAL_SECONDS,
        "exclusiveMinimum": 0,
        "description": "Seconds to wait for the pictures; afterwards the job goes on alone.",
    }
    return {
        "name": TOOL,
        "description": "Make pictures from a description in words.",
        "inputSchema": {
            "type": "object",
            "properties": properties,
            "required": ["prompt"],
            "additionalProperties": False,
        },
    }


def _property(spec: FieldSpec) -> dict[str, object]:
    setting, kind = spec.setting, _TYPES[spec.kind]
    limits = {
        "minimum": setting.minimum,
        "maximum": setting.maximum,
        "multipleOf": setting.multiple_of,
        "default": spec.default,
    }
    known: dict[str, object] = {key: value for key, value in limits.items() if value is not None}
    description = f"{setting.label}: {setting.help}"
    return {"type": [kind, "null"], "description": description, **known}


async def _body(request: Request) -> Mapping[str, object]:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > _LARGEST_BODY:
            raise TooLargeError("The call is larger than 1 MB.", "Send less text.")
    try:
        body: object = json.loads(content)
    except ValueError as error:
        raise RequestError("The call is not JSON.", f"Send {_example()}") from error
    return _object(body, "The call")


def _call_of(body: Mapping[str, object]) -> tuple[str, Mapping[str, object]]:
    tool = body.get("tool")
    if not isinstance(tool, str):
        raise RequestError("The call does not name a “tool”.", f"Send {_example()}")
    if tool.replace("_", "-") not in (TOOL, mcp_skip.TOOL):
        known = f"There are “{TOOL}” and “{mcp_skip.TOOL}”."
        raise NotFoundError(f"There is no tool called “{tool}”.", known)
    given = body.get("arguments", body.get("parameters", {}))
    arguments = _object(given, "“arguments”")
    if tool == mcp_skip.TOOL:
        return tool, arguments
    prompt = arguments.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise RequestError("The argument “prompt” is missing.", f"Send {_example()}")
    return tool, arguments


def _object(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise RequestError(f"{what} is not a JSON object.", f"Send {_example()}")
    return cast("Mapping[str, object]", value)


def _example() -> str:
    return f'{{"tool": "{TOOL}", "arguments": {{"prompt": "a red apple"}}}}.'


async def _generate(
    studio: Verbs, actor: Actor, arguments: Mapping[str, object], caller: Request
) -> dict[str, object]:
    fields = dict(arguments)
    with_base64 = fields.pop("base64", False)
    seconds = fields.pop("timeout", None)
    if not isinstance(with_base64, bool):
        raise RequestError("The argument “base64” must be true or false.")
    timeout = _seconds(seconds)
    request = request_from(fields, studio.models.catalogue())
    advice = await asyncio.to_thread(studio.advising.warnings, actor, request)
    job = await asyncio.to_thread(studio.generation.submit, actor, request)
    view = await _ended(studio, actor, job.id, timeout, caller)
    if view.state is not JobState.FINISHED:
        raise JobFailedError(view)
    result = await asyncio.to_thread(
        _result, studio, actor, view, str(caller.base_url), with_base64
    )
    return {**result, "warnings": [*(each.sentence for each in advice), *view.warnings]}


def _seconds(value: object) -> float:
    if value is None:
        return _USUAL_SECONDS
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise RequestError("The argument “timeout” must be a number of seconds above 0.")
    return float(value)


async def _ended(
    studio: Verbs,
    actor: Actor,
    job: str,
    timeout: float,  # noqa: ASYNC109 - ends with words, not cancellation
    caller: Request,
) -> JobView:
    """The job once it ended; holds no thread while it waits."""
    ends = time.monotonic() + timeout
    while True:
        view = await asyncio.to_thread(studio.jobs.view, actor, job)
        if view.state.ended:
            return view
        if time.monotonic() > ends:
            sentence = f"The pictures were not there after {timeout:g} seconds."
            raise TooLateError(sentence, f"The job {job} goes on; give a longer “timeout”.")
        if await caller.is_disconnected():
            raise TooLateError("Nobody waits any more.", f"The job {job} goes on.")
        try:
            await asyncio.sleep(_LOOK_SECONDS)
        except asyncio.CancelledError as error:  # the server ends, and answers end with it
            raise EndingError("Easel is ending.", f"The job {job} goes on next time.") from error


def _result(
    studio: Verbs,
    actor: Actor,
    view: JobView,
    base_url: str,
    with_base64: bool,  # noqa: FBT001 - from the call
) -> dict[str, object]:
    images: list[dict[str, object]] = []
    first: PictureMetadata | None = None
    for picture in view.pictures:
        content = _content(studio, actor, picture)
        first = first or read_metadata(io.BytesIO(content))
        path = str(studio.gallery.file(actor, picture.id)) if picture.saved else None
        image: dict[str, object] = {
            "path": path,
            "url": f"{base_url}pictures/{picture.id}",
            "seed": picture.seed,
            "width": picture.width,
            "height": picture.height,
        }
        if with_base64 or not picture.saved:
            image["base64"] = base64.b64encode(content).decode()
        images.append(image)
    catalogue = studio.models.catalogue()
    return {
        "images": images,
        "seed": images[0]["seed"] if images else None,
        "settings": first.request.model_dump() if first else None,
        "infotext": infotext.write(first.request, first.index, catalogue) if first else "",
        "job_id": view.id,
    }


def _content(studio: Verbs, actor: Actor, picture: PictureView) -> bytes:
    if picture.saved:
        return studio.gallery.file(actor, picture.id).read_bytes()
    return studio.gallery.unsaved_bytes(actor, picture.id)


def _status(error: EaselError) -> int:
    if isinstance(error, TooLargeError):
        return 413
    if isinstance(error, TooLateError):
        return 408
    if isinstance(error, EndingError):
        return 503
    if isinstance(error, JobFailedError):
        return _STATUS_OF_FAILURE.get(error.failure_code, 500)
    return status_of(error)


def _answer(
    tool: str,
    began: float,
    *,
    result: dict[str, object] | None = None,
    error: dict[str, str] | None = None,
) -> dict[str, object]:
    return {
        "success": error is None,
        "result": result,
        "error": error,
        "metadata": {
            "tool": tool,
            "execution_time": round(time.monotonic() - began, 3),
            "timestamp": datetime.now(UTC).isoformat(),
        },
    }
