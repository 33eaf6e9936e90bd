"""Pictures of every program: its settings as Easel's fields, its models, and what is left over."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from backend.metadata.catalogue import load_catalogue
from backend.metadata.encoding import encode
from backend.metadata.file_texts import FileTexts
from backend.metadata.own import metadata_of
from backend.metadata.reading import dialects, read_picture, read_text, reading_of
from tests.fixtures import foreign_pictures as made
from tests.fixtures.requests import resolved

CATALOGUE = load_catalogue()


def read(content: bytes):
    found = read_picture(io.BytesIO(content), CATALOGUE)
    assert found
    return found


def told(**texts: object):
    return reading_of(
        FileTexts(8, 8, {k: v if isinstance(v, str) else json.dumps(v) for k, v in texts.items()}),
        CATALOGUE,
    )


def models(reading):
    return {(each.use, each.name): (each.hash, each.weight) for each in reading.models}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_a_picture_of_a1111(kind):
    comment = b"UNICODE\0" + made.A1111.encode("utf-16-be")
    content = (
        made.png({"parameters": made.A1111}) if kind == "PNG" else made.with_exif(kind, comment)
    )

    reading = read(content)

    assert reading.program == "AUTOMATIC1111"
    assert reading.text == made.A1111
    assert reading.fields == {
        "prompt.positive": "a barn <lora:barn:te=0.5:unet=0.8>",
        "prompt.negative": "rain",
        "sampling.steps": 20,
        "sampling.sampler": "dpmpp_2m",
        "sampling.schedule": "karras",
        "sampling.cfg_scale": 6.5,
        "seed.value": 77,
        "seed.noise": "gpu",
        "size.width": 512,
        "size.height": 768,
        "model.checkpoint": "dream",
        "model.vae": "fine.pt",
        "model.clip_skip": 2,
        "hires.factor": 2.0,
        "hires.strength": 0.4,
        "control1.model": "control_canny",
        "control1.preprocessor": "canny",
        "control1.weight": 1.0,
    }
    assert models(reading) == {
        ("checkpoint", "dream"): ("abcdef0123", ""),
        ("vae", "fine"): ("0123456789", ""),
        ("LoRA", "barn"): ("123456789abc", "te=0.5, unet=0.8"),
        ("embedding", "easyneg"): ("66a7279a88ff", ""),
        ("ControlNet", "control_canny"): ("e3fe7712", "1"),
    }
    assert not any("Hires" in line or "Denoising" in line for line in reading.unused)


WITHOUT_PICTURE = "was steered by a picture that is not in the file: give it one, or turn it off."
UNIT_OF_TODAY = (
    "Module: canny, Model: control_v11p_sd15_canny [d14c016b], Weight: 0.8, Resize Mode: Resize "
    "and Fill, Processor Res: 512, Threshold A: 90, Threshold B: 180, Guidance Start: 0.1, "
    "Guidance End: 0.9, Pixel Perfect: False, Control Mode: My prompt is more important, "
    "Hr Option: Both, Save Detected Map: True"
)
UNIT_OF_2023 = (
    "preprocessor: canny, model: control_v11p_sd15_canny [d14c016b], weight: 0.8, "
    "starting/ending: (0.1, 0.9), resize mode: ResizeMode.OUTER_FIT, pixel perfect: False, "
    "control mode: My prompt is more important, preprocessor params: (512, 90, 180)"
)


@pytest.mark.parametrize("unit", [UNIT_OF_TODAY, UNIT_OF_2023])
def test_units_of_a1111_of_today_and_of_2023_say_the_same(unit):
    text = f'a barn\nSteps: 5, Sampler: Euler, Seed: 1, ControlNet 1: "{unit}", Version: f2.0.1'

    reading = read_text(text, CATALOGUE)

    assert reading
    unit_fields = reading.request.control2
    assert unit_fields.model_dump(exclude_defaults=True) == {
        "preprocessor": "canny",
        "model": "control_v11p_sd15_canny",
        "start": 0.1,
        "end": 0.9,
        "mode": "prompt",
        "fit": "fill",
        "resolution": 512,
        "threshold_a": 90,
        "threshold_b": 180,
    }
    assert models(reading)["ControlNet", "control_v11p_sd15_canny"] == ("d14c016b", "0.8")
    assert reading.unused == (f"ControlNet 2 {WITHOUT_PICTURE}",)


def test_units_of_the_first_versions_have_a_key_for_each_setting():
    text = (
        "a barn\nSteps: 5, Sampler: Euler, Seed: 1, ControlNet-1 Enabled: True, ControlNet-1 "
        "Module: canny, ControlNet-1 Model: control_canny-fp16 [e3fe7712], ControlNet-1 Weight: "
        "0.7, ControlNet-1 Guidance Start: 0.1, ControlNet-1 Guidance End: 0.6"
    )

    reading = read_text(text, CATALOGUE)

    assert reading
    told_unit = reading.request.control2
    assert (told_unit.model, told_unit.preprocessor) == ("control_canny-fp16", "canny")
    assert (told_unit.weight, told_unit.start, told_unit.end) == (0.7, 0.1, 0.6)
    assert reading.unused == (f"ControlNet 2 {WITHOUT_PICTURE}",)


def test_what_easel_does_not_know_of_a_unit_is_told():
    strange = "Module: magic_eye, Model: eye [12345678], Weight: 9, Sparkle: on"
    reference = "Module: reference_only, Model: None, Weight: 1"
    text = (
        f'a barn\nSteps: 5, Seed: 1, ControlNet 0: "{strange}", ControlNet 1: "{reference}", '
        f'ControlNet 7: "{UNIT_OF_TODAY}"'
    )

    reading = read_text(text, CATALOGUE)

    assert reading
    assert list(reading.request.controls) == [1]
    told = "\n".join(reading.unused)
    assert "ControlNet 1: Preprocessor: magic_eye" in told
    assert "ControlNet 1: Sparkle: on" in told
    assert "Weight: 9" in told
    assert "ControlNet 2: Module: reference_only" in told
    assert "ControlNet 8: Module: canny" in told


@pytest.mark.parametrize(
    ("version", "rng", "program", "noise"),
    [
        ("f2.0.1v1.10.1-previous-669", "", "Forge", "gpu"),
        ("v1.10.1", ", RNG: CPU", "AUTOMATIC1111", "cpu"),
        ("v1.10.1", ", RNG: NV", "AUTOMATIC1111", "gpu"),
        ("Easel 0.1.0", "", "Easel", None),
    ],
)
def test_noise_is_the_cards_where_a1111_does_not_say(version, rng, program, noise):
    reading = read_text(
        f"a barn\nSteps: 5, Sampler: Euler, Seed: 1{rng}, Version: {version}", CATALOGUE
    )

    assert reading
    assert (reading.program, reading.fields.get("seed.noise")) == (program, noise)


def test_a_picture_of_civitais_generator():
    text = (
        "a barn\nNegative prompt: rain\nSteps: 25, Sampler: DPM++ 2M Karras, CFG scale: 7, "
        "Seed: 77, Size: 832x1216, Clip skip: 2, Created Date: 2024-12-22T01:01:01.02Z, Civitai "
        'resources: [{"type":"checkpoint","modelVersionId":1,"modelName":"Pony, XL"},'
        '{"type":"lora","weight":0.7,"modelVersionId":2,"modelName":"Barn"}], Civitai metadata: {}'
    )

    reading = read(made.with_exif("JPEG", b"UNICODE\0" + text.encode("utf-16-be")))

    assert reading.program == "CivitAI"
    assert reading.request.prompt.positive == "a barn <lora:Barn:0.7>"
    assert reading.fields["model.checkpoint"] == "Pony, XL"
    assert reading.request.sampling.schedule == "karras"
    assert reading.unused == ()


@pytest.mark.parametrize("hashes", ['{"model": "abcd1234", "lora:barn": "ef56"}', "quoted"])
def test_hashes_in_json_are_read_bare_and_quoted(hashes):
    bare = '{"model": "abcd1234", "lora:barn": "ef56"}'
    value = json.dumps(bare) if hashes == "quoted" else hashes
    reading = read_text(
        f"a barn\nSteps: 5, Sampler: Euler, Hashes: {value}, Model: dream, Version: v1.9",
        CATALOGUE,
    )

    assert reading
    assert models(reading) == {
        ("checkpoint", "dream"): ("abcd1234", ""), ("LoRA", "barn"): ("ef56", ""),
    }  # fmt: skip


def test_forges_modules_are_text_encoders_and_the_vae():
    reading = read_text(
        "a barn\nSteps: 5, Sampler: Euler, Seed: 1, Module 1: ae, Module 2: clip_l, "
        "Module 3: t5xxl_fp16, Version: f2.0.1v1.10.1",
        CATALOGUE,
    )

    assert reading
    parts = {key: reading.fields.get(f"model.{key}") for key in ("vae", "clip_l", "t5xxl")}
    assert parts == {"vae": "ae", "clip_l": "clip_l", "t5xxl": "t5xxl_fp16"}


def test_a_picture_of_sdnext():
    reading = read(made.with_exif("JPEG", b"UNICODE\0" + made.SDNEXT.encode("utf-16-be")))

    assert reading.program == "SD.Next"
    assert reading.fields["model.checkpoint"] == "dream"
    assert reading.fields["sampling.cfg_rescale"] == 0.7
    assert reading.fields["seed.variation_strength"] == 0.25
    assert ("embedding", "easyneg") in models(reading)
    assert reading.unused == ()


def test_units_of_sdnext_stand_in_lists():
    units = (
        "Control type: controlnet, Control model: Canny; Depth, Control conditioning: "
        '"[0.6, 0.4]", Control start: "[0.0, 0.2]", Control end: "[0.8, 1.0]", '
    )
    reading = told(parameters=made.SDNEXT.replace("App:", f"{units}App:"))

    assert reading
    first, second = reading.request.controls.values()
    assert (first.model, first.weight, first.start, first.end) == ("Canny", 0.6, 0.0, 0.8)
    assert (second.model, second.weight, second.start, second.end) == ("Depth", 0.4, 0.2, 1.0)
    assert reading.unused == tuple(f"ControlNet {number} {WITHOUT_PICTURE}" for number in (1, 2))


def steered_graph():
    """Two control models one after the other: a map, and one that a node makes of a picture."""
    graph = made.comfy_graph()
    graph["3"]["inputs"] |= {"positive": ["21", 0], "negative": ["21", 1]}
    words = {"positive": ["6", 0], "negative": ["7", 0]}
    steered = {"positive": ["20", 0], "negative": ["20", 1]}
    usual = {"strength": 0.7, "start_percent": 0.1, "end_percent": 0.9}
    graph["20"] = made.node(
        "ControlNetApplyAdvanced", control_net=["33", 0], image=["32", 0], **words, **usual
    )
    graph["21"] = made.node(
        "ControlNetApplyAdvanced", control_net=["31", 0], image=["30", 0], **steered, **usual
    )
    graph["30"] = made.node("LoadImage", image="pose.png")
    graph["31"] = made.node("ControlNetLoader", control_net_name="sd15/control_openpose.pth")
    graph["32"] = made.node("Canny", low_threshold=0.4, high_threshold=0.8, image=["34", 0])
    graph["33"] = made.node("ControlNetLoader", control_net_name="control_canny.safetensors")
    graph["34"] = made.node("LoadImage", image="photo.png")
    return graph


def test_control_models_of_a_graph_are_units():
    reading = told(prompt=steered_graph())

    assert reading
    near, far = reading.request.controls.values()
    assert (near.model, near.preprocessor) == ("control_openpose", "none")
    assert (near.weight, near.start, near.end) == (0.7, 0.1, 0.9)
    assert (far.model, far.preprocessor) == ("control_canny", "canny")
    assert (far.threshold_a, far.threshold_b) == (102, 204)
    assert reading.fields["prompt.positive"] == "a red barn, snow <lora:barn:te=0.5:unet=0.8>"
    assert reading.unused == tuple(f"ControlNet {number} {WITHOUT_PICTURE}" for number in (1, 2))


def test_a_graph_of_comfyui_is_walked_from_its_sampler():
    reading = read(made.png({"prompt": json.dumps(made.comfy_graph()), "workflow": "{}"}))

    assert reading.program == "ComfyUI"
    assert reading.fields == {
        "prompt.positive": "a red barn, snow <lora:barn:te=0.5:unet=0.8>",
        "prompt.negative": "rain, embedding:easyneg",
        "seed.value": 5,
        "seed.noise": "cpu",
        "sampling.steps": 20,
        "sampling.sampler": "dpmpp_2m",
        "sampling.schedule": "karras",
        "sampling.cfg_scale": 6.5,
        "size.width": 512,
        "size.height": 768,
        "model.checkpoint": "dream",
        "model.vae": "fine",
        "model.clip_skip": 2,
    }
    assert models(reading).keys() == {
        ("checkpoint", "dream"), ("vae", "fine"), ("LoRA", "barn"), ("embedding", "easyneg"),
    }  # fmt: skip
    assert reading.unused == ()


def test_a_graph_with_a_guider_and_nodes_for_everything():
    reading = told(prompt=made.flux_graph())

    assert reading
    expected = {
        "prompt.positive": "a lighthouse",
        "prompt.negative": "",
        "seed.value": 77,
        "sampling.steps": 25,
        "sampling.sampler": "euler",
        "sampling.schedule": "simple",
        "sampling.cfg_scale": 1.0,
        "sampling.guidance": 3.5,
        "size.width": 832,
        "size.height": 1024,
        "model.checkpoint": "flux1-dev",
        "model.vae": "ae",
        "model.t5xxl": "t5xxl_fp16",
        "model.clip_l": "clip_l",
    }
    assert {key: reading.fields[key] for key in expected} == expected
    assert reading.unused == ("Shift: 1.15",)


def test_a_workflow_alone_will_do():
    reading = told(workflow=made.comfy_workflow())

    assert reading
    assert reading.request.prompt.positive == "a red barn"
    assert (reading.request.seed.value, reading.request.sampling.steps) == (5, 20)
    assert (reading.request.size.width, reading.fields["model.checkpoint"]) == (512, "dream")


def test_a_second_pass_is_told_and_a_refiner_taken():
    graph = made.comfy_graph()
    graph["20"] = made.node("LatentUpscaleBy", samples=["3", 0], upscale_method="x", scale_by=2)
    second = dict(graph["3"]["inputs"], denoise=0.5, latent_image=["20", 0])
    graph["21"] = made.node("KSampler", **second)
    graph["8"]["inputs"]["samples"] = ["21", 0]

    reading = told(prompt=graph)

    assert reading
    assert reading.fields["size.width"] == 512
    assert any("A further run of the sampler" in line for line in reading.unused)

    first = dict(
        graph["3"]["inputs"], noise_seed=5, start_at_step=0, end_at_step=16, add_noise="enable"
    )
    graph["3"] = made.node("KSamplerAdvanced", **first)
    graph["22"] = made.node("CheckpointLoaderSimple", ckpt_name="xl_refiner.safetensors")
    second = dict(first, start_at_step=16, end_at_step=10000, model=["22", 0])
    graph["21"] = made.node("KSamplerAdvanced", **(second | {"latent_image": ["3", 0]}))

    reading = told(prompt=graph)

    assert reading
    assert reading.fields["refiner.checkpoint"] == "xl_refiner"
    assert reading.fields["refiner.switch_at"] == 0.8
    assert reading.unused == ()


def test_what_comfyui_reads_otherwise_is_said():
    graph = made.comfy_graph()
    graph["6"]["inputs"]["text"] = "((a barn:1.2) snow:1.3) [fog] AND {x}"

    reading = told(prompt=graph)

    assert reading
    for words in ("weights inside", "[square brackets]", "AND or BREAK", "{curly"):
        assert any(words in line for line in reading.unused), words


def test_nodes_that_do_everything_at_once():
    graph = {
        "1": made.node(
            "Efficient Loader",
            ckpt_name="dream.safetensors",
            vae_name="Baked VAE",
            clip_skip=-2,
            lora_name="barn.safetensors",
            lora_model_strength=0.7,
            lora_clip_strength=0.7,
            positive="a barn",
            negative="rain",
            empty_latent_width=512,
            empty_latent_height=768,
            batch_size=1,
        ),
        "2": made.node(
            "KSampler (Efficient)",
            seed=["3", 0],
            steps=20,
            cfg=7,
            sampler_name="euler",
            scheduler="normal",
            denoise=1,
            model=["1", 0],
            positive=["1", 1],
            negative=["1", 2],
            latent_image=["1", 3],
        ),
        "3": made.node("Seed (rgthree)", seed=9),
        "4": made.node("Image Saver", images=["2", 5]),
    }

    reading = told(prompt=graph)

    assert reading
    assert reading.request.prompt.positive == "a barn <lora:barn:0.7>"
    assert reading.request.prompt.negative == "rain"
    assert (reading.request.seed.value, reading.request.size.height) == (9, 768)
    assert (reading.fields["model.checkpoint"], reading.fields["model.clip_skip"]) == ("dream", 2)
    assert reading.unused == ()


def test_a_stack_of_loras_without_those_that_are_off():
    graph = made.comfy_graph()
    graph["10"] = made.node(
        "Power Lora Loader (rgthree)",
        lora_1={"on": True, "lora": "a.safetensors", "strength": 0.5},
        lora_2={"on": False, "lora": "b.safetensors", "strength": 1},
        model=["4", 0],
        clip=["4", 1],
    )

    reading = told(prompt=graph)

    assert reading
    assert reading.request.prompt.positive == "a red barn, snow <lora:a:0.5>"


def test_text_of_a_node_that_writes_a1111s_counts_where_the_graph_leads_nowhere():
    graph = made.comfy_graph()
    graph["6"] = made.node("Mystery", strange=["5", 0], other=["4", 0])

    reading = told(prompt=graph, parameters=made.A1111)

    assert reading
    assert reading.program == "ComfyUI"
    assert reading.request.prompt.positive.startswith("a barn")
    alone = told(prompt=graph)
    assert alone
    assert "The positive prompt is made by “Mystery”, which Easel does not know." in alone.unused


def test_seeds_and_sizes_beyond_easels_are_said():
    graph = made.comfy_graph()
    graph["3"]["inputs"]["seed"] = 156680208700286
    graph["5"]["inputs"] = {"width": 10**12, "height": 768, "batch_size": 4}

    reading = told(prompt=graph)

    assert reading
    assert "seed.value" not in reading.fields
    assert "size.width" not in reading.fields
    for words in ("Seed: 156680208700286", "Width: 1000000000000", "Batch size: 4"):
        assert any(line.startswith(words) for line in reading.unused), words


def test_circles_and_missing_nodes_end():
    graph = made.comfy_graph()
    graph["6"]["inputs"]["text"] = ["12", 0]
    graph["12"]["inputs"] |= {"string_a": ["12", 0], "string_b": ["6", 0]}
    graph["10"]["inputs"]["model"] = ["10", 0]
    graph["5"]["inputs"]["width"] = ["99", 0]
    graph["3"]["inputs"]["latent_image"] = ["3", 0]
    graph["30"] = made.node("Reroute", x=["31", 0])
    graph["31"] = made.node("Reroute", x=["30", 0])
    graph["7"]["inputs"]["text"] = ["30", 0]

    assert told(prompt=graph)


def test_joins_of_joins_do_not_grow_without_end():
    graph = made.comfy_graph()
    graph["12"] = made.node("StringConcatenate", string_a=["100", 0], string_b=["100", 0])
    for number in range(100, 200):
        below = [str(number + 1), 0]
        graph[str(number)] = made.node("StringConcatenate", string_a=below, string_b=below)
    graph["200"] = made.node("PrimitiveString", value="barn")
    for number in range(300, 400):
        below = [str(number + 1), 0]
        graph[str(number)] = made.node(
            "ConditioningCombine", conditioning_1=below, conditioning_2=below
        )
    graph["400"] = made.node("CLIPTextEncode", text="rain", clip=["4", 1])
    graph["3"]["inputs"]["negative"] = ["300", 0]

    reading = told(prompt=graph)

    assert reading
    assert "barn" in reading.request.prompt.positive
    assert "rain" in reading.request.prompt.negative


def test_a_picture_of_invokeai():
    reading = read(made.png({"invokeai_metadata": json.dumps(made.INVOKEAI)}))

    assert reading.program == "InvokeAI"
    assert reading.fields == {
        "prompt.positive": "a barn <lora:Barn:0.75>",
        "prompt.negative": "rain",
        "seed.value": 77,
        "seed.noise": "cpu",
        "sampling.steps": 30,
        "sampling.cfg_scale": 5.5,
        "sampling.cfg_rescale": 0.7,
        "sampling.sampler": "dpmpp_2m",
        "sampling.schedule": "karras",
        "size.width": 1024,
        "size.height": 768,
        "model.checkpoint": "Dream XL",
        "model.clip_skip": 2,
        "control1.model": "canny-sdxl",
        "control1.weight": 0.6,
    }
    assert models(reading)["checkpoint", "Dream XL"] == ("abcd1234abcd", "")
    assert models(reading)["ControlNet", "canny-sdxl"] == ("", "0.6")
    assert reading.unused == (f"ControlNet 1 {WITHOUT_PICTURE}", "seamless x: True")


def test_older_pictures_of_invokeai():
    second = told(**{"sd-metadata": made.INVOKEAI_2, "Dream": "x"})
    first = told(Dream=made.DREAM)

    assert first
    assert second
    assert second.request.prompt.negative == "rain"
    assert second.fields["model.checkpoint"] == "dream"
    assert second.fields["sampling.sampler"] == "lms"
    assert first.request.prompt.positive == "a barn"
    assert first.request.prompt.negative == "rain, text"
    assert (first.request.seed.value, first.request.size.height) == (3357757885, 768)
    assert first.fields["sampling.sampler"] == "euler_a"


def test_compels_signs_are_said():
    reading = told(invokeai_metadata=made.INVOKEAI | {"positive_prompt": "a barn++, (fog)1.2"})

    assert reading
    assert any("InvokeAI's own signs" in line for line in reading.unused)


@pytest.mark.parametrize("place", ["png", "exif"])
def test_a_picture_of_fooocus(place):
    text = json.dumps(made.FOOOCUS)
    if place == "png":
        content = made.png({"parameters": text, "fooocus_scheme": "fooocus"})
    else:
        content = made.with_exif("JPEG", text, first={0x0131: "Fooocus v2", 0x927C: "fooocus"})

    reading = read(content)

    assert reading.program == "Fooocus"
    assert reading.request.prompt.positive == "cinematic still a barn, sharp <lora:offset:0.1>"
    assert reading.request.prompt.negative == "rain"
    assert (reading.request.size.width, reading.request.size.height) == (1152, 896)
    assert (reading.request.seed.value, reading.request.sampling.sampler) == (77, "dpmpp_2m_sde")
    assert reading.fields["model.vae"] is None
    assert models(reading) == {
        ("checkpoint", "juggernautXL_v8"): ("aeb7e9e689", ""),
        ("LoRA", "offset"): ("4852686128", "0.1"),
    }
    assert "Sharpness: 2.0" in reading.unused
    assert "Prompt as it was typed: a barn" in reading.unused


def test_fooocus_in_a1111s_words():
    reading = told(parameters=made.FOOOCUS_A1111, fooocus_scheme="a1111")

    assert reading
    assert reading.program == "Fooocus"
    assert reading.request.prompt.positive == "cinematic still a barn <lora:offset:0.1>"
    assert reading.request.sampling.schedule == "karras"
    assert reading.fields["seed.noise"] == "cpu"
    assert models(reading)["LoRA", "offset"] == ("4852686128", "0.1")


@pytest.mark.parametrize("hidden", [False, True])
def test_a_picture_of_novelai(hidden):
    content = made.stealth(json.dumps(made.NOVELAI)) if hidden else made.png(made.NOVELAI)

    reading = read(content)

    assert reading.program == "NovelAI"
    assert reading.request.prompt.positive == (
        r"a (barn:1.1025), (dull:0.9524), (big hat:1.3), hat \(old\)"
    )
    assert reading.fields["sampling.sampler"] == "euler_a"
    assert reading.fields["seed.value"] == 3071474384
    assert any("rewritten" in line for line in reading.unused)
    assert "SMEA: True" in reading.unused


def test_a_picture_of_easel_tells_all_that_made_it():
    request = resolved("a barn <lora:barn:0.8:0.5>", "rain", seed=9)
    content = encode(Image.new("RGB", (8, 8)), request, 0, 1.0)

    reading = read(content)

    assert reading.program == "Easel"
    assert reading.request == request.as_request(0)
    assert models(reading)["checkpoint", "starter"] == ("ab" * 32, "")
    assert reading.unused == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"index": 7, "request.expanded": {"0": {"positive": "a"}}},
        {"index": -3},
        {"request.size": {"width": 10**9, "height": 8}},
        {"request.sampling.steps": 10**12},
        {"request.seed": -(10**30)},
        {"request.noise": "moon"},
        {"request.loras": [{"name": "a", "id": "b", "path": "c", "sha256": "x" * 9999}]},
    ],
)
def test_what_nobody_can_have_made_does_not_make_the_reader_fail(changes):
    own = json.loads(metadata_of(resolved(), 0, 1.0).model_dump_json())
    for path, value in changes.items():
        *groups, last = path.split(".")
        inner = own
        for group in groups:
            inner = inner[group]
        inner[last] = value

    reading = told(easel=own, parameters=made.A1111)

    assert reading
    assert reading.request


@pytest.mark.parametrize(
    "texts",
    [{}, {"prompt": "{}"}, {"parameters": "just words"}, {"Comment": '{"prompt": "x"}'},
     {"prompt": "[" * 100_000}, {"invokeai_metadata": "{" * 100_000 + '"a":'}],
)  # fmt: skip
def test_what_tells_nothing_is_none(texts):
    assert told(**texts) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["1", "2", "3", "class_type", "inputs", "text", "positive", "model", "seed", "steps",
             "sampler_name", "latent_image", "nodes", "links", "image", "prompt", "loras", "weight",
             "lora_name", "width", "height", "sigmas", "guider", "sampler", "cfg", "type", "id"]
        ),
        inner, max_size=6,
    ),
    max_leaves=30,
)  # fmt: skip
KEYS = st.sampled_from(
    ["prompt", "workflow", "parameters", "invokeai_metadata", "sd-metadata", "Dream", "Comment",
     "Software", "easel", "MakerNote", "fooocus_scheme", "UserComment"]
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(texts=st.dictionaries(KEYS, JSON.map(json.dumps) | st.text(max_size=80), max_size=4))
def test_no_text_makes_a_dialect_fail(texts):
    file = FileTexts(8, 8, texts | {"Software": "NovelAI"})
    for each in dialects():
        reading = each.read(file, CATALOGUE)
        assert reading is None or reading.request


GRAPHS = st.dictionaries(
    st.sampled_from("123456"),
    st.builds(
        lambda kind, inputs: {"class_type": kind, "inputs": inputs},
        st.sampled_from(
            ["KSampler", "SamplerCustomAdvanced", "CLIPTextEncode", "LoraLoader", "Reroute",
             "CheckpointLoaderSimple", "StringConcatenate", "ConditioningCombine", "SaveImage"]
        ),
        st.dictionaries(
            st.sampled_from(
                ["seed", "steps", "sampler_name", "model", "positive", "negative", "latent_image",
                 "text", "clip", "samples", "vae", "images", "string_a", "lora_name", "width",
                 "height", "sampler", "sigmas", "guider", "conditioning_1", "conditioning_2"]
            ),
            st.tuples(st.sampled_from("123456"), st.integers(0, 2)).map(list)
            | st.integers(0, 9) | st.text(max_size=5),
            max_size=8,
        ),
    ),
    min_size=1,
)  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(graph=GRAPHS)
def test_no_graph_makes_the_walk_fail(graph):
    assert told(prompt=graph)
