"""Tries the libraries in the environment: each is imported and does one small thing."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from backend.setup.contents import OPENCV
from backend.setup.probe import Probe

TRIAL_SECONDS = 300


@dataclass(frozen=True)
class Trial:
    """One library and what it must manage."""

    label: str
    packages: tuple[str, ...]
    """What is laid down again when it does not."""
    code: str


@dataclass(frozen=True)
class Outcome:
    """How a trial went."""

    passed: bool
    said: str
    """What the trial printed, or the last line of its error."""


TORCH = Trial(
    "PyTorch and torchvision",
    ("torch", "torchvision"),
    """
import torch, torchvision
torchvision.ops.nms(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.tensor([1.0]), 0.5)
mps = torch.backends.mps.is_available()
card = torch.cuda.get_device_name() if torch.cuda.is_available() else "Apple's GPU" if mps else ""
print(card)
""",
)
OTHERS = (
    Trial(
        "OpenCV",
        (OPENCV,),
        "import cv2, numpy; cv2.Canny(numpy.zeros((8, 8), numpy.uint8), 1, 2)",
    ),
    Trial("ControlNet preprocessors", ("controlnet-aux",), "import controlnet_aux"),
    Trial("Models (diffusers)", ("diffusers", "transformers"), "import diffusers, transformers"),
    Trial("Page (Gradio)", ("gradio",), "import gradio"),
)


def fits_trial(root: Path, probe: Probe, *, on_card: bool) -> Trial:
    """Ask which families of models fit a machine; says a line for each, a tab after its name.

    Args:
        root: The folder of Easel's own code.
        probe: The machine.
        on_card: Whether PyTorch computes on its card.
    """
    kind, size = "cpu", probe.memory_bytes
    if on_card and probe.card_bytes:
        kind, size = "mps" if probe.system == "Darwin" else "cuda", probe.card_bytes
    words = [kind, str(size), str(probe.memory_bytes)]
    code = f"""
import sys
sys.path.insert(0, {str(root)!r})
from backend.memory.fits import main
main({words!r})
"""
    return Trial("Models", (), code)


def attempt(python: Path, trial: Trial) -> Outcome:
    """Run a trial in a process of its own, so that a crash of the library is an answer too."""
    quiet = {"HF_HUB_OFFLINE": "1", "GRADIO_ANALYTICS_ENABLED": "False"}
    try:
        done = subprocess.run(
            [python, "-I", "-W", "ignore", "-c", trial.code],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TRIAL_SECONDS,
            env=os.environ | quiet,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Outcome(passed=False, said=str(error))
    if done.returncode == 0:
        return Outcome(passed=True, said=done.stdout.strip())
    lines = done.stderr.strip().splitlines() or [f"it ended with code {done.returncode}"]
    return Outcome(passed=False, said=lines[-1])
