"""The list of recognised networks; a new family is one more line."""

from backend.library.identify.backbone import Backbone, BackboneRecogniser
from backend.library.identify.contents import Contents
from backend.library.identify.flux import flux
from backend.library.identify.foreign import foreign
from backend.library.identify.mmdit import mmdit
from backend.library.identify.unet import unet

BACKBONES: tuple[BackboneRecogniser, ...] = (foreign, flux, mmdit, unet)
"""In order: the first that recognises the tensors names the family."""


def recognise_backbone(contents: Contents) -> Backbone | None:
    """Say which network these tensors are; `None` when they are none that Easel knows."""
    found = (recogniser(contents) for recogniser in BACKBONES)
    return next((backbone for backbone in found if backbone), None)
