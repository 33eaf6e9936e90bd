"""What the page shows of LoRAs."""

import json
from dataclasses import replace

import pytest

from backend.library.library import Library
from backend.metadata.catalogue import load_catalogue
from backend.places import default_places
from backend.schema.jobs import OWNER
from backend.services.lora_cards import LoraShelf
from tests.unit.services.test_loras import save_lora


@pytest.fixture
def shelf(tmp_path):
    loras = tmp_path / "models" / "loras"
    for name, family in (("ink", "sd15"), ("a/fog", "sd15"), ("b/fog", "sd15"), ("glow", "sdxl")):
        save_lora(loras / f"{name}.safetensors", family)
    (loras / "ink.civitai.info").write_text(
        json.dumps({"model": {"name": "Ink & Paper"}, "trainedWords": ["ink style", "ink style,"]})
    )
    (loras / "ink.json").write_text(json.dumps({"preferred weight": 0.7}))
    places = replace(default_places(), data=tmp_path / "data", models=tmp_path / "models")
    library = Library(places, load_catalogue())
    library.rescan()
    yield LoraShelf(library)
    library.close()


def test_what_fits_comes_first_and_each_can_be_named(shelf):
    found = shelf.found(OWNER, None)

    assert [card.title for card in found.cards] == ["fog", "fog", "Ink & Paper", "glow"]
    assert [card.name for card in found.cards] == ["fog", "b/fog", "ink", "glow"]
    assert [bool(card.why_not) for card in found.cards] == [False, False, False, True]
    for card in found.cards:
        (worn,) = shelf.worn(OWNER, f"<lora:{card.name}:1>", None)
        assert worn.card
        assert worn.card.id == card.id


def test_a_card_has_the_makers_words_and_weight(shelf):
    (ink,) = shelf.found(OWNER, None, "INK style").cards

    assert (ink.trigger_words, ink.strength) == (("ink style",), 0.7)
    assert shelf.found(OWNER, None, "nothing like it").total == 0
    assert shelf.found(OWNER, None, "nothing like it").everything == 4


def test_what_a_prompt_names_is_told_in_its_order_with_what_is_wrong(shelf):
    worn = shelf.worn(OWNER, "a <lora:glow:0.5>, <lora:ink:0.7:0.2> <lora:inc:1>", None)

    assert [each.name for each in worn] == ["glow", "ink", "inc"]
    assert [(each.unet, each.text_encoder) for each in worn[:2]] == [(0.5, 0.5), (0.7, 0.2)]
    assert worn[0].problem == "It is for SDXL; the checkpoint is SD 1.5."
    assert worn[1].problem == ""
    assert "Did you mean “ink”?" in worn[2].problem
    assert worn[2].card is None
