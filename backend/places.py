"""Where Easel keeps things on disk."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The folders of one installation; all exist only once something is written to them."""

    root: Path
    """The folder that holds `app.py`."""
    outputs: Path
    """Finished pictures, by date."""
    data: Path
    """The journal, the gallery index, thumbnails, locks and logs."""
    models: Path
    """Checkpoints, each a file or a folder."""

    @property
    def presets(self) -> Path:
        """Presets that ship with Easel."""
        return self.root / "presets"

    @property
    def wildcards(self) -> Path:
        """A person's own lists for `__name__` in prompts, beside the models."""
        return self.models.parent / "wildcards"

    @property
    def styles(self) -> Path:
        """A person's own styles, beside the models; a file `styles.csv` there counts too."""
        return self.models.parent / "styles"


def default_places() -> Places:
    """The folders beside `app.py`, unless EASEL_OUTPUTS, EASEL_DATA or EASEL_MODELS name others."""
    root = Path(__file__).resolve().parent.parent

    def place(name: str) -> Path:
        return Path(os.environ.get(f"EASEL_{name.upper()}", root / name)).expanduser().resolve()

    return Places(root, place("outputs"), place("data"), place("models"))
