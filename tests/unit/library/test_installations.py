"""Installations of other programs: what is found by their layout and their settings."""

import json
import os
import sqlite3
from contextlib import closing

import pytest

from backend.library.installations.known import (
    PROGRAMS,
    installation_at,
    installations_near,
    program_of,
)
from backend.library.installations.settings import LARGEST
from backend.schema.models import ModelKind
from tests.fixtures import installations as layouts
from tests.fixtures.installations import checkpoint, lora, written
from tests.fixtures.model_folders import install_folder

LAYOUTS = {
    "AUTOMATIC1111 or Forge": layouts.forge,
    "SD.Next": layouts.sdnext,
    "ComfyUI": layouts.comfyui,
    "Fooocus": layouts.fooocus,
    "InvokeAI": layouts.invokeai,
}


def files_in(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def reasons(installation):
    return [f"{each.file}: {each.reason}" for each in installation.unclear]


def roots(installation):
    return {(root.name, root.path, root.kind) for root in installation.roots}


def shown(library):
    library.rescan()
    return {entry.id: entry for entry in library.entries()}


def test_every_known_program_has_a_layout_here():
    assert {program.name for program in PROGRAMS} == set(LAYOUTS)


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_program_is_told_apart_and_nothing_in_it_changes(tmp_path, name):
    folder = LAYOUTS[name](tmp_path / "program")
    before = files_in(folder)

    found = installation_at(folder, "x")

    assert (program_of(folder), found.program, reasons(found)) == (name, name, [])
    assert found.roots
    assert found.outputs
    assert files_in(folder) == before


def test_the_installation_inside_a_portable_package_is_found(tmp_path):
    comfy = layouts.comfyui(tmp_path / "ComfyUI_windows_portable" / "ComfyUI")
    (tmp_path / "ComfyUI_windows_portable" / "python_embeded").mkdir()

    assert installations_near(comfy.parent) == (comfy,)
    assert installations_near(comfy) == (comfy,)
    assert installations_near(tmp_path) == ()
    assert installations_near(tmp_path / "nowhere") == ()


def test_folders_that_nobody_may_look_into_hide_nothing_else(tmp_path, monkeypatch):
    comfy = layouts.comfyui(tmp_path / "ComfyUI")
    (tmp_path / "Locked").mkdir()
    real = os.stat

    def refuse(path, *arguments, **more):
        if "Locked" in str(path) and not str(path).endswith("Locked"):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **more)

    monkeypatch.setattr("os.stat", refuse)

    assert installations_near(tmp_path) == (comfy,)
    assert installation_at(tmp_path / "Locked", "x").roots[0].path == tmp_path / "Locked"


def test_a1111s_styles_wildcards_and_outputs_are_found(tmp_path):
    folder = layouts.forge(tmp_path / "webui")
    elsewhere = tmp_path / "pictures"
    elsewhere.mkdir()
    config = {"outdir_samples": str(elsewhere), "outdir_grids": "outputs/grids", "outdir_save": ""}
    written(folder / "config.json", json.dumps(config))

    found = installation_at(folder, "x")

    assert found.styles == (folder / "styles.csv",)
    assert {path.parent.name for path in found.wildcards} == {"scripts", "sd-dynamic-prompts"}
    assert found.outputs == (folder / "outputs", elsewhere)


