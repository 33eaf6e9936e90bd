"""What a model file is, from its header alone."""

import json
import time
from collections.abc import Callable

import pytest

from backend.library.identify.identify import identify_file
from backend.schema.models import Family, ModelKind, Role
from tests.fixtures import model_files as made

SD3 = (Family.SD3, Family.SD35_MEDIUM, Family.SD35_LARGE)
SD3_WHOLE = {"first_stage_model": made.VAE16, "text_encoders__clip_l__transformer": made.CLIP_L}


@pytest.fixture
def identify(tmp_path):
    def identify(tensors: made.Shapes, name: str = "model", **options):
        return identify_file(
            made.write_safetensors(tmp_path / f"{name}.safetensors", tensors, **options)
        )

    return identify


@pytest.mark.parametrize(
    ("tensors", "family", "variants"),
    [
        (made.sd15_checkpoint(), Family.SD15, []),
        (made.sd15_checkpoint(made.unet(inputs=9)), Family.SD15, ["inpainting"]),
        (made.sd15_checkpoint(made.unet(inputs=8)), Family.SD15, ["instruct-pix2pix"]),
        (
            made.sd15_checkpoint({**made.unet(), "time_embed.cond_proj.weight": (320, 256)}),
            Family.SD15,
            ["lcm"],
        ),
        (
            made.checkpoint(
                made.unet(text=1024, linear=True),
                first_stage_model=made.VAE,
                cond_stage_model__model=made.CLIP_H,
            ),
            Family.SD2,
            [],
        ),
        (made.sdxl_checkpoint(), Family.SDXL, []),
        (made.sdxl_checkpoint(made.sdxl_unet(inputs=9)), Family.SDXL, ["inpainting"]),
        (made.sdxl_checkpoint(made.sdxl_unet(lowest=4)), Family.SDXL, ["ssd-1b"]),
        (
            made.checkpoint(
                {**made.unet(text=1280, linear=True), "label_emb.0.0.weight": (1536, 2560)},
                first_stage_model=made.VAE,
                conditioner__embedders__0__model=made.CLIP_G,
            ),
            Family.SDXL_REFINER,
            [],
        ),
        (made.checkpoint(made.mmdit(), **SD3_WHOLE), Family.SD3, []),
        (
            made.checkpoint(made.mmdit(normalised=True, second=True), **SD3_WHOLE),
            Family.SD35_MEDIUM,
            [],
        ),
        (made.checkpoint(made.mmdit(normalised=True), **SD3_WHOLE), Family.SD35_LARGE, []),
        (made.checkpoint(made.flux(), **SD3_WHOLE), Family.FLUX1, ["dev"]),
    ],
    ids=lambda value: value.value if isinstance(value, Family) else "",
)
def test_checkpoints(identify, tensors, family, variants):
    model = identify(tensors)

    assert (model.kind, model.family, model.layout) == (ModelKind.CHECKPOINT, family, "original")
    assert [fact.value for fact in model.variants] == variants
    assert model.family_label == family.label
    assert model.fits == (family,)


@pytest.mark.parametrize(
    ("tensors", "variant"),
    [
        (made.flux(), "dev"),
        (made.flux(guided=False), "schnell"),
        (made.flux(inputs=384), "fill"),
        (made.flux(inputs=128), "control"),
    ],
)
def test_flux_alone_says_what_it_still_needs(identify, tensors, variant):
    model = identify(tensors, dtype="F8_E4M3")

    assert (model.kind, model.family) == (ModelKind.DIFFUSION_MODEL, Family.FLUX1)
    assert model.variant(variant)
    assert model.precision.label == "fp8 e4m3"
    assert [need.role for need in model.needs] == ["clip_l", "t5xxl", "vae"]
    assert model.prediction is not None
    assert model.prediction.value == "flow"


def test_scaled_fp8_is_told(identify):
    tensors = {**made.flux(), "img_in.scale_weight": (1,)}

    assert identify(tensors, dtype="F8_E5M2").precision.label == "fp8 e5m2 scaled"


def test_gguf_is_read_as_well(tmp_path):
    model = identify_file(made.write_gguf(tmp_path / "flux.gguf", made.flux()))

    assert (model.format, model.kind, model.family) == (
        "gguf",
        ModelKind.DIFFUSION_MODEL,
        Family.FLUX1,
    )
    assert model.precision.label == "Q4_K"


@pytest.mark.parametrize(
    ("missing", "roles"),
    [
        ("first_stage_model.", ["vae"]),
        ("conditioner.embedders.1.", ["clip_g"]),
        ("nothing", []),
    ],
)
def test_a_checkpoint_without_a_part_needs_it(identify, missing, roles: list[Role]):
    tensors = {
        name: shape
        for name, shape in made.sdxl_checkpoint().items()
        if not name.startswith(missing)
    }

    assert [need.role for need in identify(tensors).needs] == roles


def test_the_parts_inside_are_listed_largest_first(identify):
    model = identify(made.sd15_checkpoint())

    assert [part.role for part in model.parts] == ["clip_l", "diffusion_model", "vae"]
    assert sum(part.parameters for part in model.parts) == model.parameters
    assert {part.precision for part in model.parts} == {"fp16"}


