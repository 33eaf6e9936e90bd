"""The programs whose installations are known; a new one is a file and one more line."""

from pathlib import Path

from backend.library.folder_kinds import kind_of_folder
from backend.library.installations import a1111, comfyui, fooocus, invokeai, sdnext
from backend.library.installations.installation import Installation, Program, Root
from backend.library.installations.settings import is_there

PROGRAMS: tuple[Program, ...] = (
    comfyui.PROGRAM,
    fooocus.PROGRAM,
    invokeai.PROGRAM,
    sdnext.PROGRAM,
    a1111.PROGRAM,
)
"""In order: the first that knows a folder has it. Others grew out of A1111, so it comes last."""
NO_PROGRAM = "a folder"


def program_of(folder: Path) -> str:
    """Whose folder it is, in words."""
    program = _program_at(folder)
    return program.name if program else NO_PROGRAM


def installation_at(folder: Path, label: str) -> Installation:
    """What is in a folder; ids of models below it begin with `label`.

    In a folder of no program, there are models wherever they lie in it.
    """
    program = _program_at(folder)
    if program:
        return program.read(folder, label)
    return Installation(NO_PROGRAM, (Root(folder, f"{label}:", kind_of_folder(folder.name)),))


def installations_near(folder: Path) -> tuple[Path, ...]:
    """The folder itself where it is an installation, else those just below it that are one.

    Portable packages hold the installation beside a Python of their own.
    """
    if _program_at(folder):
        return (folder,)
    try:
        below = sorted(each for each in folder.iterdir() if is_there(each))
    except OSError:
        return ()
    return tuple(each for each in below if _program_at(each))


def _program_at(folder: Path) -> Program | None:
    try:
        return next((program for program in PROGRAMS if program.is_at(folder)), None)
    except OSError:  # nobody may look into it
        return None
