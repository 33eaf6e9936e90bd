# pyright: reportArgumentType=false
# diffusers annotates its pipelines wrongly (optional values as required).
"""Image to image and inpainting: each step equals that of diffusers' pipelines, within 1e-5.

On tiny random weights in float64, with equal batch shape, from the same noise, compared at unit
variance. diffusers draws from what the autoencoder takes for likely; it is made to take the middle.
"""

from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from diffusers.pipelines.flux import pipeline_flux_fill, pipeline_flux_img2img
from diffusers.pipelines.stable_diffusion import (
    pipeline_stable_diffusion_img2img,
    pipeline_stable_diffusion_inpaint,
)
from diffusers.pipelines.stable_diffusion_3 import pipeline_stable_diffusion_3_img2img
from diffusers.pipelines.stable_diffusion_xl import (
    pipeline_stable_diffusion_xl_img2img,
    pipeline_stable_diffusion_xl_inpaint,
)
from PIL import Image

from backend.engine.batches import remaining_batches
from backend.engine.families.encoding import as_pixels
from backend.engine.families.flux_model import unpacked
from backend.engine.registry import find_sampler
from backend.engine.sampling import Pace, begin, denoiser_settings
from backend.engine.source.beginning import beginning
from backend.engine.source.scene import open_scene
from backend.schema.picture_settings import BatchSettings, PromptSettings
from backend.schema.resolved import ResolvedModel, ResolvedRequest, ResolvedSampling, ResolvedSize
from backend.schema.source_settings import ResolvedMask, ResolvedPicture, ResolvedSource
from tests.fixtures.loaded import loaded
from tests.fixtures.parity import (
    euler,
    hearing,
    hearing_flow,
    in_doubles,
    levels_in_doubles,
)
from tests.fixtures.tiny_families import TINY_FAMILIES
from tests.fixtures.tiny_flux import save_tiny_flux
from tests.fixtures.tiny_unets import save_tiny_sd15, save_tiny_sdxl

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

TOLERANCE = 1e-5
SIDE, STEPS, TAKEN = 64, 10, 6
PROMPT, NEGATIVE, CFG_SCALE = "a red apple on a table", "blurry", 5.0
UNETS = {
    "sd15": pipeline_stable_diffusion_img2img.StableDiffusionImg2ImgPipeline,
    "sdxl": pipeline_stable_diffusion_xl_img2img.StableDiffusionXLImg2ImgPipeline,
}
FLOWS = {
    "sd3": pipeline_stable_diffusion_3_img2img.StableDiffusion3Img2ImgPipeline,
    "flux1": pipeline_flux_img2img.FluxImg2ImgPipeline,
}
INPAINTING = {
    "sd15": pipeline_stable_diffusion_inpaint.StableDiffusionInpaintPipeline,
    "sdxl": pipeline_stable_diffusion_xl_inpaint.StableDiffusionXLInpaintPipeline,
}


@pytest.fixture
def pictures(tmp_path):
    """A picture, and a mask of whole latents."""
    values = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(values).resize((SIDE, SIDE)).save(tmp_path / "picture.png")
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[16:48, 24:56] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return tmp_path


def request_for(family, pictures, *, masked: bool) -> ResolvedRequest:
    def found(name: str) -> ResolvedPicture:
        return ResolvedPicture(reference=name, path=str(pictures / name), sha256="")

    mask = ResolvedMask(picture=found("mask.png"), blur=0) if masked else None
    source = ResolvedSource(
        picture=found("picture.png"), width=SIDE, height=SIDE, strength=TAKEN / STEPS, mask=mask
    )
    flows = family in FLOWS
    return ResolvedRequest(
        prompt=PromptSettings(positive=PROMPT, negative=NEGATIVE),
        model=ResolvedModel(checkpoint="x", name="x", path="x", family=family, sha256=""),
        size=ResolvedSize(width=SIDE, height=SIDE),
        source=source,
        sampling=ResolvedSampling(
            sampler="euler",
            schedule="simple" if flows else "normal",
            steps=STEPS,
            cfg_scale=CFG_SCALE,
            guidance=2.5,
        ),
        seed=11,
        batch=BatchSettings(size=2),
    )


