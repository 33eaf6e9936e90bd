"""VAEs: latents to pixels and back, and the tiny decoders for previews."""

from backend.library.identify.contents import Contents
from backend.library.identify.finding import SD3_FAMILIES, UNET_FAMILIES, Finding
from backend.schema.models import Family, ModelKind

_PREFIXES = ("", "first_stage_model.", "vae.")
_FITS = {
    # latent channels: SD's and SDXL's VAEs have equal shapes, as have SD 3's and FLUX's
    4: UNET_FAMILIES,
    16: (*SD3_FAMILIES, Family.FLUX1),
}
_FOREIGN = (
    ("Wan video", "decoder.middle.0.residual.0.gamma"),
    ("Sana", "decoder.stages.1.op_list.0.main.conv.conv.bias"),
    ("LTX-Video", "per_channel_statistics.mean-of-means"),
    ("a video model", "decoder.conv_in.conv.weight"),
)


def vae(contents: Contents) -> Finding | None:
    """Recognise a VAE file, with or without the prefix that it has in a checkpoint."""
    for prefix in _PREFIXES:
        inner = contents.under(prefix)
        for label, name in _FOREIGN:
            if inner.has(name):
                return _finding((), prefix, "original", label)
        entrance = inner.shape("decoder.conv_in.weight")
        if len(entrance) == 4 and inner.has("decoder.conv_out.weight"):  # noqa: PLR2004
            fits = _FITS.get(entrance[1], ())
            diffusers = inner.has("decoder.mid_block.resnets.0.conv1.weight")
            layout = "diffusers" if diffusers else "original"
            label = "" if fits else f"a model with {entrance[1]} latent channels"
            return _finding(fits, prefix, layout, label)
    return None


def preview_decoder(contents: Contents) -> Finding | None:
    """Recognise the tiny autoencoders (TAESD) that make previews."""
    for first in ("1.weight", "decoder.layers.0.weight", "taesd_decoder.1.weight", "0.weight"):
        shape = contents.shape(first)
        narrow = len(shape) == 4 and shape[0] == 64 and shape[1] in (3, *_FITS)  # noqa: PLR2004
        if narrow and contents.ending("3.conv.0.weight", "1.conv.0.weight"):
            return Finding(
                kind=ModelKind.PREVIEW_DECODER,
                fits=_FITS.get(shape[1], ()),
                layout="diffusers" if first.startswith("decoder.layers") else "original",
                roles=(("", "vae"),),
            )
    return None


def _finding(fits: tuple[Family, ...], prefix: str, layout: str, label: str) -> Finding:
    return Finding(
        kind=ModelKind.VAE,
        family=Family.OTHER if label else Family.UNKNOWN,
        family_label=label,
        fits=fits,
        layout="diffusers" if layout == "diffusers" else "original",
        roles=((prefix, "vae"),),
    )
