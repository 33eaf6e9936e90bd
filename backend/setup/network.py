"""Whether a package index answers."""

import urllib.error
import urllib.request

PATIENCE_SECONDS = 6.0


def reaches(address: str) -> bool:
    """Whether an address answers at all, within a few seconds."""
    request = urllib.request.Request(address, method="HEAD")  # noqa: S310  our own https address
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS):  # noqa: S310
            return True
    except urllib.error.HTTPError as answer:
        return answer.code < 500  # noqa: PLR2004  it is there, even where it wants another method
    except (OSError, ValueError):
        return False