class Compared:
    """Our steps of a request, and what a pipeline has to be given to take the same."""

    def __init__(self, family: str, folder: Any, request: ResolvedRequest) -> None:
        with in_doubles():
            model = loaded(family, folder)
        self.model: Any = model if family in FLOWS else replace(model, levels=levels_in_doubles())
        self.scene = open_scene(request.source, request.size)
        (batch,) = remaining_batches(request, set())
        drawing = begin(self.model, request, batch, Pace(1))
        begun = _last(beginning(self.model, self.scene, "crop", None))
        self.drawing = replace(drawing, first_noise=drawing.first_noise.double(), beginning=begun)

    def steps(self, *, keeping: bool = True) -> list[torch.Tensor]:
        drawing = self.drawing
        settings = denoiser_settings(drawing.request, drawing.beginning)
        denoise = self.model.denoiser(self.model.encode_prompts(PROMPT, NEGATIVE), settings)
        if keeping:
            denoise = drawing.keeping(denoise)
        sigmas = drawing.sigmas[drawing.first_step :]
        taken = find_sampler("euler")(denoise, drawing.start(), sigmas, drawing.noise)
        return [step.latents for step in taken]

    def asked(self, module: Any) -> Any:
        """A pipeline's module, with our noise and the middle of what is likely."""
        noise = self.drawing.first_noise

        def middle(encoded: Any, generator: object = None, sample_mode: str = "") -> object:
            return encoded.latent_dist.mode()

        return mock.patch.multiple(
            module, randn_tensor=lambda *_, **__: noise.clone(), retrieve_latents=middle
        )

    @property
    def given(self) -> dict[str, Any]:
        """What every pipeline is asked."""
        return {
            "prompt": [PROMPT] * 2,
            "negative_prompt": [NEGATIVE] * 2,
            "image": (as_pixels(self.scene.original()).double() / 2 + 0.5).expand(2, -1, -1, -1),
            "strength": TAKEN / STEPS,
            "num_inference_steps": STEPS,
            "height": SIDE,
            "width": SIDE,
        }

    @property
    def mask(self) -> torch.Tensor:
        """1 where all changes, shape (2, 1, height, width)."""
        mask = torch.from_numpy(np.array(self.scene.drawn_mask) / 255.0)
        return mask[None, None].expand(2, -1, -1, -1)

    def assert_equal(self, ours: list[torch.Tensor], theirs: list[torch.Tensor]) -> None:
        levels = self.drawing.sigmas[self.drawing.first_step + 1 :]
        blended = self.drawing.request.model.family in FLOWS
        assert len(ours) == len(theirs) == len(levels) == TAKEN
        scales = torch.ones_like(levels) if blended else (1 + levels**2).rsqrt()
        for mine, other, scale in zip(ours, theirs, scales, strict=True):
            assert ((mine - other).abs().max() * scale).item() < TOLERANCE


def _last(told: Any) -> Any:
    while True:
        try:
            next(told)
        except StopIteration as end:
            return end.value


def oracle(kind: Any, folder: Any) -> Any:
    pipeline = kind.from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(torch.float64)


def module_of(kind: Any) -> Any:
    modules = [
        *(pipeline_stable_diffusion_img2img, pipeline_stable_diffusion_inpaint),
        *(pipeline_stable_diffusion_xl_img2img, pipeline_stable_diffusion_xl_inpaint),
        *(pipeline_stable_diffusion_3_img2img, pipeline_flux_img2img),
    ]
    return next(each for each in modules if each.__name__ == kind.__module__)


