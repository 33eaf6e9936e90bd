"""HTML that is drawn when it is asked for: templates in `fragments`, filled with what people wrote.

Whatever is filled in is text, never markup: Jinja escapes it.
"""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FunctionLoader, StrictUndefined

from ui.elements import with_icons

FRAGMENTS = Path(__file__).parent / "fragments"


class Fragments:
    """The templates, each read once."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FunctionLoader(_source),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )

    def draw(self, name: str, values: Mapping[str, object]) -> str:
        """The HTML of a template with these values.

        Raises:
            jinja2.UndefinedError: When the template names a value that is not there.
        """
        return self._environment.get_template(f"{name}.html").render(values)


def _source(name: str) -> str:
    return with_icons((FRAGMENTS / name).read_text(encoding="utf-8"))
