"""What computes, in words, and how full its memory is."""

import os
import platform
import re
import sys
from functools import cache
from pathlib import Path

import psutil

from backend.metadata.own import Workshop
from backend.schema.jobs import DeviceView


def describe_device() -> DeviceView:
    """What computes and how full its memory is, in bytes.

    Cheap enough for every heartbeat. Before torch is loaded, the machine itself is described.
    """
    process = psutil.Process().memory_info().rss
    if "torch" in sys.modules:
        import torch  # noqa: PLC0415  the engine of torch-free jobs never loads it

        if torch.cuda.is_available():
            free, total = torch.cuda.mem_get_info()
            return DeviceView(
                name=torch.cuda.get_device_name(),
                memory_used=total - free,
                memory_total=total,
                memory_held=torch.cuda.memory_reserved(),
                process_bytes=process,
            )
    memory = psutil.virtual_memory()
    return DeviceView(
        name=processor_name(),
        memory_used=memory.total - memory.available,
        memory_total=memory.total,
        memory_held=process,
        process_bytes=process,
    )


def workshop() -> Workshop:
    """What pictures are made with here, as their metadata records it."""
    torch = sys.modules.get("torch")
    version: object = getattr(torch, "__version__", "")
    return Workshop(device=describe_device().name, torch=str(version))


@cache
def processor_name() -> str:
    """The processor's name in words, such as "AMD Ryzen 7 (8 cores)"."""
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    return f"{_model_name()} ({cores} {'core' if cores == 1 else 'cores'})"


def _model_name() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return _shortened(line.partition(":")[2])
    return platform.processor() or platform.machine() or "Processor"


def _shortened(name: str) -> str:
    """Leave out what tells nobody anything: trade marks, "CPU", the clock."""
    return " ".join(re.sub(r"\((?:R|TM|r|tm)\)|\bCPU\b|@.*", " ", name).split())
