"""The LoRAs that prompts name are found in the library, and refused where they do not fit."""

from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.errors import ModelError, OutOfRangeError
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.services.loras import loras_there, named_loras
from tests.fixtures.requests import resolved

CROSSING = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
WIDTHS = {"sd15": 768, "sdxl": 2048}


def save_lora(path, family):
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        f"{CROSSING}.lora_down.weight": np.zeros((4, WIDTHS[family]), np.float32),
        f"{CROSSING}.lora_up.weight": np.zeros((320, 4), np.float32),
    }
    save_file(tensors, path)


@pytest.fixture
def library(tmp_path):
    loras = tmp_path / "models" / "loras"
    save_lora(loras / "Ink Style.safetensors", "sd15")
    save_lora(loras / "xl" / "fog.safetensors", "sdxl")
    save_lora(loras / "old" / "fog.safetensors", "sd15")
    save_lora(loras / "xl" / "glow.safetensors", "sdxl")
    (loras / "broken.safetensors").write_bytes(b"<html>Log in</html>")
    places = replace(default_places(), data=tmp_path / "data", models=tmp_path / "models")
    library = Library(places, load_catalogue())
    library.rescan()
    yield library
    library.close()


def asked(*prompts: str, negative: str = ""):
    written = {
        index: PromptSettings(positive=text, negative=negative)
        for index, text in enumerate(prompts)
    }
    batch = BatchSettings(count=len(prompts))
    return resolved().model_copy(update={"expanded": written, "batch": batch})


def found(library: Library, *prompts: str) -> dict[str, str]:
    return {each.name: each.id for each in named_loras(asked(*prompts), library.entries())}


@pytest.mark.parametrize("name", ["Ink Style", "ink style", "Ink Style.safetensors"])
def test_a_lora_is_found_by_its_files_name(library, name):
    assert found(library, f"a cat <lora:{name}:0.8>") == {name: "loras/Ink Style.safetensors"}


@pytest.mark.parametrize("name", ["old/fog", "old\\fog", "loras/old/fog.safetensors", "fog"])
def test_of_two_with_one_name_that_which_fits_is_meant(library, name):
    assert found(library, f"<lora:{name}:1>") == {name: "loras/old/fog.safetensors"}


def test_those_of_all_pictures_are_found_each_once(library):
    prompts = ("<lora:fog:1>, a cat", "a dog <lora:fog:0.5> <lora:Ink Style:1>", "a bird")

    assert set(found(library, *prompts)) == {"fog", "Ink Style"}
    assert named_loras(asked("a cat", negative="<lora:fog:1>"), library.entries()) == ()


def test_a_lora_that_is_not_there_is_refused_with_the_most_similar_name(library):
    with pytest.raises(OutOfRangeError, match="There is no LoRA called “ink stile”") as caught:
        found(library, "<lora:ink stile:1>")

    assert "Did you mean “ink style”?" in caught.value.hint
    assert caught.value.field == "prompt.positive"


def test_all_that_are_missing_are_named_at_once(library):
    with pytest.raises(OutOfRangeError, match="These LoRAs are not here: “a”, “b”"):
        found(library, "<lora:a:1> <lora:fog:1> <lora:b:1>")


def test_one_of_another_family_is_refused_with_the_reason(library):
    with pytest.raises(OutOfRangeError, match=r"“glow” is for SDXL; “Starter” is SD 1\.5"):
        found(library, "<lora:glow:1>")


def test_a_broken_file_says_what_is_wrong_with_it(library):
    with pytest.raises(ModelError, match="The LoRA “broken” cannot be used"):
        found(library, "<lora:broken:1>")


def test_a_plan_counts_those_that_are_there(library):
    request = asked("<lora:fog:1> <lora:nowhere:1>")

    assert [each.name for each in loras_there(request, library.entries())] == ["fog"]
