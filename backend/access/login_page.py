"""The log-in page: one form in one file, which works without JavaScript."""

from html import escape
from importlib.resources import files
from string import Template

STYLE_PATH = "/login.css"


def render_login_page(sentence: str = "", goal: str = "/") -> str:
    """The page's HTML.

    Args:
        sentence: What went wrong before, in words; empty for the first try.
        goal: The path to go to afterwards.
    """
    template = Template(_file("login.html"))
    return template.substitute(sentence=escape(sentence), goal=escape(own_path(goal)))


def login_style() -> str:
    """The page's style sheet."""
    return _file("login.css")


def own_path(goal: str) -> str:
    """`goal` where it is a path on this server, otherwise `/`: no way out to another site."""
    plain = goal.startswith("/") and goal[1:2] not in {"/", "\\"} and goal.isprintable()
    return goal if plain and not goal.startswith("/login") else "/"


def _file(name: str) -> str:
    return files("backend.access").joinpath(name).read_text(encoding="utf-8")
