"""What prompts say, as the starter model draws it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from backend.engine import run, sampling
from backend.engine.registry import find_sampler
from backend.engine.run import generate
from backend.metadata.own import read_metadata
from backend.schema.events import Event, ImageReady, Warned
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.schema.resolved import (
    ResolvedEmbedding,
    ResolvedRequest,
    ResolvedSampling,
    ResolvedSize,
)
from tests.fixtures.loaded import loaded
from tests.fixtures.short_memory import DRAW, READ, short_memory
from tests.fixtures.starter import STARTER, context_in, starter_request

pytestmark = pytest.mark.engine
STEPS = 4
SAMPLING = ResolvedSampling(sampler="euler", schedule="karras", steps=STEPS, cfg_scale=4.5)
USUAL = ResolvedSampling(sampler="dpmpp_2m", schedule="karras", steps=20, cfg_scale=4.5)
WHITE = "3d style, white background"


class Studio:
    """Draws small pictures, and looks at the latents after each step."""

    def __init__(self, folder: Path, kept: dict[str, object]) -> None:
        self.events: list[Event] = []
        self._folder = folder
        self._kept = kept
        self._jobs = 0

    def pictures(self, request: ResolvedRequest) -> list[np.ndarray]:
        """All pictures of a request, RGB, 0–255."""
        self._jobs += 1
        context = context_in(self._folder, job=f"{self._jobs:012x}", kept=self._kept)
        self.events = list(generate(request.model_dump(mode="json"), context))
        return [self._pixels(self.path(index)) for index in range(request.batch.pictures)]

    def draw(self, prompt: str, negative: str = "", **more: object) -> np.ndarray:
        return self.pictures(asked(prompt, negative, **more))[0]

    def path(self, index: int) -> Path:
        ready = [e for e in self.events if isinstance(e, ImageReady) and e.index == index]
        return self._folder / "outputs" / ready[0].path

    @property
    def warnings(self) -> list[str]:
        return [event.sentence for event in self.events if isinstance(event, Warned)]

    def _pixels(self, path: Path) -> np.ndarray:
        with Image.open(path) as picture:
            return np.asarray(picture.convert("RGB"), np.int16)


def asked(prompt: str, negative: str = "", **more: object) -> ResolvedRequest:
    words = PromptSettings(positive=prompt, negative=negative)
    return starter_request(sampling=SAMPLING).model_copy(update={"prompt": words, **more})


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # two that wait for each other take ten times as long
    yield Studio(tmp_path_factory.mktemp("prompts"), {})
    torch.set_num_threads(threads)


@pytest.fixture
def latents(studio, monkeypatch) -> Callable[..., list[Tensor]]:
    """The latents after each step of drawing a prompt."""
    seen: list[Tensor] = []

    def watched(name: str):
        def walk(*arguments):
            for step in find_sampler(name)(*arguments):
                seen.append(step.latents)
                yield step

        return walk

    monkeypatch.setattr(sampling, "find_sampler", watched)
    monkeypatch.setattr(run, "plan_pace", lambda *_: sampling.Pace(1))

    def latents(prompt: str, **more: object) -> list[Tensor]:
        seen.clear()
        studio.draw(prompt, **more)
        return [*seen]

    return latents


def redness(picture: np.ndarray) -> float:
    return float((picture[..., 0] - picture[..., 1:].mean(-1)).mean())


def blueness(picture: np.ndarray) -> float:
    return float((picture[..., 2] - picture[..., :2].mean(-1)).mean())


def test_a_word_in_brackets_counts_more_or_less(studio):
    words = ("(blue:0.5)", "blue", "(blue:1.4)")
    usual = {"size": ResolvedSize(width=128, height=128), "sampling": USUAL}
    less, plain, more = (studio.draw(f"{word} star, {WHITE}", **usual) for word in words)

    assert blueness(less) < blueness(plain) < blueness(more)


@pytest.mark.parametrize("same", ["(red:1.0) apple, {}", r"((red:0.5):2) apple, {}"])
def test_a_weight_of_one_changes_nothing(studio, same):
    prompt = same.format(WHITE)
    assert np.abs(studio.draw(prompt) - studio.draw(f"red apple, {WHITE}")).max() <= 3


def test_an_edited_prompt_is_the_first_until_its_step_and_differs_after_it(latents):
    first = latents(f"red apple, {WHITE}")
    edited = latents(f"[red apple:cactus:0.5], {WHITE}")

    alike = [torch.equal(*pair) for pair in zip(first, edited, strict=True)]
    assert alike == [True] * 2 + [False] * 2


def test_prompts_that_take_turns_begin_alike_and_read_each_text_once(latents, studio):
    first = latents(f"red apple, {WHITE}")
    with short_memory() as memory:
        turns = latents("[red apple|cactus|pizza], 3d style, blue background")

    assert memory.calls.count(READ) == 3
    assert memory.calls.count(DRAW) == STEPS
    other = latents("red apple, 3d style, blue background")
    assert torch.equal(turns[0], other[0])
    assert not torch.equal(turns[1], other[1])
    assert not torch.equal(turns[0], first[0])


def test_a_step_of_a_sampler_with_two_calls_is_one_step(latents):
    heun = SAMPLING.model_copy(update={"sampler": "heun"})
    first = latents(f"red apple, {WHITE}", sampling=heun)
    edited = latents(f"[red apple:cactus:2], {WHITE}", sampling=heun)

    alike = [torch.equal(*pair) for pair in zip(first, edited, strict=True)]
    assert alike == [True] * 4 + [False] * (2 * STEPS - 1 - 4)


def test_the_negative_prompt_can_change_on_the_way(studio):
    plain = studio.draw(f"panda, {WHITE}", "red")
    assert not np.array_equal(plain, studio.draw(f"panda, {WHITE}", "[red:blue:0.5]"))
    assert np.array_equal(plain, studio.draw(f"panda, {WHITE}", "[red:blue:4]"))


def test_a_long_prompt_is_heard_to_its_last_word(studio):
    long = "apple, " * 75
    red, blue = (studio.draw(f"{long}3d style, {colour} background") for colour in ("red", "blue"))
    corner = (slice(0, 6), slice(0, 6))

    assert redness(red[corner]) > redness(blue[corner]) + 30


def test_a_break_begins_a_new_piece(studio):
    assert not np.array_equal(
        studio.draw(f"red apple BREAK {WHITE}"), studio.draw(f"red apple {WHITE}")
    )


def test_and_draws_both(studio):
    apple, both = studio.draw(f"red apple, {WHITE}"), f"red apple, {WHITE} AND cactus, {WHITE}"

    with short_memory() as memory:
        drawn = studio.draw(both)

    assert memory.calls.count(DRAW) == STEPS, "one call of the network reads all prompts"
    assert not np.array_equal(drawn, apple)
    assert np.abs(studio.draw(f"{both} :0") - apple).max() <= 3, "what weighs nothing is not there"
    halves = studio.draw(f"red apple, {WHITE} :0.5 AND red apple, {WHITE} :0.5")
    assert np.abs(halves - apple).max() <= 3, "two halves are a whole"


def test_each_picture_draws_its_own_choice_as_if_alone(studio):
    choices = [PromptSettings(positive=f"{each}, {WHITE}") for each in ("red apple", "cactus")]
    template = asked(f"{{red apple|cactus}}, {WHITE}", batch=BatchSettings(size=2), seed=5)

    both = studio.pictures(template.model_copy(update={"expanded": dict(enumerate(choices))}))
    told = read_metadata(studio.path(1))
    alone = [studio.draw(each.positive, seed=5 + place) for place, each in enumerate(choices)]

    assert all(np.array_equal(*pair) for pair in zip(both, alone, strict=True))
    assert told is not None
    assert told.request.prompt.positive == f"{{red apple|cactus}}, {WHITE}"
    assert told.request.expanded == {1: choices[1]}, "of the others it need not know"


@pytest.fixture(scope="module")
def fruit(tmp_path_factory) -> ResolvedEmbedding:
    """An embedding whose vectors are those of the words “red apple”."""
    model = loaded("sd15", STARTER)
    reader = model.encode.__self__
    table = reader._encoder.get_input_embeddings().weight
    numbers = reader._tokenizer("red apple", add_special_tokens=False).input_ids
    path = tmp_path_factory.mktemp("embeddings") / "fruit.safetensors"
    save_file({"emb_params": table[numbers].detach().clone()}, path)
    return ResolvedEmbedding(name="fruit", id="embeddings/fruit.safetensors", path=str(path))


@pytest.mark.parametrize("name", ["fruit", "embedding:Fruit.safetensors"])
def test_an_embedding_draws_what_its_vectors_mean(studio, fruit, name):
    words = studio.draw(f"(red apple:1.2), {WHITE}")

    assert np.array_equal(studio.draw(f"({name}:1.2), {WHITE}", embeddings=(fruit,)), words)
    told = read_metadata(studio.path(0))
    assert told is not None
    assert told.request.embeddings[0].path == fruit.id, "no place of this machine is told"
    assert not np.array_equal(studio.draw(f"({name}:1.2), {WHITE}"), words)


def test_what_has_no_effect_is_told(studio):
    studio.draw("apple __nowhere__ embedding:ghost", "<lora:ink:0.5>")

    assert len(studio.warnings) == 3
    assert "No embedding “ghost”" in studio.warnings[2]
    assert "<lora:ink:0.5> in the negative prompt has no effect" in studio.warnings[0]
    assert "no wildcard “nowhere”" in studio.warnings[1]
    studio.draw(f"[red:blue:0.5] (apple:1.2) AND fog BREAK {WHITE}")
    assert not studio.warnings