@pytest.mark.parametrize(
    ("name", "metadata", "variant", "source"),
    [
        ("ponyDiffusionV6XL", {}, "pony", "name"),
        ("sd_xl_turbo_1.0_fp16", {}, "turbo", "name"),
        ("sdxl_lightning_4step", {}, "lightning", "name"),
        ("model", {"modelspec.title": "Pony Diffusion V6"}, "pony", "metadata"),
        ("calcman", {}, "", ""),
    ],
)
def test_what_tensors_cannot_tell_comes_from_metadata_or_the_name(
    identify, name, metadata, variant, source
):
    found = [
        (fact.value, fact.source)
        for fact in identify(made.sdxl_checkpoint(), name, metadata=metadata).variants
    ]

    assert found == ([(variant, source)] if variant else [])


SD2 = made.checkpoint(made.unet(text=1024, linear=True), cond_stage_model__model=made.CLIP_H)


@pytest.mark.parametrize(
    ("tensors", "name", "metadata", "prediction"),
    [
        (made.sd15_checkpoint(), "model", {}, ("epsilon", "assumed")),
        (SD2, "v2-1_768-ema-pruned", {}, ("v", "assumed")),
        (SD2, "512-base-ema", {}, ("epsilon", "name")),
        (SD2, "model", {"modelspec.prediction_type": "epsilon"}, ("epsilon", "metadata")),
        ({**made.sdxl_checkpoint(), "v_pred": (0,)}, "noob", {}, ("v", "tensors")),
        (made.sdxl_checkpoint(), "noobaiXL_vPred10", {}, ("v", "name")),
        (made.VAE, "vae", {}, None),
    ],
)
def test_what_a_network_predicts_and_how_that_is_known(
    identify, tensors, name, metadata, prediction
):
    fact = identify(tensors, name, metadata=metadata).prediction

    assert (fact and (fact.value, fact.source)) == prediction


@pytest.mark.parametrize(
    ("tensors", "family", "layout"),
    [
        (made.kohya_lora(768), Family.SD15, "kohya"),
        (made.kohya_lora(1024), Family.SD2, "kohya"),
        (made.kohya_lora(2048), Family.SDXL, "kohya"),
        (
            made.peft_lora("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k", 2048),
            Family.SDXL,
            "diffusers",
        ),
        (
            made.peft_lora(
                "base_model.model.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k", 768
            ),
            Family.SD15,
            "peft",
        ),
        (
            made.peft_lora("transformer.single_transformer_blocks.0.attn.to_q", 3072),
            Family.FLUX1,
            "diffusers",
        ),
        (
            made.peft_lora("diffusion_model.double_blocks.0.img_attn.qkv", 3072),
            Family.FLUX1,
            "comfyui",
        ),
        (
            {
                "lora_unet_single_blocks_0_linear1.lora_down.weight": (16, 3072),
                "lora_unet_single_blocks_0_linear1.lora_up.weight": (21504, 16),
            },
            Family.FLUX1,
            "kohya",
        ),
        (
            made.peft_lora("transformer.transformer_blocks.37.attn.add_q_proj", 2432),
            Family.SD35_LARGE,
            "diffusers",
        ),
        (
            made.peft_lora("diffusion_model.blocks.0.cross_attn.k", 5120),
            Family.OTHER,
            "comfyui",
        ),
        (
            {
                "lora_te1_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight": (8, 768),
                "lora_te2_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight": (8, 1280),
            },
            Family.SDXL,
            "kohya",
        ),
        (
            {"lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight": (8, 768)},
            Family.SD15,
            "kohya",
        ),
    ],
)
def test_loras_say_what_they_fit(identify, tensors, family, layout):
    model = identify(tensors)

    assert (model.kind, model.family, model.layout) == (ModelKind.LORA, family, layout)
    assert model.rank in (8, 16)
    assert model.needs == ()


def test_a_lora_of_sd3_may_fit_several(identify):
    model = identify(made.peft_lora("transformer.transformer_blocks.3.attn.add_q_proj", 1536))

    assert model.family is Family.UNKNOWN
    assert model.fits == SD3
    assert "SD 3.5 large" in model.family_label


@pytest.mark.parametrize(
    ("metadata", "family"),
    [
        ({"modelspec.architecture": "stable-diffusion-v1/lora"}, Family.SD15),
        ({"ss_base_model_version": "sdxl_base_v1-0"}, Family.SDXL),
        ({"modelspec.architecture": "something-new"}, Family.UNKNOWN),
        ({}, Family.UNKNOWN),
    ],
)
def test_where_tensors_leave_it_open_the_metadata_says_what_a_lora_fits(identify, metadata, family):
    narrow = made.kohya_lora(192)  # as wide as no published text encoder

    model = identify(narrow, metadata=metadata)

    assert model.family is family
    assert identify(made.kohya_lora(2048), metadata=metadata).family is Family.SDXL


LAYER = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k"


