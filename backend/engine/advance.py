"""Advancing a job by one event, so that nothing it does to global state reaches its neighbours.

The generator contract: between two yields a job may set what it likes (gradients off, autocast,
seeds); at the next yield all of it is gone, so that every job finds the state it would find alone.
Global random generators are therefore scratch: a job that draws from them sets their state after
each yield.
"""

import random
import sys
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager

from backend.schema.events import Event

AUTOCAST_DEVICES = ("cpu", "cuda")


def advance(events: Iterator[Event]) -> Event | None:
    """Run a job to its next event, or None at its end; global state stays, also on errors."""
    with _global_state_kept():
        return next(events, None)


def close(events: Generator[Event]) -> None:
    """End a job early, with the same care: its clean-up code may touch global state as well."""
    with _global_state_kept():
        events.close()


@contextmanager
def _global_state_kept() -> Generator[None]:
    with ExitStack() as kept:
        kept.callback(random.setstate, random.getstate())
        if "numpy.random" in sys.modules:
            numpy_random = sys.modules["numpy.random"]
            kept.callback(numpy_random.set_state, numpy_random.get_state())
        if "torch" in sys.modules:
            kept.enter_context(_torch_state_kept())
        yield


@contextmanager
def _torch_state_kept() -> Generator[None]:
    import torch  # noqa: PLC0415  the torch-free fixtures run without it

    with ExitStack() as kept:
        kept.callback(torch.set_default_dtype, torch.get_default_dtype())
        kept.callback(torch.set_rng_state, torch.get_rng_state())
        if torch.cuda.is_initialized():
            kept.callback(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all())
        kept.callback(_restore_autocast_nesting, _autocast_nesting())
        kept.callback(torch.set_autocast_cache_enabled, torch.is_autocast_cache_enabled())
        for device in AUTOCAST_DEVICES:
            kept.callback(torch.set_autocast_dtype, device, torch.get_autocast_dtype(device))
            kept.callback(torch.set_autocast_enabled, device, torch.is_autocast_enabled(device))
        # Inference mode cannot be set directly; its guard puts back what it found, grad mode
        # included, whatever was entered since.
        grad_enabled = torch.is_grad_enabled()
        kept.callback(torch.set_grad_enabled, grad_enabled)
        kept.enter_context(torch.inference_mode(mode=False))
        torch.set_grad_enabled(grad_enabled)
        yield


def _autocast_nesting() -> int:
    """How many autocast blocks are open in this thread; torch tells only when one is opened."""
    import torch  # noqa: PLC0415

    depth = torch.autocast_increment_nesting() - 1
    torch.autocast_decrement_nesting()
    return depth


def _restore_autocast_nesting(depth: int) -> None:
    """Close the autocast blocks that were left open; casts cached in them would go stale."""
    import torch  # noqa: PLC0415

    now = _autocast_nesting()
    if now == depth:
        return
    for _ in range(now - depth):
        torch.autocast_decrement_nesting()
    for _ in range(depth - now):
        torch.autocast_increment_nesting()
    torch.clear_autocast_cache()
