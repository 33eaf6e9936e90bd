"""What steps see: variations and captions, what is kept on the disk, and what is never stale."""

import os
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from backend.dataset.captions import orders
from backend.engine.families.encoding import as_pixels
from backend.engine.training import examples as examples_module
from backend.engine.training.cache import EncodingCache
from backend.engine.training.examples import Encoding
from backend.engine.training.learning import Learning
from backend.engine.training.predicting import prediction_of
from backend.engine.training.seeing import Seeing
from backend.engine.training.variations import Variation, variations
from backend.schema.errors import TrainingError
from backend.schema.events import Stage
from backend.schema.resolved import ResolvedComponent, ResolvedModel
from backend.schema.training import LearnedPicture, ResolvedTraining, TrainingRequest
from backend.schema.training_data import DatasetSettings
from tests.fixtures.loaded import loaded

pytestmark = pytest.mark.usefixtures("one_thread")

SIDE = 32


@pytest.fixture(scope="module")
def model(folders):
    return loaded("sd15", folders("sd15"))


@pytest.fixture
def wanted(tmp_path):
    """Some pictures; `regular` is how many of them are of the class."""

    def training(count=3, regular=0, vae=None, **asked):
        parts = [ResolvedComponent(role="vae", id="vae", path=str(vae))] if vae else []
        pictures: list[LearnedPicture] = []
        for number in range(count):
            path = tmp_path / f"{number}.png"
            if not path.exists():
                values = np.random.default_rng(number).integers(0, 256, (SIDE, 48, 3), np.uint8)
                Image.fromarray(values).save(path)
            pictures.append(
                LearnedPicture(
                    path=str(path),
                    caption=f"zkw7, number {number}, red, round",
                    repeats=1,
                    width=SIDE,
                    height=SIDE,
                    regular=number >= count - regular,
                )
            )
        return ResolvedTraining(
            id="0",
            asked=TrainingRequest.from_short_names({"caption_dropout": 0.0} | asked),
            model=ResolvedModel(
                checkpoint="tiny",
                name="Tiny",
                path="tiny",
                family="sd15",
                sha256="0" * 64,
                components=tuple(parts),
            ),
            resolution=SIDE,
            pictures=tuple(pictures),
            name="zkw7",
        )

    return training


@pytest.fixture
def encoded(model, tmp_path, monkeypatch):
    """Examples, what was told on the way, and how much had to be encoded for them."""
    counts = Counter()
    encode, said = examples_module.encode, type(model).encode_prompts

    def counting(*given):
        counts["pictures"] += 1
        return encode(*given)

    def hearing(self, *given, **named):
        counts["captions"] += 1
        return said(self, *given, **named)

    monkeypatch.setattr(examples_module, "encode", counting)
    monkeypatch.setattr(type(model), "encode_prompts", hearing)

    def encoding(wanted, *, until=None):
        counts.clear()
        work = Encoding(model, wanted, EncodingCache(tmp_path / "encoded")).examples()
        told = []
        while True:
            try:
                event = next(work)
            except StopIteration as end:
                return end.value, told, dict(counts)
            assert isinstance(event, Stage)
            if event.sentence not in told:
                told.append(event.sentence)
            if event.sentence == until:
                work.close()
                return None, told, dict(counts)

    return encoding


def test_what_was_encoded_stays_and_what_changed_is_encoded_anew(encoded, wanted, tmp_path):
    (tmp_path / "vae.safetensors").write_bytes(b"one")
    vae = tmp_path / "vae.safetensors"

    assert encoded(wanted())[1:] == (
        [
            *(f"Encoding picture {number} of 3" for number in (1, 2, 3)),
            *(f"Encoding caption {number} of 4" for number in (1, 2, 3, 4)),
        ],
        {"pictures": 3, "captions": 4},
    )
    assert encoded(wanted())[2] == {}
    other = wanted()
    other = other.model_copy(
        update={"pictures": (other.pictures[0].model_copy(update={"caption": "blue"}),)}
    )
    assert encoded(other)[2] == {"captions": 1}
    assert encoded(wanted(crop="random", variations=2))[2] == {"pictures": 6}
    assert encoded(wanted(flip=0.5))[2] == {"pictures": 3}
    assert encoded(wanted(vae=vae))[2] == {"pictures": 3}
    vae.write_bytes(b"another")
    assert encoded(wanted(vae=vae))[2] == {"pictures": 3}
    Image.new("RGB", (48, SIDE)).save(tmp_path / "1.png")
    assert encoded(wanted())[2] == {"pictures": 1}


