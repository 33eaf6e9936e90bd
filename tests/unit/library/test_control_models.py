"""Control models: what they are, which maps they follow, and what they steer."""

import json
from pathlib import Path

import pytest

from backend.library.identify.control_folder import identify_control_folder
from backend.library.identify.identify import identify_file
from backend.places import Places
from backend.schema.control_types import ControlType
from backend.schema.errors import ModelDamagedError, ModelError
from backend.schema.library import SideCar
from backend.schema.models import Family, ModelKind
from tests.fixtures import model_files as made

ROOT = Path(__file__).parents[3]
HINT: made.Shapes = {"control_model.input_hint_block.0.weight": (16, 3, 3, 3)}
CONTROLNET: made.Shapes = {**made.under("control_model.", made.unet()), **HINT}
DIFFUSERS: made.Shapes = {
    "controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3),
    "conv_in.weight": (320, 4, 3, 3),
    "time_embedding.linear_1.weight": (1280, 320),
    "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (320, 768),
}
ADAPTER: made.Shapes = {
    "conv_in.weight": (320, 192, 3, 3),
    "body.0.block1.weight": (320, 320, 3, 3),
}
IP_ADAPTER: made.Shapes = {
    "image_proj.latents": (1, 16, 768),
    "image_proj.proj_in.weight": (768, 1280),
    "ip_adapter.1.to_k_ip.weight": (320, 768),
}
VIT_H: made.Shapes = {"vision_model.encoder.layers.0.layer_norm1.bias": (1280,)}


def identified(folder, name, tensors=CONTROLNET, **told):
    path = made.write_safetensors(folder / f"{name}.safetensors", tensors)
    return identify_file(path, SideCar(**told))


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("control_v11p_sd15_canny", "canny"),
        ("control_v11p_sd15s2_lineart_anime_fp16", "anime_line_art"),
        ("control_v11p_sd15_lineart", "line_art"),
        ("control_v11p_sd15_softedge", "soft_edge"),
        ("control_sd15_hed", "soft_edge"),
        ("control_v11p_sd15_mlsd", "straight_lines"),
        ("control_v11p_sd15_normalbae", "normal"),
        ("control_v11f1p_sd15_depth", "depth"),
        ("control_v11p_sd15_openpose", "pose"),
        ("control_v11p_sd15_seg", "segmentation"),
        ("control_v11p_sd15_scribble", "scribble"),
        ("control_v11e_sd15_shuffle", "shuffle"),
        ("control_v11p_sd15_inpaint", "inpaint"),
        ("control_v11f1e_sd15_tile", "tile"),
        ("ioclab_sd15_recolor", "recolour"),
        ("control_v1p_sd15_brightness", "brightness"),
        ("control_v1p_sd15_qrcode_monster", "brightness"),
        ("control_v11e_sd15_ip2p", ""),
        ("my-own-model", ""),
    ],
)
def test_a_name_tells_which_maps_a_controlnet_follows(tmp_path, name, types):
    model = identified(tmp_path, name)

    assert " ".join(model.control) == types
    assert (model.kind, model.family) == (ModelKind.CONTROLNET, Family.SD15)
    assert (model.width, model.text_width) == (320, 768)


def test_a_card_tells_where_the_name_does_not(tmp_path):
    assert identified(tmp_path, "final-v3", title="ControlNet Depth 1.1").control == (
        ControlType.DEPTH,
    )


def test_a_union_model_lists_all_that_it_follows(tmp_path):
    union = {**DIFFUSERS, "task_embedding": (6, 320)}
    promax = identified(tmp_path, "controlnet-union-promax", union)
    plain = identified(tmp_path, "diffusion", union)

    assert {ControlType.POSE, ControlType.CANNY, ControlType.NORMAL} <= set(plain.control)
    assert ControlType.TILE not in plain.control
    assert {ControlType.TILE, ControlType.INPAINT} <= set(promax.control)
    assert [fact.value for fact in promax.variants] == ["union"]


def test_a_union_model_for_flux_that_only_its_name_tells(tmp_path):
    flux: made.Shapes = {
        "controlnet_blocks.0.weight": (3072, 3072),
        "controlnet_x_embedder.weight": (3072, 64),
    }
    model = identified(tmp_path, "FLUX.1-dev-ControlNet-Union-Pro-2.0", flux)

    assert (model.family, model.variant("union")) == (Family.FLUX1, True)
    assert " ".join(model.control) == "canny soft_edge depth pose recolour"

    told = {**flux, "controlnet_mode_embedder.weight": (10, 3072)}
    model = identified(tmp_path, "FLUX.1-dev-ControlNet-Union-Pro", told)
    assert " ".join(model.control) == "canny tile depth blur pose recolour"


