"""What the command line asks for."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from backend.setup.errors import UsageError

PAGE = "page"
COMMANDS = {
    "generate": 'make pictures without a page: app.py generate "a red apple" -o apple.png',
    "models": "list the models that are installed; app.py models show FILE tells what a file is",
    "preprocessors": "list what makes maps for ControlNet; app.py preprocessors get NAME gets it",
    "plan": "tell whether a picture fits into memory: app.py plan --model FILE --budget 6GB",
    "prompt": 'tell how a prompt is read: app.py prompt "a (red:1.3) apple" --steps 20',
    "info": "tell how a picture of any program was made: app.py info picture.png --json",
    "grid": 'compare settings side by side: app.py grid "a cat" --x steps=5,10 --y cfg_scale=4,7',
    "upscale": "make larger versions of pictures: app.py upscale apple.png --factor 4",
    "map": "make a map that steers drawings: app.py map photo.jpg --preprocessor canny -o map.png",
    "dataset": "tell what is wrong with pictures for a LoRA: app.py dataset FOLDER --trigger zkw7",
    "train": "make a LoRA of pictures: app.py train --dataset FOLDER --trigger zkw7",
    "convert": "make safetensors of a pickled checkpoint (.ckpt), without running it",
    "doctor": "tell what this machine is, which models fit, what is missing; mend what can be",
    "test": "run every check and test; paths and flags after it go to pytest",
    "pins": "move every pinned package to its newest version that fits",
}
PAGE_FLAGS = {
    "--port": "another port than 7860; a port in use is stepped over",
    "--no-browser": "do not open a browser",
    "--listen": "reachable from your network, with a password made on the spot",
    "--share": "a public link through Gradio's tunnel, with a password made on the spot",
    "--mcp-ports": "the tool door on these ports as well, such as 8005,8189",
    "--medvram": "less of a card's memory: only the part of a model that works is on it",
    "--lowvram": "still less: the model comes block by block, pictures are decoded in tiles",
}
VALUED_FLAGS = frozenset({"--port", "--mcp-ports"})
SETUP_FLAGS = {
    "--torch": "the PyTorch build: auto, cpu, cu126, cu130, cu132, rocm7.2 or standard",
}
HELP = "--help"


@dataclass(frozen=True)
class Command:
    """One thing to do."""

    name: str
    arguments: tuple[str, ...] = ()
    torch: str | None = None
    """The build of PyTorch asked for."""


def parse(argv: Sequence[str]) -> Command:
    """Read the command line.

    Raises:
        UsageError: When it asks for what is not there.
    """
    rest, torch = _take_torch(argv)
    if not rest or rest[0].startswith("-"):
        if any(word in {"-h", HELP} for word in rest):
            return Command("help")
        _check_page_flags(rest)
        return Command(PAGE, tuple(rest), torch)
    name = rest[0]
    if name not in COMMANDS:
        raise UsageError(f"There is no command {name!r}{_near(name, COMMANDS)}.", _see_help())
    return Command(name, tuple(rest[1:]), torch)


def usage() -> str:
    """The help text."""
    lines = ["Easel, a local AI image studio.", "", "python3 app.py [flags]          open the page"]
    lines += [f"  {flag:<13} {text}" for flag, text in (PAGE_FLAGS | SETUP_FLAGS).items()]
    lines += ["", "python3 app.py COMMAND ..."]
    lines += [f"  {name:<13} {text}" for name, text in COMMANDS.items()]
    return "\n".join(lines)


def _take_torch(argv: Sequence[str]) -> tuple[list[str], str | None]:
    rest = list(argv)
    for place, word in enumerate(rest):
        if word == "--":
            break
        if word.startswith("--torch="):
            del rest[place]
            return rest, word.partition("=")[2]
        if word == "--torch":
            if place + 1 == len(rest):
                raise UsageError("--torch needs the name of a build.", SETUP_FLAGS["--torch"] + ".")
            value = rest[place + 1]
            del rest[place : place + 2]
            return rest, value
    return rest, None


def _check_page_flags(words: Sequence[str]) -> None:
    """Refuse a mistyped flag before anything is installed for it."""
    value_follows = False
    for word in words:
        flag, assigned, _ = word.partition("=")
        if not value_follows and flag not in PAGE_FLAGS:
            near = _near(flag, PAGE_FLAGS | SETUP_FLAGS)
            raise UsageError(f"There is no flag {flag!r}{near}.", _see_help())
        value_follows = not value_follows and flag in VALUED_FLAGS and not assigned


def _near(word: str, known: "dict[str, str]") -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _see_help() -> str:
    return "python3 app.py --help lists them."
