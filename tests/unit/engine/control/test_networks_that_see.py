"""Preprocessors with weights: each runs from files in their real layout, and says what is wrong."""

import numpy as np
import pytest
import torch
from PIL import Image

from backend.engine.control import seeing
from backend.engine.control.base import MapSettings
from backend.engine.control.pixels import as_scribble, nearness, sized
from backend.engine.control.preprocessors import anyline, depth_anything, midas
from backend.engine.control.registry import find_preprocessor, preprocessors
from backend.engine.control.seeing import attribute_of, device_for, quietly, read_weights
from backend.schema.control_types import ControlType
from backend.schema.errors import ModelDamagedError, ModelError
from tests.fixtures.annotators import save_weights
from tests.fixtures.photos import photo

CPU = torch.device("cpu")
QUICK = (
    *("softedge_hed", "softedge_hedsafe", "scribble_hed"),
    *("softedge_pidinet", "softedge_pidisafe", "scribble_pidinet", "softedge_teed"),
    *("softedge_anyline", "mlsd", "lineart_realistic", "lineart_coarse"),
)
LARGE = ("lineart_anime", "depth_midas", "normal_midas", "depth_leres", "depth_zoe", "normal_bae")
HOLDING = (
    "midas.midas.vit",
    "zoe.zoedepth.models.base_models.midas_repo.midas.backbones.utils",
)
"""Modules that would hold what their networks saw last."""

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("annotators")


def settings(entry, folder, **told):
    files = tuple(save_weights(folder, each.file) for each in entry.info.weights)
    usual = {each.field: each.default for each in entry.info.parameters}
    return MapSettings(device=CPU, files=files, **usual | told)


def look(name, folder, size=(96, 64), **told):
    entry = find_preprocessor(name)
    return entry(photo(1, *size), settings(entry, folder, **told))


@pytest.mark.parametrize("name", QUICK)
def test_a_map_of_the_pictures_size_is_made(name, folder):
    seen = look(name, folder)

    assert (seen.mode, seen.size) == ("RGB", (96, 64))


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_large_networks_make_one_too(name, folder):
    seen = look(name, folder, (200, 130))

    assert (seen.mode, seen.size) == ("RGB", (200, 130))
    assert np.asarray(seen).std() > 1  # not one grey
    for module in HOLDING:
        assert not attribute_of(module, "activations")


@pytest.mark.parametrize(
    ("name", "configuration"),
    [
        ("depth_anything_v2", depth_anything.small),
        ("depth_anything_v2_base", depth_anything.base),
        ("depth_anything", depth_anything.large),
    ],
)
def test_depth_anythings_networks_are_as_large_as_their_files(name, configuration):
    import transformers  # noqa: PLC0415  seconds

    with quietly(), torch.device("meta"):
        network = transformers.DepthAnythingForDepthEstimation(configuration())
    size = sum(each.numel() for each in network.parameters()) * 4
    assert size == pytest.approx(find_preprocessor(name).info.bytes, rel=1e-3)


@pytest.mark.slow
def test_depth_anything_runs_from_its_published_layout(tmp_path):
    import transformers  # noqa: PLC0415  seconds

    with quietly():
        network = transformers.DepthAnythingForDepthEstimation(depth_anything.small())  # pyright: ignore[reportArgumentType]
        network.save_pretrained(tmp_path)
    [wanted] = find_preprocessor("depth_anything_v2").info.weights
    file = tmp_path / wanted.file
    assert "backbone.encoder.layer.0.attention.attention.query.weight" in read_weights(file)
    assert file.stat().st_size == wanted.bytes

    seen = find_preprocessor("depth_anything_v2")(
        photo(1, 90, 60), MapSettings(device=CPU, files=(file,))
    )

    assert (seen.mode, seen.size) == ("RGB", (90, 60))


@pytest.mark.parametrize("name", ["softedge_hed", "softedge_pidinet", "lineart_realistic"])
@pytest.mark.parametrize("size", [(1, 1), (5, 90)])
def test_small_and_narrow_pictures_have_maps(name, size, folder):
    assert look(name, folder, size).size == size


def test_a_line_has_to_be_surer_where_one_asks_for_it(folder):
    many = look("mlsd", folder, (128, 128), threshold_a=0.01, threshold_b=0.01)
    none = look("mlsd", folder, (128, 128), threshold_a=2.0)

    assert np.asarray(many).max() == 255
    assert np.asarray(none).max() == 0


