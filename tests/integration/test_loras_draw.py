"""LoRAs as the starter model draws with them: on and off, stacked, and wherever weights lie."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from backend.engine.adapters.shelf import Shelf
from backend.engine.memory.placing import How, Placing
from backend.engine.run import generate
from backend.schema.errors import ModelDamagedError, ModelError, NotFoundError
from backend.schema.events import Event, ImageReady
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.schema.resolved import ResolvedLora, ResolvedRefiner, ResolvedSampling
from tests.fixtures.base_weights import fingerprint, is_plain
from tests.fixtures.starter import STARTER, context_in, starter_request

pytestmark = pytest.mark.engine
SAMPLING = ResolvedSampling(sampler="euler", schedule="karras", steps=3, cfg_scale=4.5)
APPLE = "red apple, 3d style, white background"


class Studio:
    """Draws small pictures with one engine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kept: dict[str, object] = {}
        self.loras: list[ResolvedLora] = []
        self._jobs = 0

    def draw(self, prompt: str = APPLE, **more: object) -> list[np.ndarray]:
        """All pictures of a request, RGB, 0–255."""
        self._jobs += 1
        changed = {
            "prompt": PromptSettings(positive=prompt),
            "loras": tuple(self.loras),
            "sampling": SAMPLING,
            **more,
        }
        request = starter_request().model_copy(update=changed)
        context = context_in(self.folder, job=f"{self._jobs:012x}", kept=self.kept)
        self.events: list[Event] = list(generate(request.model_dump(mode="json"), context))
        ready = [event for event in self.events if isinstance(event, ImageReady)]
        ready.sort(key=lambda event: event.index)
        return [self._pixels(self.folder / "outputs" / event.path) for event in ready]

    def add(self, name: str, tensors: dict[str, Tensor]) -> Path:
        path = self.folder / f"{name}.safetensors"
        save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, path)
        self.loras = [each for each in self.loras if each.name != name]
        self.loras.append(ResolvedLora(name=name, id=f"loras/{name}", path=str(path)))
        return path

    @property
    def model(self) -> Any:
        residency: Any = self.kept["residency"]
        return next(iter(residency._held.values())).model

    def _pixels(self, path: Path) -> np.ndarray:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"), np.int16)


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    made = Studio(tmp_path_factory.mktemp("loras"))
    made.add("ink", kohya(unet(), "lora_unet", 4))
    made.add("tone", kohya(unet(), "lora_unet", 5))
    made.add("words", kohya(words(), "lora_te", 6))
    yield made
    torch.set_num_threads(threads)


def unet() -> dict[str, torch.Size]:
    return layers("unet", ("attn", "ff", "proj"))


def words() -> dict[str, torch.Size]:
    """What kohya's trainer changes of a text encoder at the least: queries and values."""
    return layers("text_encoder", ("q_proj", "v_proj"))


def layers(part: str, among: tuple[str, ...]) -> dict[str, torch.Size]:
    [file] = (STARTER / part).glob("*.safetensors")
    return {
        name.removesuffix(".weight"): tensor.shape
        for name, tensor in load_file(file).items()
        if name.endswith(".weight") and tensor.ndim > 1 and any(word in name for word in among)
    }


def kohya(shapes: dict[str, torch.Size], prefix: str, seed: int) -> dict[str, Tensor]:
    """A LoRA that changes all layers visibly."""
    dice = torch.Generator().manual_seed(seed)
    tensors: dict[str, Tensor] = {}
    for layer, shape in shapes.items():
        name = f"{prefix}_{layer.replace('.', '_')}"
        down = torch.randn(4, *shape[1:], generator=dice) / shape[1:].numel() ** 0.5
        up = torch.randn(shape[0], 4, *[1] * (len(shape) - 2), generator=dice) * 0.1
        tensors |= {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up}
        tensors[f"{name}.alpha"] = torch.tensor(4.0)
    return tensors


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


def distance(one: list[np.ndarray], other: list[np.ndarray]) -> float:
    return float(np.abs(one[0] - other[0]).mean())


def test_a_lora_changes_the_picture_and_is_gone_with_its_tag(studio):
    plain = studio.draw()
    inked = studio.draw(f"{APPLE} <lora:ink:1>")

    assert distance(inked, plain) > 1
    assert same(studio.draw(), plain)
    assert same(studio.draw(f"{APPLE} <lora:ink:1>"), inked)
    assert same(studio.draw(f"{APPLE} <lora:ink:0>"), plain)


def test_weights_count_and_add_up(studio):
    plain, whole = studio.draw(), studio.draw(f"{APPLE} <lora:ink:1>")
    half = studio.draw(f"{APPLE} <lora:ink:0.5>")

    assert 0 < distance(half, plain) < distance(whole, plain)
    assert same(studio.draw(f"{APPLE} <lora:ink:0.25> <lora:ink:0.25>"), half)


def test_a_text_encoder_s_lora_follows_its_own_weight(studio):
    plain = studio.draw()

    heard = studio.draw(f"{APPLE} <lora:words:0:1>")
    assert distance(heard, plain) > 1, "a file with queries and values alone is enough"
    assert same(studio.draw(f"{APPLE} <lora:words:1:0>"), plain)
    assert same(studio.draw(), plain), "what the changed encoder said is not taken for its own"