@pytest.mark.parametrize("family", UNETS)
def test_a_picture_is_changed_as_the_pipeline_changes_it(family, pictures, tmp_path):
    folder = TINY_FAMILIES[family].save(tmp_path / "checkpoint").folder
    compared = Compared(family, folder, request_for(family, pictures, masked=False))
    pipeline = oracle(UNETS[family], folder)

    module = module_of(UNETS[family])
    with compared.asked(module), hearing(pipeline, "euler", euler) as (theirs, options):
        sizes = {key: compared.given[key] for key in ("height", "width")}
        asked = {key: value for key, value in compared.given.items() if key not in sizes}
        pipeline(**asked, guidance_scale=CFG_SCALE, **options)

    compared.assert_equal(compared.steps(), theirs)


@pytest.mark.parametrize("family", FLOWS)
def test_a_picture_flows_as_in_the_pipeline(family, pictures, tmp_path):
    folder = TINY_FAMILIES[family].save(tmp_path / "checkpoint").folder
    compared = Compared(family, folder, request_for(family, pictures, masked=False))
    pipeline = oracle(FLOWS[family], folder)
    scale: dict[str, Any] = {
        "sd3": {"guidance_scale": CFG_SCALE, "sigmas": np.linspace(1, 1 / STEPS, STEPS)},
        "flux1": {
            "guidance_scale": 2.5,
            "true_cfg_scale": CFG_SCALE,
            "max_sequence_length": 512,
        },
    }

    with compared.asked(module_of(FLOWS[family])), hearing_flow() as (theirs, options):
        pipeline(**compared.given, **scale[family], **options)
    if family == "flux1":
        theirs = [unpacked(tokens, SIDE // 8, SIDE // 8) for tokens in theirs]

    compared.assert_equal(compared.steps(), theirs)


@pytest.mark.parametrize("family", INPAINTING)
def test_usual_checkpoints_inpaint_as_the_pipeline(family, pictures, tmp_path):
    folder = TINY_FAMILIES[family].save(tmp_path / "checkpoint").folder
    compared = Compared(family, folder, request_for(family, pictures, masked=True))

    compared.assert_equal(compared.steps(), inpainted_by(family, folder, compared))


@pytest.mark.parametrize("family", INPAINTING)
def test_inpainting_checkpoints_see_the_mask_as_in_the_pipeline(family, pictures, tmp_path):
    save = {"sd15": save_tiny_sd15, "sdxl": save_tiny_sdxl}[family]
    folder = save(tmp_path / "checkpoint", in_channels=9).folder
    compared = Compared(family, folder, request_for(family, pictures, masked=True))

    # diffusers leaves what is kept to these checkpoints
    ours = compared.steps(keeping=False)

    compared.assert_equal(ours, inpainted_by(family, folder, compared))


def test_flux_fill_sees_the_mask_as_in_the_pipeline(pictures, tmp_path):
    folder = save_tiny_flux(tmp_path / "checkpoint", channels=384).folder
    request = request_for("flux1", pictures, masked=True)
    sampling = request.sampling.model_copy(update={"cfg_scale": 1.0})
    compared = Compared("flux1", folder, request.model_copy(update={"sampling": sampling}))
    pipeline = oracle(pipeline_flux_fill.FluxFillPipeline, folder)
    given = {key: value for key, value in compared.given.items() if key != "negative_prompt"}

    with compared.asked(pipeline_flux_fill), hearing_flow() as (theirs, options):
        pipeline(
            **given,
            mask_image=compared.mask,
            guidance_scale=2.5,
            max_sequence_length=512,
            **options,
        )

    packed = [unpacked(tokens, SIDE // 8, SIDE // 8) for tokens in theirs]
    compared.assert_equal(compared.steps(keeping=False), packed)


def inpainted_by(family: str, folder: Any, compared: Compared) -> list[torch.Tensor]:
    pipeline = oracle(INPAINTING[family], folder)
    module = module_of(INPAINTING[family])
    with compared.asked(module), hearing(pipeline, "euler", euler) as (theirs, options):
        pipeline(
            **compared.given,
            mask_image=compared.mask,
            guidance_scale=CFG_SCALE,
            **options,
        )
    return theirs
