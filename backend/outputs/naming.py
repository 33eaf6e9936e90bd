"""File names of pictures: a pattern a person can choose, and an identity they cannot lose."""

import re
import time
import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from backend.schema.output_settings import ENDINGS, PictureFormat
from backend.schema.resolved import ResolvedRequest

DEFAULT_PATTERN = "{date}/{time}-{seed}"
"""Folders and the start of the name, with `/` between folders. Placeholders:

- `{date}` 2026-11-24 and `{time}` 143005, when the picture was asked for, in local time;
- `{seed}` of this picture, `{width}`, `{height}`, `{steps}`, `{cfg_scale}`, `{sampler}`;
- `{checkpoint}` the model's file or folder name;
- `{prompt}` the first words of the prompt.

A placeholder that does not exist stays as it is written. The picture's identity, `-<job>-<index>`,
always follows, so that no two pictures share a name.
"""

_FOLDERS = 4
_PART_CHARACTERS = 80
_PART_BYTES = 180
_PROMPT_CHARACTERS = 40
_FORBIDDEN = re.compile(r'[<>:"|?*/\\\x00-\x1f\x7f]')
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE
)


def picture_path(
    job: str,
    index: int,
    request: ResolvedRequest,
    created: float,
    pattern: str = DEFAULT_PATTERN,
    *,
    place: int | None = None,
) -> PurePosixPath:
    """The file of picture `index` of `job`, below the outputs folder, valid on every system.

    Args:
        job: The job's id, hexadecimal digits.
        index: The picture's place in the request, from 0.
        request: What the picture was made with.
        created: When it was asked for, in seconds since the epoch.
        pattern: Folders and the start of the name; see `DEFAULT_PATTERN`.
        place: Its place in the job, where that has several requests.
    """
    values = _values(request, index, created)
    parts = [_safe(_filled(part, values)) for part in re.split(r"[/\\]", pattern)]
    kept = [part for part in parts if part][-_FOLDERS:]
    name = "-".join([*kept[-1:], job, str(index if place is None else place)])
    return PurePosixPath(*kept[:-1], f"{name}{ENDINGS[request.output.format]}")


def upscaled_path(job: str, created: float, picture_format: PictureFormat) -> PurePosixPath:
    """The file of an enlarged picture, below the outputs folder.

    Args:
        job: The job's id, hexadecimal digits.
        created: When it was asked for, in seconds since the epoch.
        picture_format: The format of the file.
    """
    return _plain_path("upscaled", job, 0, created, picture_format)


def sheet_path(
    job: str, index: int, created: float, picture_format: PictureFormat
) -> PurePosixPath:
    """The file of a sheet of pictures, below the outputs folder.

    Args:
        job: The job's id, hexadecimal digits.
        index: The sheet's place in the job, after the pictures that it shows.
        created: When it was asked for, in seconds since the epoch.
        picture_format: The format of the file.
    """
    return _plain_path("grid", job, index, created, picture_format)


def _plain_path(
    word: str, job: str, index: int, created: float, picture_format: PictureFormat
) -> PurePosixPath:
    asked = time.localtime(created)
    name = f"{time.strftime('%H%M%S', asked)}-{word}-{job}-{index}{ENDINGS[picture_format]}"
    return PurePosixPath(time.strftime("%Y-%m-%d", asked), name)


def find_pictures(outputs: Path, job: str) -> dict[int, Path]:
    """Every whole picture of `job` below `outputs`, by index, whatever pattern named it."""
    endings = "|".join(map(re.escape, ENDINGS.values()))
    ending = re.compile(rf"(?:^|-){re.escape(job)}-(\d+)(?:{endings})$")
    found: dict[int, Path] = {}
    for path in outputs.rglob(f"*{job}-*"):
        match = ending.search(path.name)
        if match and path.is_file():
            found[int(match.group(1))] = path
    return found


def _values(request: ResolvedRequest, index: int, created: float) -> dict[str, str]:
    asked = time.localtime(created)
    return {
        "date": time.strftime("%Y-%m-%d", asked),
        "time": time.strftime("%H%M%S", asked),
        "seed": str(request.seed_of(index)),
        "width": str(request.size.width),
        "height": str(request.size.height),
        "steps": str(request.sampling.steps),
        "cfg_scale": f"{request.sampling.cfg_scale:g}",
        "sampler": request.sampling.sampler,
        "checkpoint": PurePosixPath(request.model.checkpoint).name.removesuffix(".safetensors"),
        "prompt": _slug(request.prompt_of(index).positive),
    }


def _slug(prompt: str) -> str:
    """The first whole words of a prompt, lower case, joined by hyphens."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", prompt).lower())
    slug = ""
    for word in words:
        longer = f"{slug}-{word}" if slug else word[:_PROMPT_CHARACTERS]
        if len(longer) > _PROMPT_CHARACTERS:
            break
        slug = longer
    return slug


def _filled(part: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), part)


def _safe(part: str) -> str:
    """A name that Windows, macOS and Linux all take; empty where nothing is left of it."""
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", part)).strip()
    name = name[:_PART_CHARACTERS].encode("utf-8", "replace")[:_PART_BYTES].decode(errors="ignore")
    name = name.strip().rstrip(". ")
    if set(name) <= {".", " "}:
        return ""
    return f"_{name}" if _RESERVED.fullmatch(name) or name.startswith(".") else name
