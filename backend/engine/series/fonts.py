"""Letters for the labels of sheets, in a font that has them.

Gradio brings Source Sans (SIL Open Font License) with Latin, Greek and Cyrillic letters. For
others, the usual fonts of the system are tried. Pillow's own, which has little, comes last.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_GRADIO = Path("templates/frontend/static/fonts/SourceSansPro/SourceSansPro-Regular.woff2")
_SYSTEM = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "arial.ttf",
    "Arial.ttf",
    "segoeui.ttf",
    "Arial Unicode.ttf",
    "NotoSansCJK-Regular.ttc",
    "wqy-microhei.ttc",
    "msyh.ttc",
    "YuGothM.ttc",
    "malgun.ttf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "AppleSDGothicNeo.ttc",
)
"""File names that Pillow looks for in the system's folders."""
_NO_LETTER = "\U000fffff"
"""A code point that no font has: it is drawn as what stands for letters that are not there."""


def font_for(text: str, size: int) -> Font:
    """A font that has all letters of a text, else the one that lacks the fewest.

    Args:
        text: What is written.
        size: Of the letters, in pixels.
    """
    lacking: dict[Font, int] = {}
    for font in _fonts(size):
        lacking[font] = _lacking(font, text)
        if not lacking[font]:
            break
    return min(lacking, key=lambda font: lacking[font])


@cache
def _fonts(size: int) -> tuple[Font, ...]:
    gradio = find_spec("gradio")  # looked for, not imported
    own = [str(Path(gradio.origin).parent / _GRADIO)] if gradio and gradio.origin else []
    found: list[Font] = []
    for name in (*own, *_SYSTEM):
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:
            continue
    return (*found, ImageFont.load_default(size))


def _lacking(font: Font, text: str) -> int:
    """How many letters of a text a font has no shape for."""
    return sum(_lacks(font, letter) for letter in set(text) if letter.strip())


@cache
def _lacks(font: Font, letter: str) -> bool:
    return _shape(font, letter) == _shape(font, _NO_LETTER)


def _shape(font: Font, letter: str) -> bytes:
    """What a letter looks like."""
    left, top, right, bottom = map(round, font.getbbox(letter))
    paper = Image.new("L", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(paper).text((-left, -top), letter, fill=255, font=font)
    return paper.tobytes()