@pytest.mark.parametrize(
    ("entrance", "shape", "family"),
    [
        ("controlnet_x_embedder.weight", (3072, 68), Family.FLUX1),
        ("pos_embed_input.proj.weight", (1536, 17, 2, 2), Family.SD3),
    ],
)
def test_what_learned_to_inpaint_is_told_by_what_it_looks_at(tmp_path, entrance, shape, family):
    tensors: made.Shapes = {"controlnet_blocks.0.weight": (shape[0], shape[0]), entrance: shape}

    model = identified(tmp_path, "diffusion_pytorch_model", tensors)

    assert (model.family, model.control) == (family, (ControlType.INPAINT,))


@pytest.mark.parametrize(
    ("width", "more", "family"),
    [
        (1536, {"pos_embed.pos_embed": (1, 192**2, 1536)}, Family.SD3),
        (1536, {"pos_embed.pos_embed": (1, 384**2, 1536)}, Family.SD35_MEDIUM),
        (1536, {"transformer_blocks.0.attn.norm_q.weight": (64,)}, Family.SD35_MEDIUM),
        (2432, {}, Family.SD35_LARGE),
    ],
)
def test_which_of_sd3s_networks_a_controlnet_steers(tmp_path, width, more, family):
    tensors: made.Shapes = {
        "controlnet_blocks.0.weight": (width, width),
        "pos_embed_input.proj.weight": (width, 16, 2, 2),
        **more,
    }
    model = identified(tmp_path, "sd3-controlnet-tile", tensors)

    assert (model.family, model.fits) == (family, (family,))
    assert model.control == (ControlType.TILE,)


@pytest.mark.parametrize(
    ("name", "types"),
    [
        ("t2iadapter_depth_sd15v2", "depth"),
        ("t2iadapter_keypose_sd14v1", "pose"),
        ("t2iadapter_sketch_sd15v2", "scribble"),
        ("t2iadapter_color_sd14v1", "colour"),
    ],
)
def test_t2i_adapters(tmp_path, name, types):
    model = identified(tmp_path, name, ADAPTER)

    assert (model.kind, " ".join(model.control)) == (ModelKind.T2I_ADAPTER, types)
    assert model.width == 320


def test_ip_adapters_say_what_they_look_at(tmp_path):
    face = identified(tmp_path, "ip-adapter-plus-face_sd15", IP_ADAPTER)
    full: made.Shapes = {
        "image_proj.proj.0.weight": (1280, 1280),
        "image_proj.proj.2.weight": (768, 1280),
        "image_proj.proj.3.weight": (768,),
        "ip_adapter.1.to_k_ip.weight": (320, 768),
    }
    faceid = {**full, "image_proj.norm.weight": (768,), "image_proj.proj.0.weight": (1024, 512)}
    del faceid["image_proj.proj.3.weight"]

    assert face.control == (ControlType.REFERENCE,)
    assert {fact.value for fact in face.variants} == {"plus", "ViT-H", "face"}
    assert {fact.value for fact in identified(tmp_path, "full", full).variants} == {
        "full",
        "ViT-H",
    }
    assert identified(tmp_path, "id", faceid).variant("faceid")
    plain = {"image_proj.proj.weight": (8192, 1280), "ip_adapter.1.to_k_ip.weight": (640, 2048)}
    assert identified(tmp_path, "ip-adapter_sdxl", plain).variant("ViT-bigG")


def test_packed_weights_tell_nothing_of_the_width(tmp_path):
    network = {**made.flux(), "img_in.weight": (98304, 1)}
    path = made.write_safetensors(tmp_path / "nf4.safetensors", network, dtype="U8")
    bare = made.write_safetensors(
        tmp_path / "xl.safetensors", made.unet(text=2048, linear=True), dtype="U8"
    )

    assert identify_file(path).width == 3072
    assert (identify_file(bare).width, identify_file(bare).text_width) == (0, 0)


