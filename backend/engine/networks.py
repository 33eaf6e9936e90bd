"""The networks of diffusers and transformers that the engine draws with.

Everything that needs one of them takes it from here: whichever is imported first decides how much
comes with it. On its own, diffusers imports its 120 networks and all ways to hook into them with
the first one, and parts of scipy for schedules; transformers imports scipy's optimisers for the
losses of object detectors.
"""

from backend.engine.imports import absent, fill_when_asked

with absent("scipy"):
    from transformers import (
        CLIPTextConfig,
        CLIPTextModel,
        CLIPTextModelWithProjection,
        CLIPTokenizer,
        CLIPVisionConfig,
        CLIPVisionModelWithProjection,
        T5Config,
        T5EncoderModel,
    )

fill_when_asked("diffusers.hooks")
fill_when_asked("diffusers.models.autoencoders")
fill_when_asked("diffusers.models.controlnets")
fill_when_asked("diffusers.models.transformers")
fill_when_asked("diffusers.models.unets")
fill_when_asked("scipy.integrate")
fill_when_asked("scipy.stats")

from diffusers.models.adapter import T2IAdapter  # noqa: E402
from diffusers.models.attention_processor import Attention  # noqa: E402
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL  # noqa: E402
from diffusers.models.controlnets.controlnet import (  # noqa: E402
    ControlNetConditioningEmbedding,
    ControlNetModel,
)
from diffusers.models.controlnets.controlnet_flux import FluxControlNetModel  # noqa: E402
from diffusers.models.controlnets.controlnet_sd3 import SD3ControlNetModel  # noqa: E402
from diffusers.models.controlnets.controlnet_union import ControlNetUnionModel  # noqa: E402
from diffusers.models.embeddings import (  # noqa: E402
    ImageProjection,
    IPAdapterFullImageProjection,
    IPAdapterPlusImageProjection,
)
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel  # noqa: E402
from diffusers.models.transformers.transformer_sd3 import SD3Transformer2DModel  # noqa: E402
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel  # noqa: E402

__all__ = [
    "Attention",
    "AutoencoderKL",
    "CLIPTextConfig",
    "CLIPTextModel",
    "CLIPTextModelWithProjection",
    "CLIPTokenizer",
    "CLIPVisionConfig",
    "CLIPVisionModelWithProjection",
    "ControlNetConditioningEmbedding",
    "ControlNetModel",
    "ControlNetUnionModel",
    "FluxControlNetModel",
    "FluxTransformer2DModel",
    "IPAdapterFullImageProjection",
    "IPAdapterPlusImageProjection",
    "ImageProjection",
    "SD3ControlNetModel",
    "SD3Transformer2DModel",
    "T2IAdapter",
    "T5Config",
    "T5EncoderModel",
    "UNet2DConditionModel",
]
