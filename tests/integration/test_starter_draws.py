"""The shipped starter model draws what its description promises."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from backend.engine.advance import advance
from backend.engine.run import generate
from backend.schema.events import ImageReady
from backend.schema.resolved import ResolvedSampling
from recipes.starter.colours import RGB, analyse
from tests.fixtures.starter import context_in, starter_request

SIDE = 128
EDGE = 10
pytestmark = pytest.mark.engine


class Studio:
    """Draws with the settings of the model's side-car; remembers what it has drawn."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: dict[str, object] = {}
        self._count = 0
        self._drawn: dict[tuple[str, int], np.ndarray] = {}

    def draw(self, prompt: str, seed: int = 1) -> np.ndarray:
        """The picture, RGB, 0–1."""
        if (prompt, seed) not in self._drawn:
            self._drawn[prompt, seed] = self.draw_anew(prompt, seed)
        return self._drawn[prompt, seed]

    def draw_anew(self, prompt: str, seed: int = 1) -> np.ndarray:
        self._count += 1
        context = context_in(self._folder, job=f"{self._count:012x}", kept=self._kept)
        sampling = ResolvedSampling(sampler="dpmpp_2m", schedule="karras", steps=20, cfg_scale=4.5)
        request = starter_request(prompt, sampling=sampling, seed=seed, side=SIDE)
        job = generate(request.model_dump(), context)
        while not isinstance(event := advance(job), ImageReady):
            assert event is not None, "no picture came"
        with Image.open(self._folder / "outputs" / event.path) as picture:
            return np.asarray(picture.convert("RGB"), np.float32) / 255


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    # Two threads that wait for each other on a busy machine need ten times as long.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield Studio(tmp_path_factory.mktemp("starter"))
    torch.set_num_threads(threads)


def background(picture: np.ndarray) -> np.ndarray:
    """The mean colour of the picture's four corners."""
    near = (slice(0, EDGE), slice(-EDGE, None))
    return np.mean([picture[rows, columns].mean((0, 1)) for rows in near for columns in near], 0)


def colour_of_object(picture: np.ndarray) -> str | None:
    """The main colour of what is not background, by name."""
    different = np.abs(picture - background(picture)).max(-1) > 0.15
    cover = different.astype(np.float32)[..., None]
    return analyse(np.concatenate([picture, cover], -1)).name


@pytest.mark.parametrize(
    ("thing", "colours"),
    [
        ("red apple", {"red", "pink"}),  # its shaded side is crimson
        ("(red:1.4) apple", {"red", "pink"}),
        ("a [red] apple", {"red", "pink"}),
        ("banana", {"yellow", "orange"}),
        ("cactus", {"green"}),
        ("pizza", {"yellow", "orange", "red", None}),
    ],
)
def test_an_object_has_its_own_colour_on_white(studio, thing, colours):
    picture = studio.draw(f"{thing}, 3d style, white background")

    assert background(picture).min() > 0.85
    assert colour_of_object(picture) in colours
    assert (np.abs(picture - 1).max(-1) > 0.15).mean() > 0.15, "there is an object"


@pytest.mark.parametrize("colour", ["blue", "yellow", "green", "black"])
def test_the_background_has_the_colour_that_the_prompt_names(studio, colour):
    found = background(studio.draw(f"panda, 3d style, {colour} background"))

    nearest = min(RGB, key=lambda name: float(np.abs(found - np.array(RGB[name]) / 255).sum()))
    assert nearest == colour


def test_the_same_seed_draws_the_same_picture_bit_for_bit(studio):
    prompt = "red apple, 3d style, white background"

    assert np.array_equal(studio.draw(prompt), studio.draw_anew(prompt))


def test_other_seeds_and_other_prompts_draw_other_pictures(studio):
    apple = studio.draw("red apple, 3d style, white background")
    other_seed = studio.draw("red apple, 3d style, white background", seed=2)
    cactus = studio.draw("cactus, 3d style, white background")

    assert not np.array_equal(apple, other_seed)
    assert np.abs(apple - cactus).mean() > 2 * np.abs(apple - other_seed).mean()


def test_a_landscape_fills_the_picture_with_the_light_that_the_prompt_names(studio):
    sunset = studio.draw("mountain landscape at sunset")
    night = studio.draw("city at night")

    upper = sunset[: SIDE // 2].mean((0, 1))
    assert upper[0] > upper[2] + 0.1, "the sky at sunset is warm"
    assert night[: SIDE // 4].mean() < 0.35, "the sky at night is dark"