def test_a1111s_options_name_more_folders(tmp_path, monkeypatch):
    folder = layouts.forge(tmp_path / "webui")
    for name in ("my ckpts", "loras", "data", "other"):
        (tmp_path / name).mkdir()
    written(tmp_path / "data" / "styles.csv", "name,prompt\nA,b\n")
    monkeypatch.setenv("DRIVE", str(tmp_path))
    written(
        folder / "webui-user.bat",
        "@echo off\n"
        f"set A1111_HOME={tmp_path}/other\n"
        "@REM set COMMANDLINE_ARGS=--ckpt-dir nowhere\n"
        'set COMMANDLINE_ARGS=--xformers --ckpt-dir="%DRIVE%/my ckpts" ^\n'
        " --forge-ref-a1111-home %A1111_HOME%\n"
        f"set COMMANDLINE_ARGS=%COMMANDLINE_ARGS% --data-dir {tmp_path}/data\n",
    )
    written(
        folder / "webui-user.sh",
        f"#!/bin/bash\nexport COMMANDLINE_ARGS=\"--lora-dir '{tmp_path}/loras' --listen\"\n",
    )

    found = installation_at(folder, "x")

    assert ("x:ckpt-dir/", tmp_path / "my ckpts", ModelKind.CHECKPOINT) in roots(found)
    assert ("x:lora-dir/", tmp_path / "loras", ModelKind.LORA) in roots(found)
    assert ("x:data-dir/models/", tmp_path / "data" / "models", None) in roots(found)
    assert found.styles == (tmp_path / "data" / "styles.csv",)
    assert reasons(found) == [
        f"webui-user.bat: It points at {tmp_path}/other: bring that installation as well."
    ]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("config.json", "{", "It is no JSON."),
        ("config.json", "[]", "It does not hold settings as it should."),
        ("config.json", " " * (LARGEST + 1), "It is too large"),
        ("config.json", '{"outdir_samples": "D:\\\\pictures"}', "names D:\\pictures"),
        ("config.json", '{"outdir_samples": "/no/\\u0000"}', "which is not there"),
        ("config.json", '{"outdir_samples": 5, "wildcard_dir": "~nobody-here/x"}', "~nobody-here"),
        ("webui-user.sh", 'export COMMANDLINE_ARGS="--x', "Its quotes do not match."),
        ("webui-user.bat", "set COMMANDLINE_ARGS=--ckpt-dir /no/where", "“--ckpt-dir” names"),
        ("webui-user.bat", "set COMMANDLINE_ARGS=--styles-file no*.csv", "“--styles-file” names"),
    ],
)
def test_broken_settings_are_a_sentence_and_hide_nothing_else(tmp_path, name, content, words):
    folder = layouts.forge(tmp_path / "webui")
    written(folder / name, content)

    found = installation_at(folder, "x")

    [reason] = reasons(found)
    assert reason.startswith(f"{name}: ")
    assert words in reason
    assert ("x:models/", folder / "models", None) in roots(found)
    assert found.outputs == (folder / "outputs",)


def test_sdnexts_settings_name_its_folders(tmp_path):
    folder = layouts.sdnext(tmp_path / "sdnext")
    for name in ("loras", "styles", "wild", "out"):
        (tmp_path / name).mkdir()
    written(tmp_path / "styles" / "mine.json", "{}")
    (folder / "models" / "Lora").mkdir(exist_ok=True)
    config = {
        "lora_dir": str(tmp_path / "loras"),
        "styles_dir": str(tmp_path / "styles"),
        "wildcards_dir": str(tmp_path / "wild"),
        "outdir_samples": str(tmp_path / "out"),
        "ckpt_dir": "models/Stable-diffusion",
    }
    written(folder / "config.json", json.dumps(config))

    found = installation_at(folder, "x")

    assert ("x:lora_dir/", tmp_path / "loras", ModelKind.LORA) in roots(found)
    assert found.styles == (
        folder / "models" / "styles" / "art" / "ink.json",
        tmp_path / "styles" / "mine.json",
    )
    assert found.wildcards == (folder / "models" / "wildcards", tmp_path / "wild")
    assert found.outputs == (folder / "outputs", tmp_path / "out")


def test_comfyuis_wildcards_and_what_is_wrong_with_its_extra_paths(tmp_path):
    folder = layouts.comfyui(tmp_path / "ComfyUI")
    pack = folder / "custom_nodes" / "ComfyUI-Impact-Pack"
    (tmp_path / "cards").mkdir()
    written(pack / "impact-pack.ini", f"[default]\ncustom_wildcards = {tmp_path / 'cards'}\n")
    written(folder / "custom_nodes" / "broken" / "impact-pack.ini", "no section")
    written(
        folder / "extra_model_paths.yaml",
        "gone:\n  base_path: /no/where\n  loras: x\n"
        f"here:\n  base_path: {tmp_path}\n  loras: nothing\n  vae: /no/vae\nodd: 5\n",
    )

    found = installation_at(folder, "x")

    assert found.wildcards == (pack / "wildcards", tmp_path / "cards")
    assert reasons(found) == [
        "extra_model_paths.yaml: “gone” lies in /no/where, which is not there.",
        "extra_model_paths.yaml: “here: vae” names /no/vae, which is not there.",
        "extra_model_paths.yaml: “odd” is no list of folders.",
        "custom_nodes/broken/impact-pack.ini: It is not the INI that was expected.",
    ]


