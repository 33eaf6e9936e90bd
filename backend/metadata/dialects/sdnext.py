"""SD.Next: infotext with some keys of its own, and `App: SD.Next` among them.

Source: modules/processing_info.py of github.com/vladmandic/sdnext.
"""

import re
from collections.abc import Mapping

from backend.metadata import infotext
from backend.metadata.dialect import dialect
from backend.metadata.dialects.a1111 import PLACES, tell
from backend.metadata.file_texts import FileTexts
from backend.metadata.teller import Teller
from backend.schema.catalogue import Catalogue
from backend.schema.control_settings import UNITS
from backend.schema.fields import Scalar
from backend.schema.readings import Reading

_PROGRAM = "SD.Next"
_KEYS = {"Variation strength": "Variation seed strength"}
"""Its name of a key, and A1111's."""
_NO_SETTINGS = {"Operations", "Pipeline", "Parser", "Index"}
_OF_UNITS: Mapping[str, str] = {
    "Control conditioning": "weight",
    "Control start": "start",
    "Control end": "end",
    "Control model": "model",
    "Control type": "",
    "Control mode": "",
    "Control process": "",
}
"""What it tells of several units, each a list."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


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
            units = {key: pairs.pop(key, "") for key in _OF_UNITS}
            tell(infotext.Infotext(told.positive, told.negative, pairs), teller, catalogue)
            _tell_units(units, teller)
            return teller.reading(_PROGRAM, text)
    return None


def _tell_units(told: Mapping[str, str], teller: Teller) -> None:
    """The units; their models are parted by semicolons."""
    models = [name.strip() for name in told["Control model"].split(";") if name.strip()]
    numbers = {
        field: _NUMBER.findall(told[key])
        for key, field in _OF_UNITS.items()
        if field and field != "model"
    }
    for number, name in enumerate(models, 1):
        own: dict[str, Scalar] = {f"control{number}.model": name}
        for field, values in numbers.items():
            if number <= len(values):
                own[f"control{number}.{field}"] = float(values[number - 1])
        teller.unit(number, own if number <= UNITS else {}, name)
    teller.unused("Control process", told["Control process"])
