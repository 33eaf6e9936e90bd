"""Names from strangers."""

from pathlib import Path

import pytest

from backend.downloads.names import free_path, safe_name


@pytest.mark.parametrize(
    ("told", "safe"),
    [
        ("dream.safetensors", "dream.safetensors"),
        ("../../etc/passwd.safetensors", "passwd.safetensors"),
        ("..\\..\\boot.safetensors", "boot.safetensors"),
        ("C:\\x:y.safetensors", "x_y.safetensors"),
        ("/abs/olute.SafeTensors", "olute.safetensors"),
        ("..", "model.safetensors"),
        ("", "model.safetensors"),
        (".hidden.safetensors", "hidden.safetensors"),
        ("CON.safetensors", "_CON.safetensors"),
        ("com1.v2.safetensors", "_com1.v2.safetensors"),
        ("a\x00b\nc\u202e.safetensors", "abc.safetensors"),
        ("trailing. .safetensors", "trailing.safetensors"),
        ("dream.ckpt", "dream.safetensors"),
        ("dream v1.5", "dream v1.5.safetensors"),
        ("dream.exe", "dream.exe.safetensors"),
        ("e\u0301t\u00e9.sft", "\u00e9t\u00e9.sft"),
    ],
)
def test_a_name_becomes_one_that_every_system_takes(told, safe):
    assert safe_name(told, "safetensors") == safe


def test_a_long_name_is_cut_between_characters_and_keeps_its_ending():
    name = safe_name("é" * 400 + ".safetensors", "safetensors")

    assert name == "é" * 60 + ".safetensors"


def test_the_ending_says_what_the_file_holds():
    assert safe_name("dream.safetensors", "gguf") == "dream.gguf"
    assert safe_name("dream.pt", "pickle") == "dream.pt"


def test_no_file_and_no_side_car_is_taken_the_place_of(tmp_path):
    for name in ("Dream.safetensors", "dream-2.json"):
        (tmp_path / name).touch()

    assert free_path(tmp_path, "dream.ckpt") == tmp_path / "dream-3.ckpt"
    assert free_path(tmp_path, "other.ckpt") == tmp_path / "other.ckpt"
    assert free_path(Path("/nowhere"), "dream.ckpt") == Path("/nowhere/dream.ckpt")