def test_fooocus_config_names_one_folder_or_several(library, tmp_path):
    folder = layouts.fooocus(tmp_path / "Fooocus")
    checkpoint(tmp_path / "big" / "extra.safetensors")
    lora(tmp_path / "loras" / "barn.safetensors")
    (tmp_path / "made").mkdir()
    config = {
        "path_checkpoints": [str(folder / "models" / "checkpoints"), str(tmp_path / "big")],
        "path_loras": str(tmp_path / "loras"),
        "path_outputs": str(tmp_path / "made"),
        "path_vae": "/no/vae",
        "default_model": "juggernaut.safetensors",
    }
    written(folder / "config.txt", json.dumps(config))

    found = installation_at(folder, "x")
    library.folders.add(str(folder))

    assert found.outputs == (tmp_path / "made",)
    assert reasons(found) == ["config.txt: “path_vae” names /no/vae, which is not there."]
    assert set(shown(library)) == {
        "Fooocus:models/checkpoints/juggernaut.safetensors",
        "Fooocus:path_checkpoints-2/extra.safetensors",
        "Fooocus:path_loras/barn.safetensors",
    }


def test_invokeais_models_have_the_names_of_its_database(library, tmp_path):
    folder = tmp_path / "invokeai"
    lora(folder / "models" / "key-1" / "barn.safetensors")
    lora(folder / "models" / "key-9" / "unknown.safetensors")
    install_folder(folder / "models" / "key-0")
    place = checkpoint(tmp_path / "shared" / "dream.safetensors")
    checkpoint(tmp_path / "shared" / "not registered.safetensors")
    layouts.invokeai(
        folder,
        {"name": "Analog", "path": "key-0", "type": "main"},
        {"name": "Barn", "path": "key-1/barn.safetensors", "type": "lora"},
        {"name": "Dream 8", "path": str(place), "type": "main"},
        {"name": "Gone", "path": "/no/gone.safetensors", "type": "vae"},
    )

    library.folders.add(str(folder))

    there = shown(library)
    assert {known: entry.name for known, entry in there.items()} == {
        "invokeai:main/sd-1/Analog": "Analog",
        "invokeai:lora/sd-1/Barn.safetensors": "Barn",
        "invokeai:main/sd-1/Dream 8.safetensors": "Dream 8",
        "invokeai:models/key-9/unknown.safetensors": "unknown",
    }
    assert reasons(installation_at(folder, "x")) == [
        "databases/invokeai.db: The model “Gone” is not at /no/gone.safetensors."
    ]


@pytest.mark.parametrize("text", ["outputs_dir: {}\n", "InvokeAI:\n  Paths:\n    outdir: {}\n"])
def test_invokeais_settings_of_both_versions_name_its_outputs(tmp_path, text):
    folder = layouts.invokeai(tmp_path / "invokeai")
    (tmp_path / "elsewhere" / "images").mkdir(parents=True)
    written(folder / "invokeai.yaml", text.format(tmp_path / "elsewhere"))

    assert installation_at(folder, "x").outputs == (tmp_path / "elsewhere" / "images",)


def test_a_database_is_read_without_a_byte_beside_it(tmp_path):
    model = {"name": "A", "path": "a.safetensors", "type": "lora"}
    folder = layouts.invokeai(tmp_path / "invokeai", model, wal=True)
    lora(folder / "models" / "a.safetensors")
    before, touched = files_in(folder), (folder / "databases").stat().st_mtime_ns

    assert [root.title for root in installation_at(folder, "x").roots] == ["A", ""]
    assert files_in(folder) == before
    assert (folder / "databases").stat().st_mtime_ns == touched


def test_what_a_running_invokeai_wrote_just_now_is_seen(tmp_path):
    folder = layouts.invokeai(tmp_path / "invokeai", wal=True)
    lora(folder / "models" / "a.safetensors")
    config = {"name": "A", "path": "a.safetensors", "type": "lora"}
    config |= {"hash": "h", "base": "sd-1", "format": "x", "source": "s", "source_type": "p"}
    with closing(sqlite3.connect(folder / "databases" / "invokeai.db")) as running:
        with running:
            running.execute(
                "INSERT INTO models (id, config) VALUES ('k', ?)", (json.dumps(config),)
            )

        assert [root.title for root in installation_at(folder, "x").roots] == ["A", ""]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 200])
def test_a_broken_database_hides_nothing_else(tmp_path, content):
    folder = layouts.invokeai(tmp_path / "invokeai")
    (folder / "databases" / "invokeai.db").write_bytes(content)

    found = installation_at(folder, "x")

    assert [root.name for root in found.roots] == ["x:models/"]
    assert len(found.unclear) == (1 if content else 0)
