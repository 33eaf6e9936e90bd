"""Folders in diffusers' layout, told by their configurations."""

import pytest

from backend.library.hashing import Hasher
from backend.library.identify.folder import chosen_weights, identify_folder
from backend.library.identify.hints import Told
from backend.library.index import Index
from backend.schema.errors import ModelDamagedError, ModelError
from backend.schema.library import SideCar
from backend.schema.models import Family
from tests.fixtures.model_folders import UNET, install_folder, weights

SD3 = {"_class_name": "SD3Transformer2DModel", "in_channels": 16}
FLUX = {"_class_name": "FluxTransformer2DModel", "in_channels": 64}


def identified(folder, name="model", **told):
    return identify_folder(folder, Told(name, {}, SideCar(**told)))


@pytest.mark.parametrize(
    ("network", "family", "variants"),
    [
        (UNET, Family.SD15, []),
        (UNET | {"in_channels": 9}, Family.SD15, ["inpainting"]),
        (UNET | {"time_cond_proj_dim": 256}, Family.SD15, ["lcm"]),
        (UNET | {"cross_attention_dim": 1024}, Family.SD2, []),
        (UNET | {"cross_attention_dim": 2048}, Family.SDXL, []),
        (UNET | {"cross_attention_dim": 1280}, Family.SDXL_REFINER, []),
        (UNET | {"cross_attention_dim": 32}, Family.SD15, []),
        (UNET | {"cross_attention_dim": 32, "use_linear_projection": True}, Family.SD2, []),
        (
            UNET | {"cross_attention_dim": 32, "addition_embed_type": "text_time"},
            Family.SDXL,
            [],
        ),
        (SD3, Family.SD3, []),
        (SD3 | {"qk_norm": "rms_norm"}, Family.SD35_LARGE, []),
        (SD3 | {"qk_norm": "rms_norm", "dual_attention_layers": [0]}, Family.SD35_MEDIUM, []),
        (FLUX, Family.FLUX1, ["schnell"]),
        (FLUX | {"guidance_embeds": True}, Family.FLUX1, ["dev"]),
        (FLUX | {"guidance_embeds": True, "in_channels": 384}, Family.FLUX1, ["fill"]),
    ],
    ids=lambda value: value.value if isinstance(value, Family) else "",
)
def test_families_and_variants(tmp_path, network, family, variants):
    part = "unet" if "UNet" in network["_class_name"] else "transformer"
    folder = install_folder(tmp_path / "model", network=network, part=part)

    model = identified(folder)

    assert (model.family, model.format, model.layout) == (family, "folder", "diffusers_folder")
    assert [fact.value for fact in model.variants] == variants
    assert {fact.source for fact in model.variants} <= {"config"}


def test_a_refiner_of_any_size_is_told_by_its_only_encoder(tmp_path):
    network = UNET | {"cross_attention_dim": 32, "addition_embed_type": "text_time"}
    encoders = {"text_encoder_2": {"hidden_size": 32}}

    model = identified(install_folder(tmp_path / "model", network=network, encoders=encoders))

    assert (model.family, model.needs) == (Family.SDXL_REFINER, ())


def test_a_video_pipeline_is_named(tmp_path):
    network = {"_class_name": "WanTransformer3DModel"}
    folder = install_folder(
        tmp_path / "wan", network=network, part="transformer", pipeline="WanPipeline"
    )

    model = identified(folder)

    assert (model.family, model.family_label) == (Family.OTHER, "Wan")


@pytest.mark.parametrize(
    ("scheduler", "told", "expected"),
    [
        ({"prediction_type": "v_prediction"}, {}, ("v", "config")),
        ({"prediction_type": "epsilon"}, {"prediction": "v"}, ("epsilon", "config")),
        ({}, {"prediction": "v"}, ("v", "card")),
        (None, {}, ("epsilon", "assumed")),
    ],
)
def test_the_scheduler_says_what_it_predicts(tmp_path, scheduler, told, expected):
    folder = install_folder(tmp_path / "model", scheduler=scheduler)

    fact = identified(folder, **told).prediction
    assert fact is not None

    assert (fact.value, fact.source) == expected


def test_the_text_encoders_are_told_apart_and_absent_ones_needed(tmp_path):
    encoders = {
        "text_encoder": {"hidden_size": 768},
        "text_encoder_2": {"hidden_size": 1280},
        "text_encoder_3": {"architectures": ["T5EncoderModel"]},
    }
    whole = install_folder(tmp_path / "whole", network=SD3, part="transformer", encoders=encoders)
    del encoders["text_encoder_2"]
    less = install_folder(tmp_path / "less", network=SD3, part="transformer", encoders=encoders)

    assert {part.role for part in identified(whole).parts} == {
        "diffusion_model",
        "vae",
        "clip_l",
        "clip_g",
        "t5xxl",
    }
    assert identified(whole).needs == ()
    assert [need.role for need in identified(less).needs] == ["clip_g"]


def test_the_whole_precision_is_taken_before_variants_and_pieces_count_together(tmp_path):
    folder = install_folder(tmp_path / "model")
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    weights(folder / "unet", "diffusion_pytorch_model.fp16")
    half = identified(folder).precision.label
    pieces = [
        weights(folder / "unet", f"diffusion_pytorch_model-0000{n}-of-00002", "F32") for n in (1, 2)
    ]

    assert half == "fp16"
    assert chosen_weights(folder / "unet") == tuple(pieces)
    assert identified(folder).precision.label == "fp32"


def test_pickles_and_absent_weights_are_told_apart(tmp_path):
    folder = install_folder(tmp_path / "model")
    file = folder / "unet" / "diffusion_pytorch_model.safetensors"
    file.unlink()
    with pytest.raises(ModelDamagedError, match="has no weights"):
        identified(folder)

    file.with_suffix(".bin").write_bytes(b"PK")
    with pytest.raises(ModelError, match="pickle"):
        identified(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", None])
def test_a_broken_configuration_is_told(tmp_path, content):
    folder = install_folder(tmp_path / "model")
    config = folder / "unet" / "config.json"
    config.write_text(content) if content is not None else config.unlink()

    with pytest.raises(ModelDamagedError, match=r"config\.json"):
        identified(folder)


def test_the_hash_does_not_depend_on_where_the_folder_lies(tmp_path):
    index = Index(tmp_path / "index.sqlite3")
    hasher = Hasher(index)
    folders = [install_folder(tmp_path / name) for name in ("a", "deep/b", "c")]
    made_of = folders[2] / "unet" / "diffusion_pytorch_model.safetensors"
    made_of.write_bytes(made_of.read_bytes()[:-1] + b"x")

    first, second, third = map(hasher.sha256, folders)
    index.close()

    assert first == second != third
