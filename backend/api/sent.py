"""A picture, or a zip of pictures, that is the body of a request."""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import IO, cast

from fastapi import Request

from backend.schema.errors import RequestError

LARGEST_PICTURE = 64 * 2**20
LARGEST_ZIP = 4 * 2**30
_IN_MEMORY = 8 * 2**20
"""What is larger lies in a nameless temporary file until it was read."""


class TooLargePictureError(RequestError):
    """A picture, or a zip of some, that is larger than any that programs make."""

    code = "too_large"


@asynccontextmanager
async def sent(request: Request, largest: int | None = None) -> AsyncGenerator[IO[bytes]]:
    """The body of a request, which is gone afterwards.

    Args:
        request: The request.
        largest: How many bytes it may have; as many as a picture has at the most, if not given.

    Raises:
        TooLargePictureError: When it is too large.
    """
    largest = largest or LARGEST_PICTURE
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as content:
        length = 0
        async for part in request.stream():
            length += len(part)
            if length > largest:
                raise _too_large(largest)
            content.write(part)
        content.seek(0)
        yield cast("IO[bytes]", content)


def _too_large(largest: int) -> TooLargePictureError:
    if largest == LARGEST_ZIP:
        return TooLargePictureError(
            "The zip is larger than 4 GB.", "Name the folder of its pictures instead."
        )
    return TooLargePictureError(
        "The picture is larger than 64 MB.", "Save it smaller, as PNG or WebP."
    )