@pytest.mark.parametrize(
    ("tensors", "variants", "rank"),
    [
        (made.kohya_lora(2048), [], 16),
        ({**made.kohya_lora(2048), f"{LAYER}.dora_scale": (1, 2048)}, ["dora"], 16),
        (
            {
                f"{LAYER}.hada_w1_a": (640, 4),
                f"{LAYER}.hada_w1_b": (4, 2048),
                f"{LAYER}.hada_w2_a": (640, 4),
                f"{LAYER}.hada_w2_b": (4, 2048),
            },
            ["loha"],
            4,
        ),
        (
            {
                f"{LAYER}.lokr_w1": (8, 32),
                f"{LAYER}.lokr_w2_a": (80, 6),
                f"{LAYER}.lokr_w2_b": (6, 64),
            },
            ["lokr"],
            6,
        ),
        ({f"{LAYER}.diff": (640, 2048)}, ["full difference"], 0),
    ],
    ids=["lora", "dora", "loha", "lokr", "full"],
)
def test_kinds_of_adapters(identify, tensors, variants, rank):
    model = identify(tensors)

    assert (model.kind, model.family) == (ModelKind.LORA, Family.SDXL)
    assert [fact.value for fact in model.variants] == variants
    assert model.rank == rank


@pytest.mark.parametrize(
    ("tensors", "kind", "fits"),
    [
        (made.VAE, ModelKind.VAE, {Family.SD15, Family.SDXL}),
        (made.VAE16, ModelKind.VAE, {Family.SD3, Family.FLUX1}),
        (made.under("vae.", made.VAE16), ModelKind.VAE, {Family.FLUX1}),
        (made.CLIP_L, ModelKind.TEXT_ENCODER, {Family.SD15, Family.SDXL, Family.FLUX1}),
        (made.CLIP_G, ModelKind.TEXT_ENCODER, {Family.SDXL}),
        (made.T5, ModelKind.TEXT_ENCODER, {Family.SD35_LARGE, Family.FLUX1}),
        (
            {
                **made.under("control_model.", made.unet()),
                "control_model.input_hint_block.0.weight": (16, 3, 3, 3),
            },
            ModelKind.CONTROLNET,
            {Family.SD15},
        ),
        (
            {
                "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3),
                "conv_in.weight": (320, 4, 3, 3),
                "time_embedding.linear_1.weight": (1280, 320),
                "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
                "add_embedding.linear_1.weight": (1280, 2816),
            },
            ModelKind.CONTROLNET,
            {Family.SDXL},
        ),
        ({"emb_params": (4, 768)}, ModelKind.EMBEDDING, {Family.SD15}),
        ({"clip_l": (4, 768), "clip_g": (4, 1280)}, ModelKind.EMBEDDING, {Family.SDXL}),
        (
            {
                "image_proj.proj.weight": (8192, 1024),
                "ip_adapter.1.to_k_ip.weight": (320, 768),
            },
            ModelKind.IP_ADAPTER,
            {Family.SD15},
        ),
        (
            {"conv_first.weight": (64, 3, 3, 3), "body.0.rdb1.conv1.weight": (32, 64, 3, 3)},
            ModelKind.UPSCALER,
            set(),
        ),
        ({"what.is.this": (3, 3)}, ModelKind.UNKNOWN, set()),
    ],
)
def test_other_kinds_of_files(identify, tensors, kind, fits):
    model = identify(tensors)

    assert model.kind is kind
    assert fits <= set(model.fits)
    assert bool(model.fits) == bool(fits)


def test_another_programs_family_is_called_by_its_name(identify):
    model = identify({"head.modulation": (1, 2, 5120), "patch_embedding.weight": (5120, 16)})

    assert (model.family, model.family_label) == (Family.OTHER, "Wan video")
    assert model.fits == ()


def full_size_sdxl() -> made.Shapes:
    """As many tensors as SDXL has (2,515), and as many bytes as in half precision (6.9 GB)."""
    filler = {
        f"model.diffusion_model.output_blocks.{n}.0.in_layers.2.weight": (1280, 1070)
        for n in range(2460)
    }
    return {**made.sdxl_checkpoint(), **filler}


def test_six_gigabytes_cost_no_more_than_a_few_readings_of_their_header(tmp_path):
    """Ten milliseconds on the machine where parsing it took two; slower ones are slower at both."""
    path = made.write_safetensors(tmp_path / "sdxl.safetensors", full_size_sdxl())
    assert path.stat().st_size > 6_000_000_000
    with path.open("rb") as file:
        header = file.read(int.from_bytes(file.read(8), "little"))

    identifying = best_seconds(lambda: identify_file(path))
    parsing = best_seconds(lambda: json.loads(header))

    assert identify_file(path).family is Family.SDXL
    assert identifying < 10 * parsing


def best_seconds(act: Callable[[], object]) -> float:
    """Of many, since a processor that is shared counts the waiting for its memory too."""

    def seconds() -> float:
        begin = time.process_time()
        act()
        return time.process_time() - begin

    return min(seconds() for _ in range(20))
