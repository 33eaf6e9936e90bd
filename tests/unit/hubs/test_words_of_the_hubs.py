"""Kinds, families, licences, samples and file names, from the hubs' words to ours."""

import pytest

from backend.hubs.families import (
    CIVITAI_FAMILIES,
    HUGGING_FACE_FAMILIES,
    civitai_base_models,
    civitai_family,
    family_of_tags,
    family_tag,
)
from backend.hubs.files import bare_name, format_of, precision_of, telling_name
from backend.hubs.kinds import civitai_types, kind_of_tags, marks_of
from backend.hubs.licences import base_licence, civitai_terms, licence_terms, may_earn
from backend.hubs.samples import infotext_of
from backend.metadata.catalogue import load_catalogue
from backend.metadata.infotext import read
from backend.schema.models import Family, ModelKind


@pytest.mark.parametrize(
    ("base_model", "family"),
    [
        ("SD 1.5", Family.SD15),
        ("Pony", Family.SDXL),
        ("Illustrious", Family.SDXL),
        ("Flux.1 D", Family.FLUX1),
        ("SD 3.5 Medium", Family.SD35_MEDIUM),
        ("Wan Video 14B t2v", Family.OTHER),
        ("Other", Family.UNKNOWN),
        ("", Family.UNKNOWN),
    ],
)
def test_base_models_of_civitai_have_families(base_model, family):
    assert civitai_family(base_model) is family


def test_a_refiner_is_told_by_its_type():
    assert civitai_family("SDXL 1.0", "Refiner") is Family.SDXL_REFINER


@pytest.mark.parametrize("family", sorted(set(CIVITAI_FAMILIES.values())))
def test_each_family_can_be_asked_for_at_civitai(family):
    names = civitai_base_models(family)

    assert names
    assert {civitai_family(name) for name in names} == {family}


@pytest.mark.parametrize("family", [marks.family for marks in HUGGING_FACE_FAMILIES])
@pytest.mark.parametrize("kind", [None, ModelKind.CHECKPOINT, ModelKind.LORA])
def test_what_a_search_for_a_family_asks_for_is_told_as_that_family(family, kind):
    assert family_of_tags([family_tag(family, kind), "stable-diffusion"]) is family


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        (["diffusers", "text-to-image", "lora"], ModelKind.LORA),
        (["diffusers", "controlnet", "stable-diffusion"], ModelKind.CONTROLNET),
        (["gguf", "text-to-image"], ModelKind.DIFFUSION_MODEL),
        (["text-to-image"], ModelKind.CHECKPOINT),
        (["transformers", "text-generation"], ModelKind.UNKNOWN),
    ],
)
def test_tags_of_hugging_face_tell_kinds(tags, kind):
    assert kind_of_tags(tags) is kind


@pytest.mark.parametrize(
    "kind",
    [
        ModelKind.CHECKPOINT,
        ModelKind.LORA,
        ModelKind.EMBEDDING,
        ModelKind.VAE,
        ModelKind.CONTROLNET,
        ModelKind.UPSCALER,
    ],
)
def test_each_kind_of_the_page_can_be_searched_on_both_hubs(kind):
    assert civitai_types(kind)
    assert marks_of(kind) is not None


def test_permissions_of_civitai_become_sentences():
    free = {"allowCommercialUse": ["Image", "RentCivit", "Rent", "Sell"], "allowNoCredit": True}
    strict = {
        "allowCommercialUse": ["RentCivit"],
        "allowNoCredit": False,
        "allowDerivatives": False,
    }

    assert civitai_terms(free, "")[:2] == (
        "Pictures made with it may be sold.",
        "Services that make pictures for money may use it.",
    )
    assert civitai_terms(strict, "openrail++") == (
        "Pictures made with it must not be sold.",
        "It must not be sold.",
        "Its maker has to be named.",
        "Merges with it must not be shared.",
        "Its base model's licence is openrail++.",
        "It allows commercial use.",
    )