def test_encoding_that_was_ended_goes_on(encoded, wanted, tmp_path):
    encoded(wanted(), until="Encoding picture 3 of 3")
    for file in list((tmp_path / "encoded").iterdir())[:1]:
        file.write_bytes(file.read_bytes()[:50])  # the disk was full

    assert encoded(wanted())[2] == {"pictures": 2, "captions": 4}


def test_latents_are_those_of_the_variation(encoded, wanted, model):
    training = wanted(flip=1.0, crop="random", colour_jitter=0.3, variations=3)
    examples, _, _ = encoded(training)
    ways = variations(training.asked.dataset, training.asked.seed, 1)

    batch = examples.batch([(1, 4)], ["zkw7, number 1, red, round"])

    with Image.open(training.pictures[1].path) as opened:
        seen, cut = ways[4].of(opened, (SIDE, SIDE))
    expected = model.vae.encode(as_pixels(seen)).latent_dist.mode() * 0.18215
    assert ways[4].mirrored
    assert torch.allclose(batch.latents, expected, atol=1e-5)
    assert batch.cuts is not None
    assert batch.cuts.tolist() == [list(cut)]


def test_variations_stay_within_the_picture():
    picture = Image.fromarray(np.arange(64 * 96 * 3, dtype=np.uint8).reshape(64, 96, 3))

    middle, cut = Variation().of(picture, (32, 32))
    assert cut == (32, 48, 0, 8)
    assert middle.tobytes() == picture.crop((16, 0, 80, 64)).resize((32, 32), 1).tobytes()
    right, cut = Variation(across=1.0).of(picture, (64, 64))
    assert cut == (64, 96, 0, 32)
    assert right.tobytes() == picture.crop((32, 0, 96, 64)).tobytes()
    left, cut = Variation(across=1.0, mirrored=True).of(picture, (64, 64))
    assert cut == (64, 96, 0, 32)
    turned = picture.crop((0, 0, 64, 64)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert left.tobytes() == turned.tobytes()
    asked = DatasetSettings(colour_jitter=0.2, variations=8)
    ways = variations(asked, 1, 0)
    assert len(set(ways)) == 8
    assert all(0.8 <= each.brightness <= 1.2 for each in ways)
    assert ways == variations(asked, 1, 0) != variations(asked, 1, 1)
    assert variations(DatasetSettings(variations=8), 1, 0) == (Variation(),)


def test_pictures_of_the_class_are_learned_beside_with_their_weight(encoded, wanted):
    training = wanted(count=4, regular=1, prior_weight=0.5, batch_size=3)
    examples, _, _ = encoded(training)

    own, regular = Seeing.of(training, examples).seen(0)

    assert (own.weight, regular.weight) == (1.0, 0.5)
    numbers = [
        {caption.split(", ")[1] for caption in each.batch.captions} for each in (own, regular)
    ]
    assert numbers == [{"number 0", "number 1", "number 2"}, {"number 3"}]
    assert len(Seeing.of(wanted(count=4, regular=1, prior_weight=0.0), examples).seen(0)) == 1


def test_pictures_that_are_held_back_are_never_learned(encoded, wanted):
    training = wanted(flip=0.5, crop="random", variations=3, keep_tokens=1)
    held = training.pictures[0].model_copy(update={"held_back": True})
    training = training.model_copy(update={"pictures": (held, *training.pictures[1:])})
    examples, _, _ = encoded(training)
    seeing = Seeing.of(training, examples)

    learned = {caption for micro in range(8) for caption in seeing.seen(micro)[0].batch.captions}

    assert {caption for caption in learned if "number 0" in caption} == set()
    assert {tag for caption in learned for tag in caption.split(", ")} >= {"number 1", "number 2"}
    assert [len(each) for each in examples.pictures] == [1, 6, 6]  # always seen in the same way
    assert examples.captions[0] == (held.caption,)


def test_tags_are_shuffled_and_left_out_as_often_as_asked(encoded, wanted):
    training = wanted(count=1, keep_tokens=1, caption_dropout=0.5)
    seeing = Seeing.of(training, encoded(training)[0])

    said = Counter(seeing.seen(micro)[0].batch.captions[0] for micro in range(60))

    assert 15 <= said.pop("") <= 45
    assert set(said) == set(orders(training.pictures[0].caption, 1, training.asked.seed))
    assert len(said) > 3
    assert all(caption.startswith("zkw7, ") for caption in said)


def test_brackets_in_captions_are_words(encoded, wanted, model):
    training = wanted(count=1)
    pictures = (training.pictures[0].model_copy(update={"caption": "a (red:1.9) cat"}),)
    examples, _, _ = encoded(training.model_copy(update={"pictures": pictures}))

    said = examples.encoded("a (red:1.9) cat").states

    assert torch.equal(said, model.encode_prompts(r"a \(red:1.9\) cat", "").positive.states)
    assert not torch.equal(said, model.encode_prompts("a (red:1.9) cat", "").positive.states)


def test_long_captions_and_short_ones_are_learned_together(folders, wanted, tmp_path):
    long = ", ".join(f"thing {number}" for number in range(60))
    training = wanted(count=2)
    pictures = [
        each.model_copy(update={"caption": caption})
        for each, caption in zip(training.pictures, ("short", long), strict=True)
    ]
    training = training.model_copy(update={"pictures": tuple(pictures)})
    sd3 = loaded("sd35_medium", folders("sd35_medium"))
    examples = done(Encoding(sd3, training, EncodingCache(tmp_path / "of sd3")).examples())

    states = examples.batch([(0, 0), (1, 0)], ["short", long]).states

    together = sd3.encode_prompts("short", long)
    assert torch.allclose(states[:1], together.positive.states, atol=1e-4)
    assert torch.allclose(states[1:], together.negative.states, atol=1e-4)


def done(work):
    """What comes of some work at its end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_what_is_gone_from_the_disk_is_said(tmp_path):
    cache = EncodingCache(tmp_path, room=100)
    cache.put("first", {"latents": torch.ones(10)})
    cache.put("second", {"latents": torch.ones(20)})
    assert torch.equal(cache.get("first")["latents"], torch.ones(10))  # read again

    cache.put("third", {"latents": torch.ones(20)})
    (tmp_path / "first.safetensors").unlink()

    with pytest.raises(TrainingError, match="are gone"):
        cache.get("first")


def test_what_no_training_asks_for_any_more_is_deleted(encoded, wanted, tmp_path):
    encoded(wanted(crop="random", variations=2))
    encoded(wanted())
    before = set((tmp_path / "encoded").iterdir())
    for file in before:
        os.utime(file, (0, 0))

    assert encoded(wanted())[2] == {}

    after = set((tmp_path / "encoded").iterdir())
    assert after < before
    assert len(before - after) == 6  # the crops


def test_a_picture_without_numbers_is_named(encoded, wanted, model, monkeypatch):
    monkeypatch.setattr(
        examples_module, "encode", lambda *_: iter_returning(torch.full((1, 4, 4, 4), torch.nan))
    )

    with pytest.raises(TrainingError, match=r"fails at .*0\.png"):
        encoded(wanted())


def iter_returning(value):
    yield Stage(sentence="Encoding")
    return value


def test_half_precision_loses_no_small_gradients(encoded, wanted, model, monkeypatch):
    training = wanted(count=1)
    examples, _, _ = encoded(training)
    prediction = prediction_of(model)
    little = torch.tensor([1 / 4096])  # as little as each place of a large picture counts
    monkeypatch.setattr(type(prediction), "weights", lambda *_: little)

    def learned(dtype):
        prediction.network.to(dtype).requires_grad_(requires_grad=False)
        learning = Learning.of(model, training, examples)
        group = {"params": learning.learners.parameters, "highest": 1e-3}
        plainly = torch.optim.SGD([group])
        replace(learning, optimiser=plainly).step(0)
        paths = learning.learners.network.paths
        return torch.cat([path.up.flatten() for path in paths.of.values()])

    exact, half = learned(torch.float32), learned(torch.float16)
    prediction.network.to(torch.float32)

    assert (half - exact).norm() < 0.01 * exact.norm()
