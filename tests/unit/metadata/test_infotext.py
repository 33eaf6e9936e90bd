"""A1111's infotext: written as A1111 writes it, read as it and its relatives write it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.metadata.catalogue import load_catalogue
from backend.metadata.infotext import model_name, read, write
from backend.schema.generation import GenerationRequest
from backend.schema.hires import ResolvedHires
from backend.schema.models import ModelKind
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.schema.resolved import (
    ResolvedComponent,
    ResolvedLora,
    ResolvedRefiner,
    ResolvedRequest,
    ResolvedSampling,
    ResolvedSize,
    ResolvedVariation,
)
from backend.schema.sampling_settings import MAXIMUM_SEED
from backend.version import VERSION
from tests.fixtures.requests import resolved, unit

CATALOGUE = load_catalogue()
WORDS = st.text(max_size=60) | st.lists(
    st.sampled_from(
        [
            "a cat",
            ", ",
            ": ",
            "\n",
            '"',
            "\\",
            "Negative prompt:",
            " ",
            "Steps: 3, Seed: 4, Size: 8x8",
        ]
    ),
    max_size=8,
).map("".join)


def test_the_text_is_what_a1111_writes():
    text = write(resolved("a red apple, 3d", "blurry, text", seed=5), 0, CATALOGUE)

    assert text == (
        "a red apple, 3d\n"
        "Negative prompt: blurry, text\n"
        "Steps: 7, Sampler: Euler a, Schedule type: Karras, CFG scale: 4.5, Seed: 5, "
        f"Size: 128x64, Model hash: ababababab, Model: starter, RNG: CPU, Version: Easel {VERSION}"
    )


def test_without_a_negative_prompt_there_is_no_line_for_it():
    assert write(resolved("a cat"), 0, CATALOGUE).startswith("a cat\nSteps: 7, ")


def test_a_whole_cfg_scale_has_no_fraction():
    sampling = ResolvedSampling(sampler="heun", schedule="simple", steps=7, cfg_scale=7.0)

    text = write(resolved().model_copy(update={"sampling": sampling}), 0, CATALOGUE)

    assert "Sampler: Heun, Schedule type: Simple, CFG scale: 7, " in text


def test_units_are_written_as_a1111_does_and_read_again():
    first = unit()
    model = first.model.model_copy(update={"id": "controlnet/a, b.safetensors", "sampled": "d14c"})
    units = (
        first.model_copy(
            update={
                "model": model,
                "preprocessor": "canny",
                "threshold_a": 90.0,
                "threshold_b": 180.0,
                "resolution": 640,
                "mode": "control",
                "fit": "stretch",
                "low_vram": True,
            }
        ),
        unit(number=3).model_copy(update={"weight": 1.25, "start": 0.1, "end": 0.9}),
    )

    text = write(resolved("a cat").model_copy(update={"controls": units}), 0, CATALOGUE)
    again = read(text, CATALOGUE)

    assert (
        'ControlNet 0: "Module: canny, Model: a_ b [d14c], Weight: 0.8, Resize Mode: Just Resize, '
        "Low Vram: True, Processor Res: 640, Threshold A: 90, Threshold B: 180, Guidance Start: 0, "
        'Guidance End: 1, Pixel Perfect: False, Control Mode: ControlNet is more important"'
    ) in text
    assert 'ControlNet 2: "Module: none, Model: canny, Weight: 1.25, ' in text
    asked = ResolvedRequest.as_request(resolved("a cat").model_copy(update={"controls": units}))
    left_out = {"picture", "model", "type"}
    assert {
        number: each.model_dump(exclude=left_out) for number, each in again.controls.items()
    } == {number: each.model_dump(exclude=left_out) for number, each in asked.controls.items()}
    assert again.control3.model == "canny"


def test_what_looks_at_pictures_is_written_as_a1111_has_it_and_read_from_forge_too():
    net = unit().model.model_copy(update={"kind": ModelKind.IP_ADAPTER})
    made = resolved("a cat").model_copy(
        update={"controls": (unit().model_copy(update={"model": net}),)}
    )
    text = write(made, 0, CATALOGUE)
    of_forge = text.replace("ip-adapter-auto", "CLIP-ViT-H (IPAdapter)")

    assert 'ControlNet 0: "Module: ip-adapter-auto, Model: canny, ' in text
    assert of_forge != text
    for each in (text, of_forge):
        again = read(each, CATALOGUE)
        assert (again.control1.preprocessor, again.control1.model) == ("none", "canny")


def test_parts_guidance_and_refiner_are_written_and_read_again():
    base = resolved("a cat")
    vae = ResolvedComponent(role="vae", id="vae/ae.safetensors", path="/models/vae/ae.safetensors")
    refiner = base.model.model_copy(update={"checkpoint": "checkpoints/xl_refiner.safetensors"})
    made = base.model_copy(
        update={
            "model": base.model.model_copy(update={"components": (vae,)}),
            "sampling": base.sampling.model_copy(update={"guidance": 3.5}),
            "refiner": ResolvedRefiner(model=refiner, switch_at=0.75),
        }
    )

    text = write(made, 0, CATALOGUE)
    again = read(text, CATALOGUE)

    assert "CFG scale: 4.5, Distilled CFG Scale: 3.5, " in text
    assert "VAE: ae.safetensors, RNG: CPU, Refiner: xl_refiner, Refiner switch at: 0.75, " in text
    assert (again.model.vae, again.sampling.guidance) == ("ae.safetensors", 3.5)
    assert (again.refiner.checkpoint, again.refiner.switch_at) == ("xl_refiner", 0.75)


@pytest.mark.parametrize("word", ["None", "Automatic"])
def test_a_picture_of_the_checkpoints_own_vae_asks_for_no_other(word):
    text = f"a cat\nSteps: 7, Sampler: Euler a, CFG scale: 4, VAE: {word}"

    assert read(text, CATALOGUE).model.vae is None


def test_a_picture_of_a_batch_says_its_place():
    text = write(resolved(seed=5, size=3), 4, CATALOGUE)

    assert "Seed: 9, " in text
    assert "Batch size: 3, Batch pos: 1, Version" in text


@st.composite
def resolved_requests(draw) -> ResolvedRequest:
    base = resolved(draw(WORDS), draw(WORDS), seed=draw(st.integers(0, MAXIMUM_SEED)))
    sampling = ResolvedSampling(
        sampler=draw(st.sampled_from([entry.id for entry in CATALOGUE.samplers])),
        schedule=draw(st.sampled_from([entry.id for entry in CATALOGUE.schedules])),
        steps=draw(st.integers(1, 150)),
        cfg_scale=draw(st.floats(1, 30)),
        cfg_rescale=draw(st.floats(0, 1)),
        terminal_noise=draw(st.sampled_from([None, "trained", "zero"])),
    )
    variations = st.builds(
        ResolvedVariation,
        seed=st.integers(0, MAXIMUM_SEED),
        strength=st.floats(0, 1, exclude_min=True),
    )
    eighths = st.integers(8, 512).map(lambda number: number * 8)
    name = st.text(min_size=1, max_size=20).filter(lambda text: model_name(text) == text)
    return base.model_copy(
        update={
            "sampling": sampling,
            "size": ResolvedSize(width=draw(eighths), height=draw(eighths)),
            "model": base.model.model_copy(update={"checkpoint": draw(name)}),
            "batch": BatchSettings(size=draw(st.integers(1, 16)), count=100),
            "clip_skip": draw(st.integers(1, 12)),
            "variation": draw(st.none() | variations),
            "noise": draw(st.sampled_from(["cpu", "gpu"])),
        }
    )


def varied(request: ResolvedRequest) -> ResolvedRequest:
    variation = ResolvedVariation(seed=MAXIMUM_SEED - 1, strength=0.25)
    return request.model_copy(update={"variation": variation})


def test_noise_is_written_as_a1111_writes_it():
    sampling = ResolvedSampling(
        sampler="euler", schedule="normal", steps=7, cfg_scale=4.5, terminal_noise="zero"
    )
    made = varied(resolved(seed=5)).model_copy(
        update={"sampling": sampling, "noise": "gpu", "clip_skip": 2}
    )

    text = write(made, 1, CATALOGUE)

    assert "Seed: 5, " in text  # all have one seed, and the variation grows instead
    assert (
        f"Variation seed: {MAXIMUM_SEED}, Variation seed strength: 0.25, "
        "Noise Schedule: Zero Terminal SNR, RNG: GPU, Clip skip: 2, "
    ) in text


def test_loras_are_told_with_the_hashes_of_their_numbers():
    loras = tuple(
        ResolvedLora(name=name, id=f"loras/{name}", path=f"/m/{name}", tensors=known)
        for name, known in (("ink", "aabbccddeeff"), ("old fog", "001122334455"))
    )

    text = write(resolved("a cat").model_copy(update={"loras": loras}), 0, CATALOGUE)

    assert 'Lora hashes: "ink: aabbccddeeff, old fog: 001122334455", Version: ' in text


@pytest.mark.parametrize(("origin", "expected"), [("CPU", "cpu"), ("GPU", "gpu"), ("NV", "gpu")])
def test_whose_noise_it_was_is_read(origin, expected):
    text = f"x\nSteps: 20, Sampler: Euler, Seed: 1, RNG: {origin}"

    assert read(text, CATALOGUE).seed.noise == expected


@given(request=resolved_requests(), index=st.integers(0, 99))
@example(request=resolved("a\nNegative prompt: b", "c"), index=0)
@example(request=resolved("a", "b\nNegative prompt: c"), index=0)
@example(request=resolved("", "b"), index=0)
@example(request=resolved("Negative prompt: a", ""), index=0)
@example(request=resolved("", "Negative prompt: b"), index=0)
@example(request=resolved(" a ,\n\n b\n", '"'), index=0)
@example(request=resolved("a\r\nb", "\x00"), index=0)
@example(request=resolved(seed=MAXIMUM_SEED, size=4), index=3)
@example(request=varied(resolved(seed=7, size=4)), index=6)
def test_what_is_written_reads_back_as_the_same_request(request, index):
    assert read(write(request, index, CATALOGUE), CATALOGUE) == request.as_request(index)


def test_a_text_of_a1111_is_read():
    text = (
        "masterpiece, (cat:1.2)\nsecond line\n"
        "Negative prompt: lowres,\nbad: anatomy\n"
        "Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234, "
        "Size: 512x768, Model hash: abcdef0123, Model: v1-5-pruned, Clip skip: 2, "
        'Lora hashes: "one: aa, two: bb", TI hashes: "", Version: v1.10.1'
    )

    request = read(text, CATALOGUE)

    assert request == GenerationRequest.from_short_names(
        {
            "prompt": "masterpiece, (cat:1.2)\nsecond line",
            "negative_prompt": "lowres,\nbad: anatomy",
            "steps": 28,
            "sampler": "dpmpp_2m",
            "scheduler": "karras",
            "cfg_scale": 7,
            "seed": 1234,
            "width": 512,
            "height": 768,
            "checkpoint": "v1-5-pruned",
            "clip_skip": 2,
        }
    )


@pytest.mark.parametrize(
    ("sampler", "expected"),
    [
        ("Euler a", ("euler_a", None)),
        ("DPM++ 2M Karras", ("dpmpp_2m", "karras")),
        ("k_euler_a", ("euler_a", None)),
        ("EULER", ("euler", None)),
        ("DPM++ 2M SDE Karras", ("dpmpp_2m_sde", "karras")),
        ("DPM++ 3M SDE Exponential", ("dpmpp_3m_sde", "exponential")),
        ("DPM2 a Karras", ("dpm_2_a", "karras")),
        ("dpmpp_2s_ancestral", ("dpmpp_2s_a", None)),
        ("k_lms", ("lms", None)),
        ("Euler SGMUniform", ("euler", "sgm_uniform")),
        ("dpmpp_2m", ("dpmpp_2m", None)),
        ("Some Future Sampler", (None, None)),
    ],
)
def test_other_programs_names_of_samplers_are_known(sampler, expected):
    text = f"x\nSteps: 20, Sampler: {sampler}, CFG scale: 7, Seed: 1"

    sampling = read(text, CATALOGUE).sampling

    assert (sampling.sampler, sampling.schedule) == expected


def test_what_is_out_of_range_is_left_to_be_chosen():
    text = "x\nSteps: 900, Sampler: Euler, CFG scale: 0, Seed: 99999999999, Size: 32x64"

    request = read(text, CATALOGUE)

    assert request.sampling.steps is None
    assert request.sampling.cfg_scale is None
    assert request.seed.value == -1
    assert (request.size.width, request.size.height) == (None, 64)
    assert request.sampling.sampler == "euler"


@pytest.mark.parametrize("text", ["just, a prompt: with colons", "", "a\nb", "Steps: 5"])
def test_a_text_without_settings_is_a_prompt(text):
    assert read(text, CATALOGUE) == GenerationRequest(prompt=PromptSettings(positive=text))


@given(text=st.text(max_size=200))
def test_any_text_at_all_can_be_read(text):
    assert read(text, CATALOGUE).version == 1


HIRES = ResolvedHires(
    factor=1.5,
    method="latent",
    strength=0.6,
    steps=12,
    sampler="euler",
    schedule="karras",
    prompt=PromptSettings(positive="fine leaves, dew", negative=""),
    sizes=((160, 80), (192, 96)),
    tile=128,
)


def test_a_second_pass_is_told_as_a1111_tells_it_and_read_again():
    wanted = resolved().model_copy(update={"hires": HIRES})
    text = write(wanted, 0, CATALOGUE)

    for words in (
        "Denoising strength: 0.6, Hires upscale: 1.5, Hires steps: 12, Hires upscaler: Latent",
        'Hires sampler: Euler, Hires prompt: "fine leaves, dew"',
    ):
        assert words in text
    assert read(text, CATALOGUE).hires == wanted.as_request().hires
    assert read(text, CATALOGUE).source.strength == GenerationRequest().source.strength


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("Denoising strength: 0.7, Hires upscale: 2, Hires upscaler: Latent (nearest)", (2, 0.7)),
        ("Size: 512x768, Hires resize: 1024x1536, Denoising strength: 0.35", (2, 0.35)),
        ("Size: 512x768, Denoising strength: 0.35", (1, 0.4)),
    ],
)
def test_second_passes_of_a1111_are_read(told, expected):
    hires = read(f"a barn\nSteps: 20, Sampler: Euler, Seed: 1, {told}", CATALOGUE).hires

    assert (hires.factor, hires.strength) == expected