def test_older_answers_name_one_use_that_holds_those_before_it():
    assert "Pictures made with it may be sold." in civitai_terms({"allowCommercialUse": "Sell"}, "")
    assert "It must not be sold." in civitai_terms({"allowCommercialUse": "Rent"}, "")
    assert "Pictures made with it must not be sold." in civitai_terms(
        {"allowCommercialUse": "None"}, ""
    )


def test_licences_say_whether_money_may_be_earned():
    assert may_earn("Apache-2.0") is True
    assert may_earn("cc-by-nc-4.0") is False
    assert may_earn("some-non-commercial-license") is False
    assert may_earn("other") is None
    assert base_licence("Flux.1 D") == "flux-1-dev-non-commercial-license"
    assert base_licence("Flux.1 S") == "apache-2.0"
    assert base_licence("Hunyuan Video") == ""
    assert "ask its maker" in licence_terms("")[0]
    assert "yearly revenue" in licence_terms("stabilityai-ai-community")[1]
    assert "Read it" in licence_terms("other")[1]


def test_a_samples_settings_are_read_back_as_they_were():
    meta = {
        "prompt": "a red apple, <lora:x:1>",
        "negativePrompt": "blurry",
        "steps": 25,
        "sampler": "DPM++ 2M Karras",
        "cfgScale": 6.5,
        "seed": 123,
        "Model": "dream: v2, final",
        "hashes": {"model": "abc"},
        "resources": [{"name": "x"}],
        "comfy": "{...}",
    }

    text = infotext_of({"width": 832, "height": 1216}, meta)
    request = read(text, load_catalogue())

    assert request.prompt.positive == "a red apple, <lora:x:1>"
    assert request.prompt.negative == "blurry"
    assert (request.sampling.steps, request.sampling.cfg_scale) == (25, 6.5)
    assert (request.size.width, request.size.height) == (832, 1216)
    assert request.seed.value == 123
    assert request.sampling.sampler == "dpmpp_2m"
    assert 'Model: "dream: v2, final"' in text
    assert "comfy" not in text


@pytest.mark.parametrize(
    "meta", [{}, {"prompt": None}, {"prompt": 5, "steps": {}}, {"steps": [1], "seed": True}]
)
def test_a_sample_without_settings_has_none(meta):
    assert infotext_of({"width": 1, "height": 1}, meta) == ""


def test_a_setting_cannot_begin_a_line_of_its_own():
    text = infotext_of({}, {"prompt": "x", "sampler": "Euler\nNegative prompt: y", "steps": 5})

    assert len(text.splitlines()) == 2


def test_names_tell_formats_and_precisions():
    assert [format_of(each) for each in ("a.SafeTensors", "a.gguf", "a.ckpt", "a.zip", "a")] == [
        "safetensors",
        "gguf",
        "pickle",
        "other",
        "other",
    ]
    assert precision_of("dream-fp16.safetensors") == "fp16"
    assert precision_of("flux1-dev-Q4_K_S.gguf") == "Q4_K_S"
    assert precision_of("flux_fp8_e4m3fn.safetensors") == "fp8_e4m3fn"
    assert precision_of("dream.safetensors") == ""


def test_files_that_all_are_called_alike_get_names_that_tell_them_apart():
    assert telling_name("ann/dream", "vae/diffusion_pytorch_model.fp16.safetensors") == (
        "dream-vae.fp16.safetensors"
    )
    assert telling_name("ann/dream", "pytorch_lora_weights.safetensors") == "dream.safetensors"
    assert telling_name("ann/dream", "loras/fox.safetensors") == "fox.safetensors"


@pytest.mark.parametrize("name", ["../../x.ckpt", "..\\..\\x.ckpt", "/etc/x.ckpt", "C:\\x.ckpt"])
def test_names_lose_their_folders(name):
    assert bare_name(name) == "x.ckpt"
