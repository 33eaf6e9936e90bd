"""Translates what pip prints into words for a person."""

import re

from backend.setup.errors import SetupError

NAME = r"(?P<name>[A-Za-z0-9][A-Za-z0-9._]*?)-\d"
FILE = re.compile(rf"\s*(?:Downloading|Using cached|Processing)\s+(?:\S*[/\\])?{NAME}\S*\.whl\S*")
SIZE = re.compile(r"\((?P<amount>[\d.]+) (?P<unit>[kMG]?B)\)")
PROGRESS = re.compile(r"Progress (?P<done>\d+) of (?P<whole>\d+)")
UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9}

AGAIN = "start the same command again; it goes on where it stopped."
NO_NETWORK = (
    r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|NameResolutionError"
    r"|Temporary failure in name resolution|Failed to resolve|getaddrinfo failed"
    r"|Network is unreachable|Connection refused|Connection broken|Read timed out"
    r"|RemoteDisconnected|incomplete-download"
)
TROUBLES: tuple[tuple[str, str, str], ...] = (
    (
        r"No space left on device|\[Errno 28\]|not enough space on the disk",
        "The disk became full while Easel was being set up.",
        f"Make room, then {AGAIN}",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The package index's certificate is not trusted, as behind some company networks.",
        "Set the environment variable PIP_CERT to your network's certificate file, and try again.",
    ),
    (
        r"ProxyError|Cannot connect to proxy",
        "The proxy that this machine is told to use does not answer.",
        f"Check the HTTPS_PROXY setting, then {AGAIN}",
    ),
    (
        NO_NETWORK,
        "The package index cannot be reached.",
        f"Check the internet connection, then {AGAIN}",
    ),
    (
        r"Permission denied|\[Errno 13\]|\[WinError 5\]|Read-only file system",
        "Easel may not write to its own folder.",
        "Give yourself the right to write there, or move Easel to a folder of your own.",
    ),
    (
        r"Long Path support",
        "The folder's path is too long for Windows.",
        r"Move Easel to a shorter one, such as C:\easel, and start it again.",
    ),
    (
        r"DO NOT MATCH THE HASHES|BadZipFile|is not a valid wheel",
        "A download arrived damaged.",
        "Start the same command again; it is fetched anew.",
    ),
    (
        r"No matching distribution found|ResolutionImpossible|from versions: none",
        "The package index does not offer what Easel needs for this Python and system.",
        "Try Python 3.12 or 3.13, or another --torch; the log below names the package.",
    ),
)


def package_in(line: str) -> str:
    """The package that a line says is being taken; empty when it says something else."""
    found = FILE.match(line)
    return found["name"].replace("_", "-") if found else ""


def size_in(line: str) -> int:
    """The size that a line names, in bytes; 0 when it names none."""
    found = SIZE.search(line)
    return int(float(found["amount"]) * UNITS[found["unit"]]) if found else 0


def progress_in(line: str) -> tuple[int, int] | None:
    """Bytes done and bytes in all, where a line tells them."""
    found = PROGRESS.match(line)
    return (int(found["done"]), int(found["whole"])) if found else None


def explain(output: str, log: str) -> SetupError:
    """The error for what pip said before it gave up."""
    for pattern, sentence, hint in TROUBLES:
        if re.search(pattern, output):
            return SetupError(sentence, f"{hint} (Log: {log})")
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    last = errors[-1].removeprefix("ERROR:").strip() if errors else "it did not say why"
    return SetupError(
        f"pip could not install what Easel needs: {last}",
        f"Start the same command again; if that does not help, the log is {log}.",
    )
