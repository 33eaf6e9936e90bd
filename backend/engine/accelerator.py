"""Which device the models compute on, in which precision, and with how many threads."""

import gc
import os

import psutil
import torch


def choose_device() -> torch.device:
    """The fastest device there is: an NVIDIA or AMD card, Apple's, or the processor."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def weights_dtype(device: torch.device) -> torch.dtype:
    """Half precision where the device computes in it; processors need single precision."""
    return torch.float32 if device.type == "cpu" else torch.float16


def wide_range_dtype(device: torch.device) -> torch.dtype:
    """For networks whose activations exceed half precision's range, such as T5 and FLUX."""
    return torch.float32 if device.type == "cpu" else torch.bfloat16


def free_bytes(device: torch.device) -> int:
    """How much of the memory that a device computes in is free."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available


def free_memory() -> None:
    """Give back what nobody holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()


def use_physical_cores() -> None:
    """Compute with one thread on each core: more threads than cores slow each other down.

    OMP_NUM_THREADS overrides it, and so does a smaller share of the machine's processors.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(_usable_cores())


def _usable_cores() -> int:
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    return min(physical, allowed)
