"""Which VAE and text encoders are chosen for a model, and what is told where there are none."""

import pytest

from tests.fixtures import model_files as made

T5_GGUF = {"enc.blk.0.attn_q.weight": (4096, 4096), "token_embd.weight": (32128, 4096)}


@pytest.fixture
def flux(models):
    return made.write_safetensors(
        models / "diffusion_models" / "flux1-dev.safetensors", made.flux()
    )


def put(models, path, tensors, **options):
    file = models / path
    file.parent.mkdir(parents=True, exist_ok=True)
    return made.write_safetensors(file, tensors, **options)


def chosen(library, name="flux1-dev"):
    library.rescan()
    return {role: info.id for role, info in library.automatic(library.find(name)).items()}


def test_flux_draws_as_soon_as_its_parts_are_there(library, models, flux):
    before = library.find("flux1-dev")
    put(models, "text_encoders/clip_l.safetensors", made.CLIP_L)
    put(models, "text_encoders/t5xxl_fp16.safetensors", made.T5)
    put(models, "vae/ae.safetensors", made.VAE16)
    library.rescan()

    assert [need.role for need in before.missing] == ["clip_l", "t5xxl", "vae"]
    assert "T5-XXL text encoder (t5xxl_fp16.safetensors)" in before.problem.sentence
    assert "folders “text_encoders” and “vae” below models" in before.problem.hint
    assert (library.find("flux1-dev").problem, library.find("flux1-dev").missing) == (None, ())
    assert chosen(library) == {
        "clip_l": "text_encoders/clip_l.safetensors",
        "t5xxl": "text_encoders/t5xxl_fp16.safetensors",
        "vae": "vae/ae.safetensors",
    }


def test_a_file_beside_the_checkpoint_comes_first(library, models, flux):
    put(models, "vae/ae.safetensors", made.VAE16)
    put(models, "diffusion_models/strange.safetensors", made.VAE16)

    assert chosen(library)["vae"] == "diffusion_models/strange.safetensors"


def test_half_precision_comes_before_eight_bits(library, models, flux):
    put(models, "text_encoders/t5xxl_fp8_e4m3fn.safetensors", made.T5, dtype="F8_E4M3")
    assert chosen(library)["t5xxl"] == "text_encoders/t5xxl_fp8_e4m3fn.safetensors"

    put(models, "text_encoders/t5xxl_fp16.safetensors", made.T5)
    assert chosen(library)["t5xxl"] == "text_encoders/t5xxl_fp16.safetensors"


def test_the_usual_name_comes_before_a_better_precision(library, models, flux):
    put(models, "text_encoders/my_encoder.safetensors", made.T5)
    put(models, "text_encoders/t5xxl_fp8.safetensors", made.T5, dtype="F8_E4M3")

    assert chosen(library)["t5xxl"] == "text_encoders/t5xxl_fp8.safetensors"


@pytest.mark.parametrize(
    "name", ["sd3_vae.safetensors", "sd3.5/vae.safetensors", "stable-diffusion-3.safetensors"]
)
def test_a_vae_that_is_named_for_another_family_is_never_chosen(library, models, flux, name):
    put(models, f"vae/{name}", made.VAE16)

    assert "vae" not in chosen(library)
    assert len(library.components()) == 1


def test_sd15_without_a_vae_takes_its_own_kind(library, models):
    put(
        models,
        "checkpoints/a.safetensors",
        {
            name: shape
            for name, shape in made.sd15_checkpoint().items()
            if not name.startswith("first_stage_model.")
        },
    )
    put(models, "vae/sdxl_vae.safetensors", made.VAE)
    assert "vae" not in chosen(library, "a")

    put(models, "vae/vae-ft-mse-840000-ema-pruned.safetensors", made.VAE)
    put(models, "vae/anything.safetensors", made.VAE)
    assert chosen(library, "a") == {"vae": "vae/vae-ft-mse-840000-ema-pruned.safetensors"}


def test_a_whole_checkpoint_takes_nothing_from_outside(library, models):
    put(models, "checkpoints/a.safetensors", made.sd15_checkpoint())
    put(models, "vae/vae-ft-mse-840000-ema-pruned.safetensors", made.VAE)

    assert chosen(library, "a") == {}


def test_only_what_can_be_used_is_offered(library, models):
    put(models, "vae/broken.safetensors", made.VAE, missing=3)
    put(models, "text_encoders/clip_l.safetensors", made.CLIP_L)
    put(models, "text_encoders/umt5.safetensors", {**made.T5, "shared.weight": (256384, 4096)})
    put(models, "loras/vae in a wrong folder.safetensors", made.VAE)
    made.write_gguf(models / "text_encoders" / "t5.gguf", T5_GGUF)

    there = {info.name: info.role for info in library.components()}

    assert there == {
        "clip_l": "clip_l",
        "t5": "t5xxl",
        "vae in a wrong folder": "vae",
    }