def test_several_act_at_once_whatever_their_order(studio):
    ink, tone = studio.draw(f"{APPLE} <lora:ink:0.6>"), studio.draw(f"{APPLE} <lora:tone:0.6>")

    both = studio.draw(f"{APPLE} <lora:ink:0.6> <lora:tone:0.6>")

    assert distance(both, ink) > 1
    assert distance(both, tone) > 1
    assert same(studio.draw(f"<lora:tone:0.6>{APPLE} <lora:ink:0.6>"), both)


def test_pictures_of_one_batch_each_have_their_own(studio):
    prompts = [f"{APPLE} <lora:ink:{weight}>" for weight in (1, 0.5, 1)] + [APPLE]
    expanded = {n: PromptSettings(positive=prompt) for n, prompt in enumerate(prompts)}
    alone = [studio.draw(prompt, seed=7 + n)[0] for n, prompt in enumerate(prompts)]

    together = studio.draw(seed=7, batch=BatchSettings(size=2, count=2), expanded=expanded)

    assert same(together, alone)


def test_a_refiner_of_the_same_family_wears_them_too(studio):
    model = starter_request().model
    itself = ResolvedRefiner(model=model, switch_at=0.5)

    assert same(
        studio.draw(f"{APPLE} <lora:ink:1>", refiner=itself), studio.draw(f"{APPLE} <lora:ink:1>")
    )


def test_another_file_under_the_same_name_is_read_anew(studio):
    studio.add("changing", kohya(unet(), "lora_unet", 8))
    first = studio.draw(f"{APPLE} <lora:changing:1>")
    studio.add("changing", kohya(words(), "lora_te", 9))

    assert not same(studio.draw(f"{APPLE} <lora:changing:1>"), first)


def test_a_file_is_read_once_while_it_is_used(studio, monkeypatch):
    studio.draw(f"{APPLE} <lora:ink:1>")
    monkeypatch.setattr("backend.engine.adapters.shelf.read_adapter", None)
    studio.draw(f"{APPLE} <lora:ink:0.4>")

    shelf = studio.kept["adapters"]
    assert isinstance(shelf, Shelf)
    shelf.free_memory()
    with pytest.raises(TypeError):
        studio.draw(f"{APPLE} <lora:ink:0.4>")


def broken(studio: Studio, kind: str) -> Path:
    tensors = kohya(unet(), "lora_unet", 4)
    name = next(iter(tensors)).removesuffix(".lora_down.weight")
    if kind == "half of a pair":
        del tensors[f"{name}.lora_up.weight"]
    elif kind == "a layer too much":
        for matrix in ("up", "down"):
            tensors[f"{name}_more.lora_{matrix}.weight"] = torch.zeros(4, 4)
    elif kind == "another size":
        wide = tensors[f"{name}.lora_down.weight"]
        tensors[f"{name}.lora_down.weight"] = torch.cat([wide, wide], 1)
    elif kind == "an unknown kind":
        tensors[f"{name}.oft_blocks"] = torch.zeros(2, 2, 2)
    path = studio.add("broken", tensors)
    if kind == "cut short":
        path.write_bytes(path.read_bytes()[:5000])
    if kind == "gone":
        path.unlink()
    return path


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("half of a pair", ModelDamagedError, "half is missing"),
        ("a layer too much", ModelError, r"only (\d+) of the \d+ layers .*_more"),
        ("another size", ModelError, "does not fit"),
        ("an unknown kind", ModelError, "does not know.*oft_blocks"),
        ("cut short", ModelDamagedError, "cannot be read"),
        ("gone", ModelError, "There is no LoRA at"),
    ],
)
def test_a_file_that_does_not_fit_whole_is_refused_and_leaves_nothing(studio, kind, error, words):
    plain, before = studio.draw(), fingerprint(studio.model)
    broken(studio, kind)

    with pytest.raises(error, match=words):
        studio.draw(f"{APPLE} <lora:ink:1> <lora:broken:1> <lora:words:1>")

    assert fingerprint(studio.model) == before
    assert is_plain(studio.model)
    assert same(studio.draw(), plain)


def test_a_name_without_a_file_is_refused(studio):
    with pytest.raises(NotFoundError, match="no LoRA “nobody”"):
        studio.draw(f"{APPLE} <lora:nobody:1>")


@pytest.mark.parametrize(
    ("placement", "storage", "parked"), [("leaf", "fp8", "ram"), ("group", "full", "disk")]
)
def test_wherever_weights_lie_they_stay_what_they_are(
    studio, monkeypatch, placement, storage, parked
):
    part = How(placement, storage)
    whole = How("resident" if placement == "resident" else "model")
    lie = Placing({"diffusion_model": part, "clip_l": part, "vae": whole}, parked)
    monkeypatch.setattr("backend.engine.work.Planner.placing", lambda *_: lie)
    prompt = f"{APPLE} <lora:ink:0.7> <lora:words:1>"
    plain = studio.draw()
    before = fingerprint(studio.model)

    inked = studio.draw(prompt)

    assert distance(inked, plain) > 1
    assert fingerprint(studio.model) == before
    assert is_plain(studio.model)
    assert same(studio.draw(), plain)
    assert same(studio.draw(prompt), inked)