def test_a_file_of_another_network_is_told(folder, tmp_path):
    hed = find_preprocessor("softedge_hed")
    wrong = tmp_path / "ControlNetHED.pth"
    wrong.write_bytes(save_weights(folder, "5_model.pth").read_bytes())

    with pytest.raises(ModelDamagedError, match=r"ControlNetHED\.pth"):
        hed(photo(1, 32, 32), MapSettings(device=CPU, files=(wrong,)))


def test_nothing_of_a_pickle_is_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return open, (str(tmp_path / "was-run"), "w")

    file = tmp_path / "table5_pidinet.pth"
    torch.save({"state_dict": Evil()}, file)
    with pytest.raises(ModelError, match="was not opened"):
        find_preprocessor("softedge_pidinet")(
            photo(1, 32, 32), MapSettings(device=CPU, files=(file,))
        )
    assert not (tmp_path / "was-run").exists()


def test_a_device_short_of_memory_is_spared(tmp_path, monkeypatch):
    file = tmp_path / "weights"
    file.write_bytes(b"0" * 1000)
    card = torch.device("cuda")

    monkeypatch.setattr(seeing, "free_bytes", lambda device: 1 << 34)
    assert device_for(card, [file]) == card
    monkeypatch.setattr(seeing, "free_bytes", lambda device: 1 << 29)
    assert device_for(card, [file]) == CPU
    assert device_for(card, []) == card


def test_a_scribble_follows_an_edge():
    edge = np.zeros((64, 64), np.uint8)
    edge[30:35] = 255

    drawn = np.asarray(as_scribble(Image.fromarray(edge)))
    assert drawn[32].min() == 255
    assert drawn[:20].max() == drawn[45:].max() == 0


@pytest.mark.parametrize(
    ("size", "expected"), [((200, 100), (1036, 518)), ((1, 5000), (14, 2072)), ((1, 1), (518, 518))]
)
def test_networks_look_at_the_size_they_learned_from(size, expected):
    assert sized(Image.new("RGB", size), 518, 14).size == expected


def test_slopes_become_directions_and_the_background_faces_the_viewer():
    slope = torch.arange(64.0).repeat(8, 1)

    towards, down, right = midas.directions(slope, 0.5)

    assert np.allclose(down, 0.5)
    assert np.allclose(right[:, :30], 0.5)
    assert np.allclose(towards[:, :30], 1)
    assert (right[:, 34:62] > 0.8).all()
    assert (towards[:, 34:62] < 0.9).all()


def test_anyline_draws_the_pictures_own_lines():
    picture = Image.new("RGB", (80, 60), "white")
    for x in range(10, 70):
        picture.putpixel((x, 30), (0, 0, 0))
    picture.putpixel((40, 10), (0, 0, 0))  # dust

    lines = anyline.fine_lines(picture)

    assert lines[30, 15:65].min() > 0.4
    assert lines[:26].max() == lines[34:].max() == 0


def test_an_even_depth_is_no_division_by_nothing():
    assert nearness(torch.ones(4, 4)).isfinite().all()


def test_every_kind_has_one_usual_preprocessor_and_names_are_unlike():
    entries = preprocessors()
    usual = [each.info.makes for each in entries if each.info.usual]
    assert len(usual) == len(set(usual))
    assert {ControlType.DEPTH, ControlType.NORMAL, ControlType.STRAIGHT_LINES} <= set(usual)
    names = [name for each in entries for name in (each.info.id, *each.info.aliases)]
    assert len(names) == len(set(names))


def test_a1111s_names_are_known():
    for name in (
        *("softedge_hed", "softedge_hedsafe", "softedge_pidinet", "softedge_pidisafe"),
        *(
            "softedge_teed",
            "softedge_anyline",
            "scribble_hed",
            "scribble_pidinet",
            "mlsd",
            "lineart_realistic",
        ),
        *("lineart_coarse", "lineart_anime", "depth_midas", "depth_leres", "depth_zoe"),
        *("depth_anything", "depth_anything_v2", "normal_bae", "normal_midas"),
        *("openpose", "openpose_hand", "openpose_face", "openpose_faceonly", "openpose_full"),
        *("dw_openpose_full", "seg_ofade20k", "seg_ufade20k"),
    ):
        assert find_preprocessor(name).info.weights
