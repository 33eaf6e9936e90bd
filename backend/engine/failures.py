"""What a job's exception means to a person."""

import traceback

from backend.schema.errors import EaselError, OutOfMemoryError
from backend.schema.events import Failed

# torch says "out of memory" in several ways, and is not imported for this: its CPU and Apple
# allocators raise a plain RuntimeError, and so do NVIDIA's libraries.
MEMORY_WORDS = ("can't allocate memory", "out of memory", "status_alloc_failed")


def failure_of(error: BaseException) -> Failed:
    """The terminal event for an exception that a job let out."""
    details = "".join(traceback.format_exception(error))
    if isinstance(error, EaselError):
        return Failed(code=error.code, sentence=error.sentence, hint=error.hint, details=details)
    if is_out_of_memory(error):
        return Failed(
            code=OutOfMemoryError.code,
            sentence="The picture did not fit into the memory.",
            hint="Make it smaller, or make fewer pictures at the same time.",
            details=details,
        )
    return Failed(
        code="unexpected",
        sentence="Something went wrong that Easel did not expect.",
        hint="Try again. If it happens again, please report it with the details.",
        details=details,
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether Python, torch or the accelerator ran out of memory."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    words = str(error).lower()
    return isinstance(error, RuntimeError) and any(word in words for word in MEMORY_WORDS)
