"""The whole story of a request with pictures that are read, with the starter model."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import save_file

from backend.engine.control.image_encoder import ImageEyes
from backend.engine.run import generate
from backend.schema.controls import ResolvedControl
from backend.schema.events import ImageReady, Stage
from backend.schema.resolved import ResolvedRequest
from backend.schema.source_settings import ResolvedPicture
from tests.fixtures.controls import ip_adapter_model
from tests.fixtures.loaded import loaded
from tests.fixtures.starter import STARTER, context_in, of_type, starter_request
from tests.fixtures.tiny_ip_adapters import ip_adapter, save_image_encoder

pytestmark = pytest.mark.engine


@pytest.fixture
def units(tmp_path) -> tuple[ResolvedControl, ...]:
    """Two pictures of unequal weights, read by one adapter."""
    unet = loaded("sd15", STARTER).unet
    save_file(ip_adapter("plus", unet), tmp_path / "adapter.safetensors")
    encoder = save_image_encoder(tmp_path / "encoder.safetensors")
    model = ip_adapter_model(tmp_path / "adapter.safetensors", encoder)
    colours = ("red", "blue")
    for colour in colours:
        Image.new("RGB", (70, 40), colour).save(tmp_path / f"{colour}.png")
    return tuple(
        ResolvedControl(
            number=number,
            picture=ResolvedPicture(reference=colour, path=f"{tmp_path}/{colour}.png", sha256=""),
            model=model,
            weight=0.5 / number,
            end=0.7,
        )
        for number, colour in enumerate(colours, 1)
    )


def test_a_request_is_drawn_with_its_pictures_each_looked_at_once(tmp_path, units, monkeypatch):
    looked: list[Image.Image] = []
    see = ImageEyes.see

    def count(eyes: ImageEyes, picture: Image.Image, *more: Any) -> Any:
        looked.append(picture)
        return see(eyes, picture, *more)

    monkeypatch.setattr(ImageEyes, "see", count)
    kept: dict[str, object] = {}
    told: list[Stage] = []

    def pixels(job: str, *controls: ResolvedControl) -> np.ndarray:
        wanted: ResolvedRequest = starter_request().model_copy(update={"controls": controls})
        events = list(
            generate(wanted.model_dump(mode="json"), context_in(tmp_path, job=job * 12, kept=kept))
        )
        told.extend(of_type(events, Stage))
        [ready] = of_type(events, ImageReady)
        with Image.open(Path(tmp_path, "outputs", ready.path)) as picture:
            return np.asarray(picture.convert("RGB"), dtype=float)

    without, first = pixels("a"), pixels("b", units[0])
    both = pixels("c", *units)

    assert len(looked) == 2
    assert np.abs(first - without).mean() > 1
    assert np.abs(both - first).mean() > 0.5
    assert np.array_equal(pixels("d", *units), both)
    assert np.array_equal(pixels("e"), without)
    assert len(looked) == 2
    assert [stage.sentence for stage in told].count("Looking at adapter") == 1
