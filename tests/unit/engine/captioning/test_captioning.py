"""Captions by a model: each beside its picture, none over what a person wrote."""

from typing import Any

import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torchvision import transforms
from transformers import (
    BlipForConditionalGeneration,
    BlipProcessor,
    Florence2ForConditionalGeneration,
    Florence2Processor,
)

from backend.engine.captioning.story import caption
from backend.engine.context import Context
from backend.places import Places, default_places
from backend.schema.captioning import CaptionRequest
from backend.schema.errors import ModelError
from backend.schema.events import Finished, Stage, Warned
from tests.fixtures.photos import photo
from tests.fixtures.tiny_captioner import (
    WORDS,
    write_captioner,
    write_florence,
    write_tagger,
)


@pytest.fixture(scope="module")
def captioner(tmp_path_factory):
    return write_captioner(tmp_path_factory.mktemp("captioners") / "tiny")


@pytest.fixture
def pictures(tmp_path):
    for number in range(3):
        photo(number).save(tmp_path / f"{number}.png")
    return [str(tmp_path / f"{number}.png") for number in range(3)]


@pytest.fixture
def context(tmp_path):
    folders = (tmp_path / name for name in ("outputs", "data", "models"))
    return Context(job="ab" * 6, places=Places(default_places().root, *folders), created=3.0)


def run(captioner, pictures, context, **options):
    request = CaptionRequest(
        captioner=str(captioner),
        title="cats",
        pictures=tuple(pictures),
        again=options.get("again", False),
    )
    return list(caption(request.model_dump(mode="json"), context))


def oracle(captioner, path):
    """What transformers says by itself."""
    processor: Any = BlipProcessor.from_pretrained(captioner)
    model = BlipForConditionalGeneration.from_pretrained(captioner).eval()
    inputs = processor(images=Image.open(path), return_tensors="pt")
    with torch.no_grad():
        tokens = model.generate(**inputs, max_new_tokens=48, num_beams=3, do_sample=False)
    return " ".join(processor.batch_decode(tokens, skip_special_tokens=True)[0].split())


def test_each_picture_without_words_gets_some(captioner, pictures, context, tmp_path):
    (tmp_path / "1.txt").write_text("mine")

    told = run(captioner, pictures, context)

    words = (tmp_path / "0.txt").read_text()
    assert words == oracle(captioner, pictures[0])
    assert set(words.split()) <= set(WORDS)
    assert (tmp_path / "1.txt").read_text() == "mine"
    assert (tmp_path / "2.txt").is_file()
    assert told[0] == Stage(sentence="Loading tiny")
    assert told[-1] == Finished(sentence="2 captions written.")


def test_words_are_written_anew_where_they_are_asked_for(captioner, pictures, context, tmp_path):
    (tmp_path / "1.txt").write_text("mine")

    run(captioner, pictures[1:2], context, again=True)

    assert (tmp_path / "1.txt").read_text() == oracle(captioner, pictures[1])


def test_a_broken_picture_costs_no_other(captioner, pictures, context, tmp_path):
    (tmp_path / "0.png").write_bytes(b"broken")

    told = run(captioner, pictures, context)

    assert any(isinstance(event, Warned) and "0.png" in event.sentence for event in told)
    assert told[-1] == Finished(sentence="2 captions written.")


def test_a_broken_model_is_told_in_words(pictures, context, captioner, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    for file in captioner.iterdir():
        (broken / file.name).write_bytes(file.read_bytes())
    (broken / "model.safetensors").write_bytes(b"broken")

    with pytest.raises(ModelError, match="captioning model broken cannot be read"):
        run(broken, pictures, context)
    with pytest.raises(ModelError, match="is not in"):
        run(tmp_path / "gone", pictures, context)


def test_florence_writes_what_transformers_says_by_itself(pictures, context, tmp_path):
    folder = write_florence(tmp_path / "florence")

    run(folder, pictures[:1], context)

    processor: Any = Florence2Processor.from_pretrained(folder)
    model: Any = Florence2ForConditionalGeneration.from_pretrained(folder).eval()
    given = processor(
        images=Image.open(pictures[0]), text="<DETAILED_CAPTION>", return_tensors="pt"
    )
    with torch.no_grad():
        tokens = model.generate(**given, max_new_tokens=75, num_beams=3, do_sample=False)
    words = processor.batch_decode(tokens, skip_special_tokens=True)[0]
    assert (tmp_path / "0.txt").read_text() == " ".join(words.split()) != ""


def likely(folder, picture, bias):
    """How sure the tagger is of each tag, by timm and torchvision."""
    weights = load_file(folder / "model.safetensors")
    weights["head.bias"] = torch.tensor(bias)
    save_file(weights, folder / "model.safetensors")
    args: dict[str, Any] = {
        "img_size": 32,
        "patch_size": 8,
        "embed_dim": 32,
        "depth": 1,
        "num_heads": 2,
    }
    network = timm.create_model("vit_tiny_patch16_224", num_classes=5, **args).eval()
    network.load_state_dict(weights)
    square = Image.new("RGB", (max(picture.size),) * 2, "white")
    square.paste(picture, tuple((square.width - side) // 2 for side in picture.size))
    seen: Any = transforms.Compose(
        [
            transforms.Resize((32, 32), transforms.InterpolationMode.BICUBIC),
            transforms.ToTensor(),
            transforms.Normalize([0.5] * 3, [0.5] * 3),
        ]
    )(square)
    with torch.no_grad():
        return network(seen[None, [2, 1, 0]])[0].sigmoid()


def test_a_tagger_writes_the_tags_that_it_is_sure_of(pictures, context, tmp_path):
    folder = write_tagger(tmp_path / "tagger")
    bias = [9.0, 0.0, 2.0, -1.0, 4.0]
    sure = likely(folder, Image.open(pictures[0]).convert("RGB"), bias)
    assert sure[4] > 0.75
    assert sure[2] > sure[1] > 0.35 > sure[3]

    run(folder, pictures[:1], context)

    assert (tmp_path / "0.txt").read_text() == "hatsune miku, red hair, 1girl"
