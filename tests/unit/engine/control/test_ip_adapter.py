"""Pictures that are read like a prompt: what they change, where and when; nothing of them stays."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPImageProcessor

from backend.engine.adapters.adapter import Adapter, LayerChange
from backend.engine.adapters.deltas.low_rank import LowRank
from backend.engine.adapters.fitting import Chosen
from backend.engine.adapters.wearing import wearing
from backend.engine.control.image_encoder import as_shown
from backend.engine.control.looked_at import looked_at
from backend.engine.control.unit import Unit
from backend.engine.families.base import DenoiserSettings
from backend.engine.loading.pickles import read_pickle
from backend.engine.memory.placing import How, Placing
from backend.engine.window import Window
from backend.schema.errors import ModelDamagedError, ModelError
from backend.schema.memory_settings import Placement
from tests.fixtures.base_weights import fingerprint, is_plain
from tests.fixtures.controls import ip_adapter_network
from tests.fixtures.loaded import loaded
from tests.fixtures.tiny_controls import (
    asked_unit,
    ready_unit,
    ring_map,
    save_single,
    tiny_controlnet,
)
from tests.fixtures.tiny_ip_adapters import (
    ip_adapter,
    nested,
    save_image_encoder,
    save_open_clip_encoder,
)
from tests.fixtures.tiny_unets import save_tiny_sd15, tiny_unet

pytestmark = pytest.mark.usefixtures("one_thread")
SIDE, LATENTS = 64, 8
SIGMA = 2.0


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    return save_tiny_sd15(tmp_path_factory.mktemp("tiny") / "it").folder


@pytest.fixture(scope="module")
def model(checkpoint) -> Any:
    return loaded("sd15", checkpoint)


@pytest.fixture(scope="module")
def files(model, tmp_path_factory) -> Path:
    """A folder with an adapter of each form, and an encoder in each layout."""
    folder = tmp_path_factory.mktemp("adapters")
    for form in ("plain", "plus", "full"):
        save_file(ip_adapter(form, model.unet), folder / f"{form}.safetensors")
    save_image_encoder(folder / "encoder.safetensors")
    save_image_encoder(folder / "wider.safetensors", hidden=48)
    save_open_clip_encoder(folder / "open_clip.safetensors")
    return folder


@pytest.fixture(scope="module")
def unit(model, files) -> Callable[..., Unit]:
    """A picture that is read, by an adapter with a resampler."""
    network = ip_adapter_network(model, files / "plus.safetensors", files / "encoder.safetensors")
    shown = network.shown(photo(), None)

    def make(**options: Any) -> Unit:
        usual: dict[str, Any] = {
            "weight": 0.8,
            "mode": "balanced",
            "begins": torch.inf,
            "ends": 0.0,
        }
        return Unit(network, shown, **(usual | options))

    return make


def photo(width: int = 90, height: int = 60) -> Image.Image:
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    pixels = np.stack([across, down, (across + down) / 2], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def said(model: Any, *units: Unit, cfg_scale: float = 3.0, window: Window | None = None) -> Tensor:
    """The estimate of the clean latents; a window shows the part of the latents that is seen."""
    torch.manual_seed(3)
    x = torch.randn(2, 4, LATENTS, LATENTS)
    conditioning = model.encode_prompts("a red apple", "blurry")
    settings = DenoiserSettings(cfg_scale, SIDE, SIDE, controls=units)
    if window is not None:
        settings = replace(settings, window=window)
        x = window.cut(x)
    return model.denoiser(conditioning, settings)(x, torch.tensor(SIGMA))


def arrange(model: Any, placement: Placement) -> None:
    roles: Any = ("diffusion_model", "clip_l")
    for _ in model.workplace.arrange(Placing(dict.fromkeys(roles, How(placement)))):
        pass


def hooks(model: Any) -> int:
    layers = model.unet.modules()
    return sum(len(each._forward_hooks) + len(each._forward_pre_hooks) for each in layers)


def test_a_picture_changes_what_is_drawn_and_leaves_the_network_as_it_was(model, unit):
    arrange(model, "resident")
    plain, before, hooked = said(model), fingerprint(model), hooks(model)

    changed = said(model, unit())

    assert (changed - plain).abs().max() > 0.1
    assert fingerprint(model) == before
    assert hooks(model) == hooked
    assert torch.equal(said(model), plain)


def test_a_drawing_that_fails_leaves_no_hook(model, unit):
    hooked = hooks(model)
    failing = model.unet.conv_out.register_forward_pre_hook(fail)

    with pytest.raises(RuntimeError, match="no memory"):
        said(model, unit())

    failing.remove()
    assert hooks(model) == hooked


def fail(*_: object) -> None:
    raise RuntimeError("no memory")


def test_a_weight_of_nothing_changes_no_byte(model, unit):
    assert torch.equal(said(model, unit(weight=0.0)), said(model))


def test_it_is_read_between_its_start_and_its_end_only(model, unit):
    plain = said(model)

    assert torch.equal(said(model, unit(begins=SIGMA / 2)), plain)
    assert torch.equal(said(model, unit(ends=SIGMA)), plain)
    assert not torch.allclose(said(model, unit(begins=SIGMA, ends=SIGMA / 2)), plain)


def test_pictures_add_up(model, files, unit):
    network = unit().network
    other = replace(unit(weight=0.5), shown=network.shown(photo().rotate(90), None))

    both = said(model, unit(), other)

    assert torch.allclose(both, said(model, other, unit()), atol=1e-5)
    assert not torch.allclose(both, said(model, unit()), atol=1e-2)
    twice = said(model, unit(weight=0.4), unit(weight=0.4))
    assert torch.allclose(twice, said(model, unit(weight=0.8)), atol=1e-4)


def test_a_picture_and_a_map_steer_together(model, checkpoint, unit, tmp_path):
    net = save_single(tiny_controlnet(checkpoint), tmp_path / "net.safetensors")
    steered = ready_unit(asked_unit(net), model, ring_map())

    both = said(model, unit(), steered)

    assert torch.allclose(both, said(model, steered, unit()), atol=1e-5)
    assert torch.equal(said(model, unit(weight=0.0), steered), said(model, steered))
    for alone in (unit(), steered):
        assert not torch.allclose(both, said(model, alone), atol=1e-2)


def test_prompts_one_after_the_other_read_it_as_all_at_once(model, unit):
    at_once = said(model, unit())
    model.workplace.prompts_in_turn = True
    try:
        assert torch.allclose(said(model, unit()), at_once, atol=1e-4)
    finally:
        model.workplace.prompts_in_turn = False


@pytest.mark.parametrize("placement", ["model", "group", "leaf"])
def test_wherever_the_weights_lie_and_with_adapters_on(model, unit, placement):
    lora = [Chosen(low_rank(model), mark="it")]
    arrange(model, "resident")
    alone = said(model, unit())
    with wearing(model.workplace, lora):
        together = said(model, unit())

    arrange(model, placement)
    assert torch.equal(said(model, unit()), alone)
    with wearing(model.workplace, lora):
        assert torch.equal(said(model, unit()), together)
    assert is_plain(model)
    assert not torch.allclose(alone, together, atol=1e-2)


def low_rank(model: Any) -> Adapter:
    """A LoRA for what layers ask, and for what they make of the answers."""
    torch.manual_seed(5)
    shapes = model.workplace.parts["diffusion_model"].shapes
    layers = [
        LayerChange(
            name.removesuffix(".weight"),
            LowRank(torch.randn(2, shape[1]) * 0.3, torch.randn(shape[0], 2) * 0.3, 1.0),
            None,
        )
        for name, shape in shapes.items()
        if name.endswith(("attn2.to_q.weight", "attn2.to_out.0.weight"))
    ]
    return Adapter("low rank", layers)


def test_the_negative_prompt_is_not_told_where_the_picture_counts_more(model, unit):
    def negative(*units: Unit) -> Tensor:
        """What is said at guidances 2 and 3 are on a line through it."""
        return 3 * said(model, *units, cfg_scale=2.0) - 2 * said(model, *units, cfg_scale=3.0)

    assert torch.allclose(negative(unit(mode="control")), negative(), atol=1e-3)
    assert not torch.allclose(negative(unit()), negative(), atol=1e-2)


def test_it_changes_less_where_the_prompt_counts_more(model, unit):
    plain = said(model)

    full = (said(model, unit()) - plain).norm()
    weak = (said(model, unit(mode="prompt")) - plain).norm()

    assert 0.1 * full < weak < 0.9 * full


def test_a_mask_says_where_also_in_tiles(model, unit):
    left = torch.zeros(1, 1, SIDE, SIDE)
    left[..., : SIDE // 2] = 1
    every, first, last = torch.arange(LATENTS), torch.arange(4), torch.arange(4, 8)
    window = Window()

    def seen(columns: Tensor, *units: Unit) -> Tensor:
        window.show(LATENTS, every, columns)
        return said(model, *units, window=window)

    assert torch.equal(seen(first, unit(mask=left)), seen(first, unit()))
    assert torch.equal(seen(last, unit(mask=left)), seen(last))
    assert not torch.allclose(said(model, unit(mask=left)), said(model, unit()), atol=1e-2)


@pytest.mark.parametrize("form", ["plain", "plus", "full"])
def test_encoders_in_both_layouts_see_the_same_and_nothing_stays_in_memory(model, files, form):
    adapter = files / f"{form}.safetensors"
    networks = [
        ip_adapter_network(model, adapter, files / f"{name}.safetensors")
        for name in ("encoder", "open_clip")
    ]

    ours, theirs = (each.shown(photo(), None) for each in networks)

    assert all(torch.equal(*pair) for pair in zip(ours, theirs, strict=True))
    assert ours[1].shape == (1, {"full": 5}.get(form, 4), ours[1].shape[-1])
    for network in networks:
        assert network.workplace.tally.now == 0
        assert all(each.is_meta for each in network.module.parameters())
        assert all(each.is_meta for each in network.eyes.module.parameters())


def test_a_picture_is_seen_as_clip_learned_to_see():
    theirs = CLIPImageProcessor(size=56, crop_size=56)(photo(), return_tensors="pt")
    difference = as_shown(photo(), 56) - theirs["pixel_values"]

    assert difference.abs().mean() < 0.02  # of a spread of about 4; edges are rounded otherwise
    assert as_shown(photo(30, 200), 56).shape == (1, 3, 56, 56)


def test_all_of_a_wide_picture_is_seen_where_it_is_not_to_be_cropped():
    wide = Image.new("RGB", (300, 100), (200, 0, 0))
    wide.paste((0, 0, 200), (250, 0, 300, 100))

    cropped, squeezed, barred = (
        as_shown(looked_at(wide, fit), 56)[0] for fit in ("crop", "stretch", "fill")
    )

    blue = cropped[2].min()
    assert torch.allclose(cropped[2], blue)
    assert (squeezed[2, :, -6:] > blue + 1).all()
    assert torch.allclose(squeezed[:, 0], squeezed[:, -1], atol=0.05)
    assert (barred[2, 28, -6:] > blue + 1).all()
    assert not torch.allclose(barred[:, 0], barred[:, 28], atol=0.5)
    assert looked_at(Image.new("RGB", (20_000, 3)), "fill").size == (512, 512)


def refused(model: Any, adapter: Path, encoder: Path | None) -> ModelError:
    with pytest.raises(ModelError) as caught:
        ip_adapter_network(model, adapter, encoder)
    return caught.value


def test_another_encoder_is_refused(model, files):
    told = refused(model, files / "plus.safetensors", files / "wider.safetensors")
    missing = refused(model, files / "plus.safetensors", None)
    no_encoder = refused(model, files / "plus.safetensors", files / "plain.safetensors")

    assert "“wider.safetensors” is not the image encoder that “plus” looks with" in told.sentence
    assert "is not here" in missing.sentence
    assert "no CLIP vision encoder" in no_encoder.sentence


def test_the_published_encoder_is_named_with_its_size_and_source(model, files, tmp_path):
    tensors = ip_adapter("plain", model.unet)
    tensors["image_proj.proj.weight"] = torch.zeros(4 * 32, 1024)
    save_file(tensors, tmp_path / "published.safetensors")

    told = refused(model, tmp_path / "published.safetensors", files / "encoder.safetensors")

    assert "ViT-H" in told.sentence
    assert "h94/IP-Adapter" in told.hint
    assert "2.5 GB" in told.hint


def test_an_adapter_for_another_checkpoint_is_refused(model, files, tmp_path):
    wide = ip_adapter("plus", tiny_unet(cross_attention_dim=72))
    deep = ip_adapter("plus", tiny_unet(cross_attention_dim=32, layers_per_block=2))
    for name, tensors in (("wide", wide), ("deep", deep)):
        save_file(tensors, tmp_path / f"{name}.safetensors")
        told = refused(model, tmp_path / f"{name}.safetensors", files / "encoder.safetensors")
        assert "does not fit this checkpoint" in told.sentence


def test_what_is_told_by_another_program_or_broken_is_refused(model, files, tmp_path):
    plus = ip_adapter("plus", model.unet)
    keys = {name: each for name, each in plus.items() if name.startswith("ip_adapter.")}
    face = {**keys, "image_proj.norm.weight": torch.ones(32)}
    save_file(face, tmp_path / "faceid.safetensors")
    save_file(keys, tmp_path / "other.safetensors")
    del plus["image_proj.layers.1.0.to_q.weight"]
    save_file(plus, tmp_path / "short.safetensors")
    encoder = files / "encoder.safetensors"

    told = refused(model, tmp_path / "faceid.safetensors", encoder)

    assert "InsightFace" in told.sentence
    assert "plus-face" in told.hint
    assert "no IP-Adapter" in refused(model, tmp_path / "other.safetensors", encoder).sentence
    short = refused(model, tmp_path / "short.safetensors", encoder)
    assert isinstance(short, ModelDamagedError)
    assert "layers.1.0.to_q" in short.sentence


def test_a_pickle_converted_has_the_names_of_the_other_files(model, tmp_path):
    tensors = ip_adapter("plain", model.unet)
    torch.save(nested(tensors), tmp_path / "adapter.bin")

    assert read_pickle(tmp_path / "adapter.bin").keys() == tensors.keys()
