"""Folders of other programs: where their models are, what is refused, what is remembered."""

import pytest

from backend.library.folder_kinds import belongs, kind_of_folder
from backend.library.folders import Folders
from backend.schema.errors import NotFoundError, RequestError
from backend.schema.models import ModelKind
from tests.fixtures import model_files as made


@pytest.fixture
def folders(places, models):
    return Folders(places.models, places.data / "model-folders.json")


def lora(path, name="a"):
    path.mkdir(parents=True, exist_ok=True)
    return made.write_safetensors(path / f"{name}.safetensors", made.kohya_lora())


def listed(library):
    library.rescan()
    return {entry.id: entry for entry in library.entries()}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Stable-diffusion", ModelKind.CHECKPOINT),
        ("checkpoints", ModelKind.CHECKPOINT),
        ("UNET", ModelKind.DIFFUSION_MODEL),
        ("diffusion_models", ModelKind.DIFFUSION_MODEL),
        ("Lora", ModelKind.LORA),
        ("VAE", ModelKind.VAE),
        ("text_encoders", ModelKind.TEXT_ENCODER),
        ("ControlNet", ModelKind.CONTROLNET),
        ("RealESRGAN", ModelKind.UPSCALER),
        ("anime", None),
    ],
)
def test_folders_are_known_by_every_programs_names(name, kind):
    assert kind_of_folder(name) is kind


def test_every_kind_has_a_folder_that_is_known_for_it():
    for kind in ModelKind:
        if kind.folder:
            assert belongs(kind, kind_of_folder(kind.folder))


def test_forges_models_and_embeddings_are_found(library, tmp_path):
    forge = tmp_path / "webui"
    (forge / "models" / "Stable-diffusion").mkdir(parents=True)
    lora(forge / "models" / "Lora" / "styles")
    (forge / "embeddings").mkdir()
    made.write_safetensors(forge / "embeddings" / "bad.safetensors", {"emb_params": (4, 768)})
    lora(forge / "outputs", "not a model folder")

    added = library.folders.add(str(forge))

    assert added.program == "AUTOMATIC1111 or Forge"
    there = listed(library)
    assert set(there) == {
        "webui:models/Lora/styles/a.safetensors",
        "webui:embeddings/bad.safetensors",
    }
    assert there["webui:embeddings/bad.safetensors"].expected is ModelKind.EMBEDDING


def test_comfyuis_extra_paths_are_followed(library, tmp_path, monkeypatch):
    comfy, shared = tmp_path / "ComfyUI", tmp_path / "shared drive"
    lora(comfy / "models" / "loras", "own")
    lora(shared / "models" / "Lora", "first")
    lora(shared / "models" / "LyCORIS", "second")
    lora(tmp_path / "alone", "third")
    monkeypatch.setenv("SHARED_DRIVE", str(shared))
    (comfy / "extra_model_paths.yaml").write_text(
        "a111:\n"
        "    base_path: $SHARED_DRIVE/\n"
        "    is_default: true\n"
        "    checkpoints: models/Stable-diffusion\n"
        "    loras: |\n"
        "         models/Lora\n"
        "         models/LyCORIS\n"
        "    custom_nodes: nodes\n"
        "other:\n"
        f"    loras: {tmp_path / 'alone'}\n"
        "empty:\n"
        "list: [1, 2]\n"
    )

    assert library.folders.add(str(comfy)).program == "ComfyUI"

    assert {entry.expected for entry in listed(library).values()} == {ModelKind.LORA}
    assert set(listed(library)) == {
        "ComfyUI:models/loras/own.safetensors",
        "ComfyUI:a111/loras-1/first.safetensors",
        "ComfyUI:a111/loras-2/second.safetensors",
        "ComfyUI:other/loras/third.safetensors",
    }


@pytest.mark.parametrize("text", ["", "{", "a: [", "[]", "x: !!python/object:os.system {}", "\0"])
def test_a_broken_list_of_extra_paths_hides_nothing_else(library, tmp_path, text):
    lora(tmp_path / "ComfyUI" / "models" / "loras")
    (tmp_path / "ComfyUI" / "extra_model_paths.yaml").write_text(text)
    library.folders.add(str(tmp_path / "ComfyUI"))

    assert set(listed(library)) == {"ComfyUI:models/loras/a.safetensors"}


def test_any_folder_will_do_and_two_of_one_name_are_told_apart(library, tmp_path):
    for parent in ("one", "two"):
        lora(tmp_path / parent / "Lora")
        library.folders.add(str(tmp_path / parent / "Lora"))

    assert set(listed(library)) == {"Lora:a.safetensors", "Lora-2:a.safetensors"}
    assert listed(library)["Lora:a.safetensors"].expected is ModelKind.LORA


def test_the_choice_survives_and_can_be_taken_back(folders, places, tmp_path):
    (tmp_path / "mine").mkdir()
    folders.add(str(tmp_path / "mine"))

    again = Folders(places.models, places.data / "model-folders.json")
    assert [folder.path for folder in again.all()] == [str(places.models), str(tmp_path / "mine")]
    again.remove(str(tmp_path / "mine"))

    assert [folder.own for folder in folders.all()] == [True]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "There is no folder"),
        ("nowhere", "There is no folder"),
        ("a\0b", "There is no folder"),
        ("half \ud83d", "There is no folder"),
        ("file.txt", "There is no folder"),
        ("models", "is in the library already"),
        ("models/loras", "lies in .* which is in the library already"),
        ("link", "is in the library already"),
    ],
)
def test_what_is_no_new_folder_is_refused_with_the_reason(folders, tmp_path, path, words):
    (tmp_path / "file.txt").touch()
    (tmp_path / "link").symlink_to(tmp_path / "models")

    with pytest.raises(RequestError, match=words) as caught:
        folders.add(str(tmp_path / path) if path else "")

    assert caught.value.hint
    str(caught.value).encode()
    assert len(folders.all()) == 1


def test_a_folder_that_nobody_may_read_is_refused(folders, tmp_path, monkeypatch):
    (tmp_path / "locked").mkdir()

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("backend.library.folders.os.scandir", refuse)

    with pytest.raises(RequestError, match="cannot be read"):
        folders.add(str(tmp_path / "locked"))


def test_a_folder_that_went_away_says_so_and_easels_own_stays(folders, tmp_path):
    (tmp_path / "drive").mkdir()
    folders.add(str(tmp_path / "drive"))
    (tmp_path / "drive").rmdir()

    assert "is not there now" in folders.all()[1].problem
    with pytest.raises(RequestError, match="own models folder stays"):
        folders.remove("models")
    with pytest.raises(NotFoundError, match="not in the library"):
        folders.remove(str(tmp_path / "other"))


def test_a_damaged_settings_file_is_no_folders(folders, places):
    places.data.mkdir()
    (places.data / "model-folders.json").write_text("{")

    assert len(folders.all()) == 1
