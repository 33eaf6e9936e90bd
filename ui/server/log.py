"""The log of the page's process: a file, so that the terminal stays readable."""

import logging
from logging.handlers import RotatingFileHandler
from pathlib import Path

_LARGEST = 2_000_000


def log_to(path: Path) -> None:
    """Write what happens to a file, the one before kept; without room for one, write nothing."""
    handler: logging.Handler
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=_LARGEST, backupCount=1, encoding="utf-8")
    except OSError:  # a full disk must not keep the page away
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)
    for chatty in ("httpx", "httpcore", "uvicorn", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
