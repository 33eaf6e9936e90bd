"""The file of a LoRA: read back by others, known to the library, telling no more than agreed."""

import hashlib
import json

import numpy as np
import pytest
import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from backend.engine.adapters.shelf import Shelf
from backend.engine.adapters.wearing import wearing
from backend.engine.training.predicting import prediction_of
from backend.engine.training.writing import lora_file
from backend.library.identify.identify import identify_file
from backend.schema.resolved import ResolvedLora, ResolvedModel
from backend.schema.training import LearnedPicture, ResolvedTraining, TrainingRequest
from tests.fixtures.loaded import loaded
from tests.fixtures.taught import (
    ALPHA,
    CASES,
    LEVELS,
    RANK,
    a_batch,
    as_learners,
    asked_plainly,
    some_paths,
)

pytestmark = pytest.mark.usefixtures("one_thread")


def a_training(family, **asked):
    """What a file tells of."""
    usual = {"rank": RANK, "alpha": ALPHA, "trigger": "zkw7", "dataset": "/secret/folder"}
    pictures = [
        LearnedPicture(
            path=f"/secret/folder/{repeats}_toys/{number}.png",
            caption=f"{word}, red, quite private",
            repeats=repeats,
            width=64,
            height=128,
            concept=word,
        )
        for number, (word, repeats) in enumerate([("zkw7", 1), ("qvx2", 10)])
    ]
    return ResolvedTraining(
        id="0",
        asked=TrainingRequest.from_short_names(usual | asked),
        model=ResolvedModel(
            checkpoint="tiny", name="Tiny", path="/secret/tiny", family=family, sha256="0" * 64
        ),
        resolution=96,
        pictures=tuple(pictures),
        name="zkw7",
    )


@pytest.mark.parametrize(
    ("family", "precision"),
    [
        ("sd15", "fp16"),
        ("sdxl", "fp16"),
        ("sd35_medium", "fp16"),
        ("flux1", "bf16"),
    ],
)
def test_a_file_is_known_and_read_back_by_easel_and_by_diffusers(
    folders, tmp_path, family, precision
):
    case, folder = CASES[family], folders(family)
    model = loaded(family, folder)
    prediction = prediction_of(model)
    paths = some_paths(prediction.network, "blocks")
    file = tmp_path / "zkw7.safetensors"
    file.write_bytes(
        lora_file(
            a_training(family, file_precision=precision, strength=0.7),
            as_learners(model, paths),
            7,
        )
    )
    batch, noise = a_batch(case)
    wanted = prediction.noised(batch.latents, noise, LEVELS)

    with torch.no_grad():
        plain = prediction.said(batch, wanted)
        with paths.walked(prediction.network):
            learned = prediction.said(batch, wanted)
        (chosen,) = Shelf().choose(
            {"zkw7": (1.0, 1.0)}, (ResolvedLora(name="zkw7", id="zkw7", path=str(file)),)
        )
        with wearing(model.workplace, (chosen,)):
            worn = prediction.said(batch, wanted)
        theirs = case.network.from_pretrained(folder / case.part)
        theirs.load_lora_adapter(**as_diffusers_reads(family, file, theirs), prefix=case.part)
        read = asked_plainly(family, theirs, batch, wanted.seen)

    changed = (learned - plain).abs().max()
    near = changed / (50 if precision == "fp16" else 5)
    assert changed > 1e-3
    assert (worn - learned).abs().max() < near
    assert (read - learned).abs().max() < near
    stored = {tensor.dtype for tensor in load_file(file).values() if tensor.ndim}
    assert stored == {{"fp16": torch.float16, "bf16": torch.bfloat16}[precision]}
    known = identify_file(file)
    assert known.kind == "lora"
    assert known.family == family or family in known.fits
    assert (known.title, known.strength) == ("zkw7", 0.7)
    assert known.trigger_words == ("zkw7", "qvx2")


def as_diffusers_reads(family, file, network):
    """The tensors of a file, and their alphas, as diffusers' pipeline takes them."""
    if CASES[family].part == "transformer":
        return {"pretrained_model_name_or_path_or_dict": load_file(file)}
    pipeline = {"sd15": StableDiffusionPipeline, "sdxl": StableDiffusionXLPipeline}[family]
    state, alphas = pipeline.lora_state_dict(load_file(file), unet_config=network.config)[:2]
    return {"pretrained_model_name_or_path_or_dict": state, "network_alphas": alphas}


def told(folders, tmp_path, preview=None, **asked):
    model = loaded("sd15", folders("sd15"))
    paths = some_paths(prediction_of(model).network, "attention")
    file = tmp_path / "zkw7.safetensors"
    learners = as_learners(model, paths)
    file.write_bytes(lora_file(a_training("sd15", **asked), learners, 7, preview))
    with safe_open(file, "pt") as opened:
        return opened.metadata(), file.read_bytes()


def test_a_file_tells_what_programs_look_for_and_nothing_of_the_pictures(folders, tmp_path):
    Image.fromarray(np.zeros((600, 300, 3), np.uint8)).save(tmp_path / "drawn.png")

    metadata, content = told(folders, tmp_path, tmp_path / "drawn.png", strength=0.8)

    for word in ("secret", "toys", "private"):
        assert word not in json.dumps(metadata)
    assert metadata["modelspec.architecture"] == "stable-diffusion-v1/lora"
    assert metadata["modelspec.usage_hint"] == "Strength 0.8, with the word zkw7."
    assert metadata["modelspec.thumbnail"].startswith("data:image/jpeg;base64,")
    assert (metadata["ss_network_dim"], metadata["ss_network_alpha"]) == ("3", "6")
    assert metadata["ss_num_train_images"] == "11"
    begin = 8 + int.from_bytes(content[:8], "little")
    assert metadata["sshs_model_hash"] == hashlib.sha256(content[begin:]).hexdigest()


def test_tags_are_told_to_whoever_agrees(folders, tmp_path):
    metadata, _ = told(folders, tmp_path, tell_tags="on")

    counted = {"red": 1, "quite private": 1}
    assert json.loads(metadata["ss_tag_frequency"]) == {
        "1_toys": {"zkw7": 1} | counted,
        "10_toys": {"qvx2": 1} | counted,
    }
    assert json.loads(metadata["ss_dataset_dirs"])["10_toys"] == {"n_repeats": 10, "img_count": 1}
    assert "red, quite private" in metadata["modelspec.tags"]
    assert "/secret" not in json.dumps(metadata)
