"""JSON that stands bare among infotext's pairs, as CivitAI and its extension for A1111 write it.

`Hashes: {"model": "…", "vae": "…"}` would end at its first comma; quoted, it is one value.
"""

import json
import re

_PLACES = re.compile(r'"(?:\\.|[^\\"])+"|:\s*(?=[\[{])')
_DECODER = json.JSONDecoder()


def quoted(line: str) -> str:
    """A line of pairs whose bare JSON is quoted; what only looks like JSON stays as it is."""
    pieces: list[str] = []
    done = 0
    for place in _PLACES.finditer(line):
        if place.start() < done or place[0].startswith('"'):
            continue
        start = place.end()
        try:
            _, end = _DECODER.raw_decode(line, start)
        except (ValueError, RecursionError):
            continue
        pieces += [line[done:start], json.dumps(line[start:end], ensure_ascii=False)]
        done = end
    return "".join([*pieces, line[done:]])
