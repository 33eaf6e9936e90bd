"""The tool door: `POST /mcp/tool` makes pictures and answers when they are there."""

import asyncio
import base64
import io
import json
import math
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse

from backend.api import mcp_datasets, mcp_grid, mcp_map, mcp_skip, mcp_trainings, mcp_upscale
from backend.api.answers import actor_of, error_json, status_of
from backend.api.arguments import request_from
from backend.api.mcp_schema import USUAL_SECONDS, description
from backend.api.verbs import Verbs
from backend.metadata.file_texts import COMMENT, FileTexts, read_texts
from backend.metadata.upscaled import origin_of
from backend.schema.errors import EaselError, NotFoundError, RequestError
from backend.schema.generation import GENERATION_FIELDS
from backend.schema.jobs import Actor, JobState, JobView, PictureView

Who = Annotated[Actor, Depends(actor_of)]

TOOL = "generate-image"
_AT_ONCE: Mapping[str, tuple[mcp_datasets.Answering, Mapping[str, object]]] = {
    mcp_skip.TOOL: (mcp_skip.skip, mcp_skip.DESCRIPTION),
    **mcp_datasets.TOOLS,
    **mcp_trainings.TOOLS,
}
"""Tools that make no picture to wait for: what answers, and how lists of tools have it."""
_TOOLS = (TOOL, mcp_grid.TOOL, mcp_upscale.TOOL, mcp_map.TOOL, *_AT_ONCE)
_INFOTEXTS = ("parameters", COMMENT)
"""Where PNG has it, and where the other formats have it."""
_LARGEST_BODY, _LARGEST_UPLOAD = 2**20, 2**26
_UPLOAD = re.compile(rb'"tool"\s*:\s*"upload[-_]dataset"')
"""The one call that carries pictures, and may be large."""
_LOOK_SECONDS = 0.1
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
            if tool.replace("_", "-") in _AT_ONCE:
                answering, _ = _AT_ONCE[tool.replace("_", "-")]
                result = await asyncio.to_thread(answering, studio, actor, arguments)
            else:
                result = await _made(studio, actor, _submitting(tool), arguments, request)
        except EaselError as error:
            code = error.failure_code if isinstance(error, JobFailedError) else error.code
            content = error_json(code, error.sentence, error.hint)
            return JSONResponse(_answer(tool, began, error=content), _status(error))
        return JSONResponse(_answer(tool, began, result=result))

    @router.get("/mcp/tools")
    def tools(_actor: Who) -> dict[str, object]:
        others = (mcp_grid.tool_description(), mcp_upscale.DESCRIPTION, mcp_map.DESCRIPTION)
        at_once = (dict(description) for _, description in _AT_ONCE.values())
        return {"tools": [tool_description(), *others, *at_once]}

    @router.api_route("/health", methods=["GET", "HEAD"])
    def health(_actor: Who) -> dict[str, str]:
        return {"status": "ok"}

    return router


def tool_description() -> dict[str, object]:
    """The tool that draws, with the JSON schema of its arguments."""
    return description(
        TOOL, "Make pictures from a description in words.", GENERATION_FIELDS, "prompt"
    )


async def _body(request: Request) -> Mapping[str, object]:
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > _LARGEST_UPLOAD:
            raise TooLargeError("The call is larger than 64 MB.", "Send fewer pictures at once.")
    if len(content) > _LARGEST_BODY and not _UPLOAD.search(content):
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
    if tool.replace("_", "-") not in _TOOLS:
        first, *others = (f"“{each}”" for each in _TOOLS)
        known = f"There are {', '.join(others)} and {first}."
        raise NotFoundError(f"There is no tool called “{tool}”.", known)
    given = body.get("arguments", body.get("parameters", {}))
    arguments = _object(given, "“arguments”")
    if tool.replace("_", "-") != TOOL:
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


Submitting = Callable[[Verbs, Actor, Mapping[str, object]], tuple[JobView, tuple[str, ...]]]
"""Queues a job from a call's arguments; tells it, and what a person should know before."""


def _submitting(tool: str) -> Submitting:
    known = {TOOL: _draw, mcp_grid.TOOL: _draw_grid, mcp_map.TOOL: mcp_map.submit}
    return known.get(tool.replace("_", "-"), _upscale)


def _draw(
    studio: Verbs, actor: Actor, arguments: Mapping[str, object]
) -> tuple[JobView, tuple[str, ...]]:
    request = request_from(arguments, studio.models.catalogue())
    advice = studio.advising.warnings(actor, request)
    return studio.generation.submit(actor, request), tuple(each.sentence for each in advice)


def _draw_grid(
    studio: Verbs, actor: Actor, arguments: Mapping[str, object]
) -> tuple[JobView, tuple[str, ...]]:
    return mcp_grid.submit(studio, actor, arguments), ()


def _upscale(
    studio: Verbs, actor: Actor, arguments: Mapping[str, object]
) -> tuple[JobView, tuple[str, ...]]:
    return studio.upscaling.submit(actor, mcp_upscale.request_from(arguments)), ()


async def _made(
    studio: Verbs,
    actor: Actor,
    submitting: Submitting,
    arguments: Mapping[str, object],
    caller: Request,
) -> dict[str, object]:
    """The pictures of a call, once they are there."""
    fields = dict(arguments)
    with_base64 = fields.pop("base64", False)
    seconds = fields.pop("timeout", None)
    if not isinstance(with_base64, bool):
        raise RequestError("The argument “base64” must be true or false.")
    timeout = _seconds(seconds)
    job, advice = await asyncio.to_thread(submitting, studio, actor, fields)
    view = await _ended(studio, actor, job.id, timeout, caller)
    if view.state is not JobState.FINISHED:
        raise JobFailedError(view)
    telling = mcp_map.result if view.map else _result
    result = await asyncio.to_thread(
        telling, studio, actor, view, str(caller.base_url), with_base64
    )
    return {**result, "warnings": [*advice, *view.warnings]}


def _seconds(value: object) -> float:
    if value is None:
        return USUAL_SECONDS
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
    told: FileTexts | None = None
    for picture in view.pictures:
        content = _content(studio, actor, picture)
        told = told or read_texts(io.BytesIO(content))
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
    made = origin_of(told) if told else None
    return {
        "images": images,
        "seed": images[0]["seed"] if images else None,
        "settings": made.request.model_dump() if made else None,
        "infotext": told.text(*_INFOTEXTS) if told else "",
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
