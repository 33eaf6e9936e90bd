"""InvokeAI, whose database knows its models by name, wherever they lie.

Source: `config_default.py` (`invokeai.yaml`, version 4, and 3 with its paths two levels down) and
`sqlite_migrator/migrations` (tables `models`, `style_presets`, `wildcards`) in its repository.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from backend.library.installations.installation import Installation, Program, Root, outermost
from backend.library.installations.invokeai_database import DatabaseUnreadableError, rows
from backend.library.installations.settings import Settings, expanded, is_file, is_there
from backend.metadata.loose import Object, as_object, object_in, text_in
from backend.schema.models import ModelKind

_NAME = "InvokeAI"
_CONFIG, _DATABASE = "invokeai.yaml", "invokeai.db"
_KINDS = {
    "main": ModelKind.CHECKPOINT,
    "vae": ModelKind.VAE,
    "lora": ModelKind.LORA,
    "control_lora": ModelKind.LORA,
    "controlnet": ModelKind.CONTROLNET,
    "t2i_adapter": ModelKind.T2I_ADAPTER,
    "ip_adapter": ModelKind.IP_ADAPTER,
    "embedding": ModelKind.EMBEDDING,
    "clip_vision": ModelKind.CLIP_VISION,
    "clip_embed": ModelKind.TEXT_ENCODER,
    "t5_encoder": ModelKind.TEXT_ENCODER,
    "spandrel_image_to_image": ModelKind.UPSCALER,
    "flux_redux": ModelKind.STYLE_MODEL,
}


def _is_at(folder: Path) -> bool:
    marks = (_CONFIG, f"databases/{_DATABASE}")
    return any((folder / mark).is_file() for mark in marks)


def _read(folder: Path, label: str) -> Installation:
    settings = Settings(folder)
    config = folder / _CONFIG
    values = settings.yaml(config)
    old = object_in(object_in(values, "InvokeAI"), "Paths")

    def place(key: str, usual: str) -> Path:
        named = values.get(key) or old.get(key) or old.get(key.replace("outputs_", "out"))
        return settings.named(named, config, key) or folder / usual

    models, outputs = place("models_dir", "models"), place("outputs_dir", "outputs")
    database = place("db_dir", "databases") / _DATABASE
    databases = (database,) if is_file(database) else ()
    return Installation(
        program=_NAME,
        roots=(
            *_registered(settings, database, models, label),
            Root(models, f"{label}:models/"),
        ),
        styles=databases,
        wildcards=databases,
        outputs=outermost((outputs / "images",)),
        unclear=settings.unclear,
    )


def _registered(settings: Settings, database: Path, models: Path, label: str) -> Iterator[Root]:
    """The models that the database knows, by the names that it has for them.

    Paths that are not absolute begin at the folder of models.
    """
    if not is_file(database):
        return
    try:
        found = rows(database, "models", "config")
    except DatabaseUnreadableError as error:
        settings.note(database, f"Its models cannot be read: {error}.")
        return
    for (config,) in found:
        model = _parsed(config)
        name, path = text_in(model, "name"), text_in(model, "path")
        place = expanded(path, models) if name and path else None
        if place is None:
            settings.note(database, "A model has no name or no path.")
        elif not (is_file(place) or is_there(place)):
            settings.note(database, f"The model “{name}” is not at {path}.")
        else:
            yield _root(model, place, label)


def _root(model: Mapping[str, object], place: Path, label: str) -> Root:
    """A model by its name; InvokeAI has no two of one name, base and type."""
    kind, base, name = (text_in(model, key) for key in ("type", "base", "name"))
    ending = place.suffix if is_file(place) else ""
    plain = name.removesuffix(ending).replace("/", "-")
    return Root(place, f"{label}:{kind}/{base}/{plain}{ending}", _KINDS.get(kind), title=name)


def _parsed(config: object) -> Object:
    try:
        parsed: object = json.loads(config) if isinstance(config, str) else None
    except (ValueError, RecursionError):
        parsed = None
    return as_object(parsed)


PROGRAM = Program(_NAME, _is_at, _read)
