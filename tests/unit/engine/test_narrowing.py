"""A model in another precision: what becomes of each tensor, and that it still draws."""

import shutil
from types import SimpleNamespace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from backend.engine.converting import convert
from backend.engine.loading.narrowing import Narrowing, pruned
from backend.engine.loading.stored import Stored
from backend.library.identify.identify import identify_file
from backend.schema.conversion import ConversionRequest
from backend.schema.errors import ModelDamagedError, OutputError, RequestError
from backend.schema.events import Warned
from backend.schema.models import ModelKind
from tests.fixtures.drawing import drawn
from tests.fixtures.loaded import loaded
from tests.fixtures.starter import context_in, of_type
from tests.fixtures.tiny_families import TINY_FAMILIES

pytestmark = pytest.mark.usefixtures("one_thread")

NETWORK = "model.diffusion_model."
EIGHT, HALF, BRAIN = torch.float8_e4m3fn, torch.float16, torch.bfloat16
LEFT_OVER = {
    "model_ema.diffusion_modelout2weight": torch.ones(3),
    "model_ema.decay": torch.tensor(0.9),
    "betas": torch.ones(5),
    "alphas_cumprod": torch.ones(5),
    "first_stage_model.loss.logvar": torch.tensor(1.0),
    "first_stage_model.loss.discriminator.main.0.weight": torch.ones(2, 2),
    "optimizer_states.0.exp_avg": torch.ones(4),
    "global_step": torch.tensor(7),
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A tiny SD 1.5 checkpoint in one file in single precision, with what a trainer leaves."""
    folder = tmp_path_factory.mktemp("tiny")
    made = TINY_FAMILIES["sd15"].save(folder / "it")
    whole = {name: tensor.clone() for name, tensor in made.tensors.items()}
    told = made.told_sizes() | {"modelspec.title": "Tiny", "modelspec.hash_sha256": "old"}
    save_file(whole | LEFT_OVER, folder / "tiny.safetensors", told)
    return folder / "tiny.safetensors"


@pytest.fixture
def converting(tmp_path, tiny):
    """Converts the tiny checkpoint; gives the events and the new file."""
    source = tmp_path / "tiny.safetensors"
    shutil.copy(tiny, source)

    def converting(**wanted):
        request = ConversionRequest(path=str(source), **wanted)
        events = list(convert(request.model_dump(mode="json"), context_in(tmp_path)))
        return events, request.target

    return converting


def numbers(path):
    return {name: tensor for name, tensor in load_file(path).items() if name not in LEFT_OVER}


@pytest.mark.parametrize(("to", "dtype"), [("fp16", HALF), ("bf16", BRAIN)])
def test_half_precision_holds_the_rounded_numbers_is_known_for_it_and_draws(
    converting, tiny, tmp_path, to, dtype
):
    _, written = converting(to=to, pruned=True)

    assert written.name == f"tiny-{to}-pruned.safetensors"
    before, after = numbers(tiny), load_file(written)
    assert after.keys() == before.keys()
    for name, tensor in after.items():
        if before[name].is_floating_point():
            assert tensor.dtype is dtype
            assert torch.equal(tensor.float(), before[name].to(dtype).float()), name
        else:
            assert torch.equal(tensor, before[name])
    assert identify_file(written).precision.label == to
    widened = {name: t.float() if t.is_floating_point() else t for name, t in after.items()}
    with safe_open(written, framework="pt") as opened:
        save_file(widened, tmp_path / "wide.safetensors", opened.metadata())
    assert drawn(loaded("sd15", written)).equals(
        drawn(loaded("sd15", tmp_path / "wide.safetensors"))
    )


def test_eight_bits_are_for_the_networks_inner_matrices_and_it_draws(converting, tiny):
    _, written = converting(to="fp8")

    before, after = load_file(tiny), load_file(written)
    types = {name: tensor.dtype for name, tensor in after.items()}
    eight = {name for name, dtype in types.items() if dtype is EIGHT}
    assert f"{NETWORK}input_blocks.3.1.transformer_blocks.0.attn2.to_k.weight" in eight
    assert f"{NETWORK}middle_block.0.in_layers.2.weight" in eight
    assert all(name.startswith(NETWORK) and after[name].dim() >= 2 for name in eight)
    for name in ("input_blocks.0.0.weight", "out.2.weight", "time_embed.0.weight"):
        assert types[NETWORK + name] is HALF
    assert types[f"{NETWORK}middle_block.0.in_layers.0.weight"] is HALF
    assert types["first_stage_model.decoder.conv_in.weight"] is HALF
    for name, tensor in after.items():
        assert torch.equal(tensor.double(), before[name].to(tensor.dtype).double()), name
    model = identify_file(written)
    assert "F8_E4M3" in {share.format for share in model.precision.shares}
    assert [part.precision for part in model.parts if part.role == "diffusion_model"]
    assert model.kind is ModelKind.CHECKPOINT
    assert torch.isfinite(drawn(loaded("sd15", written)).pixels).all()


def test_pruned_alone_keeps_every_number_as_it_is(converting, tiny):
    _, written = converting(pruned=True)

    before, after = numbers(tiny), load_file(written)
    assert written.name == "tiny-pruned.safetensors"
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], before[name]) for name in after)


def test_metadata_stays_with_a_note_and_without_what_is_wrong_now(converting):
    _, written = converting(to="fp16", pruned=True)

    with safe_open(written, framework="pt") as opened:
        metadata = opened.metadata()
    assert metadata["modelspec.title"] == "Tiny"
    assert "modelspec.hash_sha256" not in metadata
    assert metadata["easel.converted"] == "from tiny.safetensors, to fp16, pruned"


def test_a_name_of_ones_own_is_taken(converting, tmp_path):
    _, written = converting(to="fp16", name="small.safetensors")

    assert written == tmp_path / "small.safetensors"
    assert written.is_file()


def test_what_is_so_already_is_not_written_again(converting, tmp_path):
    _, written = converting(to="fp16", pruned=True)

    with pytest.raises(RequestError, match="would not change"):
        list(
            convert(
                ConversionRequest(path=str(written), to="fp16").model_dump(mode="json"),
                context_in(tmp_path),
            )
        )


def test_no_room_is_told_before_anything_is_written(converting, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1))

    with pytest.raises(OutputError, match="are free"):
        converting(to="fp16")

    assert [each.name for each in tmp_path.iterdir()] == ["tiny.safetensors"]


def test_numbers_that_are_too_large_become_the_largest_and_are_told(tmp_path):
    save_file({"a.weight": torch.tensor([1e6, -1e6, 2.0])}, tmp_path / "a.safetensors")
    request = ConversionRequest(path=str(tmp_path / "a.safetensors"), to="fp16")

    events = list(convert(request.model_dump(mode="json"), context_in(tmp_path)))

    [warned] = of_type(events, Warned)
    assert isinstance(warned, Warned)
    assert "a.weight are larger than fp16 holds" in warned.sentence
    assert load_file(request.target)["a.weight"].tolist() == [65504.0, -65504.0, 2.0]


def test_scaled_eight_bits_are_multiplied_on_the_way_to_half_precision(tmp_path):
    stored = {
        "double_blocks.0.weight": torch.tensor([[1.0, 2.0]]).to(EIGHT),
        "double_blocks.0.scale_weight": torch.tensor(0.5),
        "scaled_fp8": torch.empty(0, dtype=EIGHT),
    }
    save_file(stored, tmp_path / "a.safetensors")
    request = ConversionRequest(path=str(tmp_path / "a.safetensors"), to="fp16")

    list(convert(request.model_dump(mode="json"), context_in(tmp_path)))

    written = load_file(request.target)
    assert written.keys() == {"double_blocks.0.weight"}
    assert written["double_blocks.0.weight"].tolist() == [[0.5, 1.0]]


def test_a_file_without_a_network_is_not_stored_in_eight_bits():
    vae = {"decoder.conv_in.weight": Stored.of(torch.ones(2, 2))}

    with pytest.raises(RequestError, match="Only networks that draw"):
        Narrowing("fp8").of(vae)


def test_bfloat_stays_where_only_matrices_are_narrowed():
    network = {
        "double_blocks.0.img_mod.lin.weight": Stored.of(torch.ones(2, 2, dtype=BRAIN)),
        "double_blocks.0.img_mod.lin.bias": Stored.of(torch.ones(2, dtype=BRAIN)),
        "img_in.weight": Stored.of(torch.ones(2, 2)),
    }

    narrow = Narrowing("fp8").of(network)

    assert [each.dtype for each in narrow.values()] == [EIGHT, BRAIN, HALF]


def test_markers_that_say_how_a_model_predicts_are_not_pruned():
    kept = {"v_pred", "ztsnr", "model.diffusion_model.betas", "cond_stage_model.logit_scale"}
    tensors = {name: Stored.of(torch.ones(1)) for name in (*kept, *LEFT_OVER)}

    assert pruned(tensors).keys() == kept


def test_a_damaged_file_is_told(converting, tmp_path):
    content = (tmp_path / "tiny.safetensors").read_bytes()
    (tmp_path / "tiny.safetensors").write_bytes(content[:-10])

    with pytest.raises(ModelDamagedError, match="incomplete"):
        converting(to="fp16")
