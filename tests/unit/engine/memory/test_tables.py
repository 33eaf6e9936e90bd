"""The kept tables equal what the real modules make, and point out what changed."""

import pytest
import torch
from torch.utils._pytree import tree_leaves

from backend.engine.families.published import in_folder, published, starter_control
from backend.engine.memory.blocks import blocks_of, castable_layers, count
from backend.engine.memory.peak import LivePeak, peaks
from backend.engine.memory.repeats import Repeats
from backend.engine.memory.tables import ROOT, SIDES, fewest, make_tables, measure, measure_control
from backend.engine.registry import families
from backend.memory.tables import PUBLISHED, STARTER, Curve, load_tables

STALE = "run `python -m backend.engine.memory.tables`"
PARAMETERS = {
    # Published by their makers and on the cards of their files, part by part.
    ("sd15", "diffusion_model"): 859_520_964,
    ("sd15", "clip_l"): 123_060_480,
    ("sd15", "vae"): 83_653_863,
    ("sd2", "diffusion_model"): 865_910_724,
    ("sdxl", "diffusion_model"): 2_567_463_684,
    ("sdxl", "clip_g"): 694_659_840,
    ("sd3", "t5xxl"): 4_762_310_656,
    ("sd3", "diffusion_model"): 2_084_951_104,
    ("flux1", "diffusion_model"): 11_901_408_320,
}


def kept(family, name, role):
    [table] = [t for t in load_tables().families if (t.family, t.name) == (family, name)]
    part = table.part(role)
    assert part
    return part


def all_parts():
    yield from (("sd15", STARTER, part) for part in in_folder(ROOT / "models" / STARTER))
    for family, parts in published().items():
        yield from ((family, PUBLISHED, part) for part in parts)


def test_every_registered_family_has_a_table():
    assert set(published()) == {entry.info.id for entry in families()}
    assert {table.family for table in load_tables().families} == set(published())


@pytest.mark.parametrize(
    ("family", "name", "role"),
    [
        ("sd15", STARTER, "diffusion_model"),
        ("sd15", STARTER, "vae"),
        ("sdxl", PUBLISHED, "vae"),
        ("flux1", PUBLISHED, "clip_l"),
    ],
)
def test_a_sample_of_the_tables_is_current(family, name, role):
    [part] = [p for f, n, p in all_parts() if (f, n, p.role) == (family, name, role)]

    [found] = peaks(part.built, [lambda module: part.call(module, 1, SIDES[0])], torch.float32)

    entry = kept(family, name, role)
    assert found.bytes == entry.full.at(SIDES[0] ** 2), STALE
    assert found.on_processor == entry.processor.at(SIDES[0] ** 2), STALE


def test_an_autoencoders_whole_table_is_current():
    [part] = [p for p in published()["sdxl"] if p.role == "vae"]

    assert measure(part) == kept("sdxl", PUBLISHED, "vae"), STALE


def test_the_starters_controlnet_is_current():
    part = starter_control(ROOT / "models" / STARTER / "controlnet-canny")
    [table] = [each for each in load_tables().families if each.name == STARTER]

    assert measure_control(part) == table.control, STALE


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_all_tables_are_current():
    assert make_tables() == load_tables(), STALE


def test_parameters_are_those_of_the_modules():
    for family, name, part in all_parts():
        with torch.device("meta"):
            module = part.built()
        entry = kept(family, name, part.role)

        numbers = {id(tensor): tensor.numel() for tensor in module.parameters()}
        stored = sum(numbers.values()) + sum(
            tensor.numel() for key, tensor in module.named_buffers() if key in module.state_dict()
        )
        assert (entry.parameters, entry.castable) == (
            stored,
            sum(map(count, castable_layers(module))),
        ), STALE
        assert entry.outside == stored - sum(map(count, blocks_of(module))), STALE


@pytest.mark.parametrize(("part", "expected"), PARAMETERS.items(), ids=str)
def test_parameters_are_those_that_were_published(part, expected):
    family, role = part

    assert kept(family, PUBLISHED, role).parameters == expected


def test_only_storages_that_live_count_and_views_count_once():
    with torch.device("meta"):
        weight, repeats = torch.ones(1000), Repeats()
        for _ in ("worked out", "remembered"):
            with LivePeak([weight], repeats) as peak:
                first = torch.ones(100)
                view = weight.view(10, 100)
                second = first + 1
                del first
                third = second.view(10, 10) * 2
            del view, third

            assert peak.bytes == 2 * 100 * 4


def test_what_is_remembered_equals_what_pytorch_works_out():
    with torch.device("meta"):
        repeats = Repeats()
        layer = torch.ones(8, 4)
        cases = [
            (torch.ops.aten.add.Tensor, (layer, 1)),
            (torch.ops.aten.add.Tensor, (layer, 1.0)),
            (torch.ops.aten.add.Tensor, (layer.int(), 1)),
            (torch.ops.aten.add.Tensor, (layer.int(), 1.0)),
            (torch.ops.aten.mm.default, (layer.t(), layer)),
            (torch.ops.aten.mm.default, (layer, layer.t())),
            (torch.ops.aten.native_layer_norm.default, (layer, [4], None, None, 1e-5)),
        ]
        for operation, given in cases * 2:
            made, operations = repeats(operation, given, {})
            expected = operation(*given)
            for ours, theirs in zip(tree_leaves(made), tree_leaves(expected), strict=True):
                assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
                assert ours.stride() == theirs.stride()
            counted = 2 * 8 * 4 * 4 if given[-1] is layer else 2 * 8 * 8 * 4
            assert operations == (counted if operation is torch.ops.aten.mm.default else 0)
        changed = repeats(torch.ops.aten.add_.Tensor, (layer, 1), {}).made
        assert changed is layer


def test_points_that_lie_on_a_line_are_left_out():
    straight = [(1, 10), (2, 20), (4, 40), (8, 80)]

    assert fewest(straight) == ((1, 10), (8, 80))


def test_points_that_lie_off_the_line_stay():
    bent = [(1, 10), (2, 10), (4, 40), (8, 80)]

    curve = Curve(points=fewest(bent))

    assert [curve.at(pixels) for pixels, _ in bent] == [size for _, size in bent]


def test_a_curve_goes_on_straight_beyond_its_points():
    curve = Curve(points=((10, 100), (20, 300)))

    assert [curve.at(15), curve.at(30), curve.at(6), curve.at(0)] == [200, 500, 20, 0]
