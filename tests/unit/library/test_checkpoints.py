"""What the picker offers, and what it says of files that cannot draw."""

import re
from dataclasses import replace

import pytest

from backend.engine.loading.ggml import BLOCK_FORMATS
from backend.library.precisions import READABLE
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.models import Family
from tests.fixtures import model_files as made
from tests.fixtures.model_folders import install_folder
from tests.unit.library.conftest import KNOWN, catalogue_of


def only(library):
    [info] = library.checkpoints()
    return info


def test_the_starter_that_ships_is_found(places, opened):
    own = replace(default_places(), data=places.data, models=places.models)
    shipped = opened(load_catalogue(), own)

    starter = shipped.find("starter")

    assert (starter.family, starter.problem) == ("sd15", None)
    assert starter.bytes > 40_000_000


def test_a_whole_file_is_offered_with_its_facts_and_its_familys_defaults(library, models):
    made.write_safetensors(models / "checkpoints" / "dream.safetensors", made.sd15_checkpoint())

    info = only(library)

    assert (info.id, info.name, info.family) == ("checkpoints/dream.safetensors", "dream", "sd15")
    assert (info.family_label, info.precision, info.prediction) == ("SD 1.5", "fp16", "epsilon")
    assert (info.problem, info.missing, info.format) == (None, (), "safetensors")
    assert info.defaults == KNOWN.families[0].defaults


def test_a_variant_has_settings_of_its_own(opened, models):
    [sd15] = catalogue_of(Family.SD15).families
    fast = sd15.defaults.model_copy(update={"steps": 4})
    variant = {"id": "lcm", "label": "LCM", "defaults": fast}
    family = sd15.model_validate(sd15.model_dump() | {"variants": (variant,)})
    made.write_safetensors(models / "dreamshaper_lcm.safetensors", made.sd15_checkpoint())

    library = opened(KNOWN.model_copy(update={"families": (family,)}))

    assert only(library).defaults.steps == 4


@pytest.mark.parametrize(
    ("tensors", "words"),
    [
        (made.sdxl_checkpoint(), "does not draw with models of SDXL yet"),
        (made.sd15_checkpoint(made.unet(inputs=9)), "“inpainting”: it draws from a masked picture"),
        (made.checkpoint(made.unet()), r"VAE \(vae-ft-mse-840000-ema-pruned.safetensors\)"),
        ({"strange.weight": (3, 3)}, "no kind of model that Easel knows"),
        (made.kohya_lora(), "is a LoRA, in a folder for checkpoints"),
    ],
    ids=["family", "variant", "missing parts", "unknown", "LoRA"],
)
def test_what_cannot_draw_is_listed_with_the_reason_and_the_next_step(
    library, models, tensors, words
):
    made.write_safetensors(models / "checkpoints" / "file.safetensors", tensors)

    problem = only(library).problem

    assert problem is not None
    assert re.search(words, problem.sentence), problem.sentence
    assert problem.hint


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("page.safetensors", b"<html>", "web page"),
        ("old.ckpt", b"PK\x03\x04" + b"\0" * 26 + b"archive/data.pkl", "pickle"),
        ("empty.gguf", b"", "empty"),
    ],
)
def test_files_that_are_no_models_are_named_for_what_they_are(
    library, models, name, content, words
):
    (models / "checkpoints" / name).write_bytes(content)

    info = only(library)

    assert words in info.problem.sentence
    assert info.name == name


def test_a_truncated_download_says_so(library, models):
    made.write_safetensors(models / "cut.safetensors", made.sd15_checkpoint(), missing=9)

    assert "incomplete" in only(library).problem.sentence


def test_a_checkpoint_in_a_wrong_folder_draws_and_tells_where_it_belongs(library, models):
    made.write_safetensors(models / "loras" / "dream.safetensors", made.sd15_checkpoint())

    info = only(library)

    assert info.problem is None
    assert (
        "is a checkpoint, in a folder for LoRAs. Move it to the folder “checkpoints”" in info.note
    )


def test_a_number_format_that_nobody_unpacks_is_told(library, models):
    path = models / "diffusion_models" / "flux.gguf"
    made.write_gguf(path, made.flux(), kind=18)  # IQ3_XXS
    bad = only(library).problem
    made.write_gguf(path, made.flux(), kind=12)  # Q4_K
    library.rescan()

    assert "IQ3_XXS, which Easel does not read" in bad.sentence
    assert only(library).problem.code == "missing_parts"


def test_the_number_formats_are_those_that_the_engine_unpacks():
    assert {name for name in READABLE if name.startswith(("Q", "IQ"))} == set(BLOCK_FORMATS)


def test_the_order_is_able_first_refiners_after_them_the_starter_last(library, places, models):
    install_folder(places.root / "models" / "starter")
    made.write_safetensors(models / "zebra.safetensors", made.sd15_checkpoint())
    made.write_safetensors(models / "Alpaca.safetensors", made.sd15_checkpoint())
    made.write_safetensors(models / "broken.safetensors", made.sd15_checkpoint(), missing=1)
    refiner = made.checkpoint(
        {**made.unet(text=1280, linear=True), "label_emb.0.0.weight": (1536, 2560)},
        first_stage_model=made.VAE,
        conditioner__embedders__0__model=made.CLIP_G,
    )
    made.write_safetensors(models / "a_refiner.safetensors", refiner)

    there = library.checkpoints()

    assert [info.name for info in there] == [
        "Alpaca",
        "zebra",
        "a_refiner",
        "starter",
        "broken.safetensors",
    ]
    assert [info.refiner for info in there] == [False, False, True, False, False]
    assert library.find(None).name == "Alpaca"


def test_a_folders_own_card_names_and_describes_it(library, models):
    defaults = KNOWN.families[0].defaults.model_copy(update={"width": 128, "steps": 5})
    card = {"name": "Small one", "note": "Draws apples.", "defaults": defaults.model_dump()}
    install_folder(models / "small", card=card | {"latent_to_rgb": [[0]]})

    info = library.find("small ONE")

    assert (info.note, info.defaults, info.format) == ("Draws apples.", defaults, "folder")


@pytest.mark.parametrize("card", ["", "{", "[]", '{"defaults": {"width": "wide"}}'])
def test_a_broken_card_does_not_hide_the_checkpoint(library, models, card):
    folder = install_folder(models / "a")
    (folder / "easel.json").write_text(card)

    assert (only(library).name, only(library).problem) == ("a", None)