def folder_of(tmp_path, name, tensors=DIFFUSERS, network="ControlNetModel"):
    folder = tmp_path / name
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"_class_name": network}))
    if tensors:
        made.write_safetensors(folder / "diffusion_pytorch_model.safetensors", tensors)
    return folder


def test_a_folder_in_diffusers_layout_is_one_model(library, models):
    folder = folder_of(models / "controlnet", "sd-controlnet-depth")
    folder_of(models / "controlnet", "no-control", made.VAE, "AutoencoderKL")

    entry = library.entry("controlnet/sd-controlnet-depth")

    assert entry.model
    assert (entry.model.format, entry.model.layout) == ("folder", "diffusers_folder")
    assert (entry.model.control, entry.path) == ((ControlType.DEPTH,), str(folder))
    assert len(library.hashes(folder).sha256) == 64
    assert library.look(folder).model == entry.model
    assert [info.id for info in library.controls()] == ["controlnet/sd-controlnet-depth"]


def test_a_folders_own_card_tells_what_it_follows(tmp_path):
    folder = folder_of(tmp_path, "mine")
    card = {"name": "My lines", "control": ["scribble", "line_art"]}
    (folder / "easel.json").write_text(json.dumps(card))

    model = identify_control_folder(folder, None)

    assert (model.title, model.control) == (
        "My lines",
        (ControlType.SCRIBBLE, ControlType.LINE_ART),
    )


def test_a_file_that_is_called_as_all_are_is_told_by_its_folder(tmp_path):
    (tmp_path / "controlnet-openpose-sdxl").mkdir()

    model = identified(tmp_path / "controlnet-openpose-sdxl", "diffusion_pytorch_model")

    assert model.control == (ControlType.POSE,)


def test_folders_without_weights_say_what_is_wrong(tmp_path):
    empty, pickled = (folder_of(tmp_path, name, None) for name in ("empty", "pickled"))
    (pickled / "diffusion_pytorch_model.bin").write_bytes(b"x")

    with pytest.raises(ModelDamagedError, match="no weights"):
        identify_control_folder(empty, None)
    with pytest.raises(ModelError, match="pickle"):
        identify_control_folder(pickled, None)


def test_the_starters_controlnet_is_there_and_stays(opened, places, models):
    library = opened(own=Places(ROOT, places.outputs, places.data, models))

    starter = next(info for info in library.controls() if info.id == "starter/controlnet-canny")

    assert (starter.types, starter.family) == ((ControlType.CANNY,), Family.SD15)
    checkpoint = library.find("starter")
    assert (starter.width, starter.text_width) == (checkpoint.width, checkpoint.text_width)
    assert (starter.width, starter.text_width) == (96, 192)


def test_what_easel_cannot_steer_by_is_listed_with_the_reason(opened, models):
    library = opened()  # with all that Easel reads
    for name in ("ipadapter", "controlnet"):
        (models / name).mkdir()
    made.write_safetensors(
        models / "ipadapter" / "flux.safetensors",
        {"double_blocks.0.processor.ip_adapter_double_stream_k_proj.weight": (3072, 4096)},
    )
    made.write_safetensors(models / "controlnet" / "canny.safetensors", CONTROLNET)
    made.write_safetensors(
        models / "controlnet" / "lora.safetensors",
        {**made.unet(), "lora_controlnet": (1,)},
    )

    canny, lora, flux = library.controls()

    assert canny.problem is None
    assert flux.problem
    assert flux.problem.sentence == "Easel does not steer FLUX.1 by an IP-Adapter yet."
    assert lora.problem
    assert "Control-LoRA" in lora.problem.sentence


def test_an_ip_adapter_is_listed_with_the_encoder_it_was_trained_with(library, models):
    for name in ("ipadapter", "clip_vision", "controlnet"):
        (models / name).mkdir()
    made.write_safetensors(models / "ipadapter" / "plus_sd15.safetensors", IP_ADAPTER)
    (models / "controlnet" / "torn.safetensors").write_bytes(b"{")

    (alone, torn) = library.controls()
    encoders = ((1664, "other"), (1280, "right"))
    for width, name in encoders:
        shapes = {next(iter(VIT_H)): (width,)}
        made.write_safetensors(models / "clip_vision" / f"{name}.safetensors", shapes)
    library.rescan()

    assert (alone.encoder, torn.problem is not None) == ("", True)
    assert library.controls()[0].encoder == str(models / "clip_vision" / "right.safetensors")
