"""SD.Next: infotext with some keys of its own, and `App: SD.Next` among them.

Source: modules/processing_info.py of github.com/vladmandic/sdnext.
"""

from backend.metadata import infotext
from backend.metadata.dialect import dialect
from backend.metadata.dialects.a1111 import PLACES, tell
from backend.metadata.file_texts import FileTexts
from backend.metadata.teller import Teller
from backend.schema.catalogue import Catalogue
from backend.schema.readings import Reading

_PROGRAM = "SD.Next"
_KEYS = {"Variation strength": "Variation seed strength"}
"""Its name of a key, and A1111's."""
_NO_SETTINGS = {"Operations", "Pipeline", "Parser", "Index"}


@dialect(_PROGRAM)
def read(texts: FileTexts, catalogue: Catalogue) -> Reading | None:
    """Read infotext that names SD.Next."""
    for text in filter(None, map(texts.text, PLACES)):
        told = infotext.parse(text)
        if told.pairs.get("App") == _PROGRAM:
            pairs = {_KEYS.get(k, k): v for k, v in told.pairs.items() if k not in _NO_SETTINGS}
            teller = Teller(catalogue)
            for name in filter(None, pairs.pop("Embeddings", "").split(",")):
                teller.model("embedding", name)
            tell(infotext.Infotext(told.positive, told.negative, pairs), teller, catalogue)
            return teller.reading(_PROGRAM, text)
    return None
