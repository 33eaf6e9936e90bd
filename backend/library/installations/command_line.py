"""The options that a person gave A1111 or a relative of it in `webui-user.bat` or `.sh`."""

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from backend.library.installations.settings import Settings

BATCH, SHELL = "webui-user.bat", "webui-user.sh"
_NAME = "COMMANDLINE_ARGS"
_SETTING = re.compile(r'\s*@?(?:set|export)\s+"?([A-Za-z_]\w*)=(.*)', re.IGNORECASE)
_BATCH_WORD = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_VARIABLE = {
    BATCH: re.compile(r"%(~dp0|\w+)%?"),
    SHELL: re.compile(r"\$\{?(\w+)\}?"),
}
_CONTINUED = {BATCH: "^", SHELL: "\\"}

Options = Mapping[str, tuple[tuple[str, Path], ...]]
"""By name: the values, each with the file in which it stands."""


def options_of(settings: Settings) -> Options:
    """All options with their values; those that have none are left out."""
    found: dict[str, tuple[tuple[str, Path], ...]] = {}
    for name in (BATCH, SHELL):
        file = settings.folder / name
        try:
            words = _words(settings.text(file), name, settings.folder)
        except ValueError:
            settings.note(file, "Its quotes do not match.")
            continue
        for option, value in _pairs(words):
            found[option] = (*found.get(option, ()), (value, file))
    return found


def _words(content: str, name: str, folder: Path) -> list[str]:
    """The words that the program is started with.

    Raises:
        ValueError: When quotes do not match.
    """
    known = {key.upper(): value for key, value in os.environ.items()}
    known |= {"~DP0": f"{folder}{os.sep}", _NAME: ""}
    joined = re.sub(re.escape(_CONTINUED[name]) + r"\r?\n", " ", content)
    for line in joined.splitlines():
        setting = _SETTING.match(line)
        if setting:
            value = _VARIABLE[name].sub(
                lambda match: known.get(match[1].upper(), match[0]), setting[2].strip()
            )
            known[setting[1].upper()] = _unquoted(value, name)
    if name == SHELL:
        return shlex.split(known[_NAME])
    return [word.replace('"', "") for word in _BATCH_WORD.findall(known[_NAME])]


def _unquoted(value: str, name: str) -> str:
    """A value without the quotes around all of it."""
    if name == SHELL:
        return " ".join(shlex.split(value, comments=True)[:1])
    return value[:-1] if value.count('"') % 2 else value


def _pairs(words: list[str]) -> Iterator[tuple[str, str]]:
    option = ""
    for word in words:
        if word.startswith("--"):
            option, _, value = word.partition("=")
            if value:
                yield option, value
        elif option:
            yield option, word
