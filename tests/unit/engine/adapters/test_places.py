"""Every layer that a trainer may change in a model of the published size has its place.

The names are those of the published files and of diffusers' and transformers' modules; nothing has
numbers here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch

from backend.engine.adapters.deltas.low_rank import LowRank
from backend.engine.adapters.places import NETWORK, PartPlaces, places_of
from backend.engine.families import flux1, sd3_loading
from backend.engine.families.published import PublishedPart, published
from backend.engine.loading.components import Component
from backend.engine.loading.origin import Origin
from backend.engine.loading.parts import CLIP_G, CLIP_H, CLIP_L, CLIP_L_PROJECTING, UNET
from backend.engine.loading.t5_encoder import t5_encoder
from backend.engine.memory.carrier import AtOnce
from backend.engine.memory.placed import Ground, Placed
from backend.engine.memory.weight import Tally
from backend.schema.models import Role
from tests.fixtures import published_flux, published_sd3, published_unets
from tests.fixtures.adapter_files import ENCODERS, FORMS, TRANSFORMERS, Form, key, layers_of

NOWHERE = torch.device("meta")
COMPONENTS: Mapping[str, tuple[Any, ...]] = {
    "sd15": (UNET, CLIP_L),
    "sd2": (UNET, CLIP_H),
    "sdxl": (UNET, CLIP_L, CLIP_G),
    "sdxl_refiner": (UNET, CLIP_G),
    **dict.fromkeys(
        ("sd3", "sd35_medium", "sd35_large"),
        (sd3_loading.TRANSFORMER, CLIP_L_PROJECTING, CLIP_G, sd3_loading.T5),
    ),
    "flux1": (flux1.TRANSFORMER, CLIP_L, t5_encoder("text_encoder_2")),
}
CASES = [
    (family, form)
    for family in COMPONENTS
    for form in FORMS
    if form != "first diffusers" or family not in TRANSFORMERS
]


@cache
def parts_of(family: str) -> dict[Role, Placed]:
    """A family's parts in their published sizes, without numbers."""
    built = {part.role: part for part in published()[family]}
    return {each.role: empty(each, built[each.role]) for each in COMPONENTS[family]}


def empty(component: Component[torch.nn.Module], part: PublishedPart) -> Placed:
    with NOWHERE:
        module = part.built()
    origin = Origin(
        component.title,
        Path(),
        "",
        {},
        torch.float16,
        part=component.part,
        namings=component.namings,
    )
    return Placed(module, origin, Ground(NOWHERE, AtOnce(NOWHERE), Tally(), on_disk=False))


@cache
def places(family: str) -> list[PartPlaces]:
    return places_of(parts_of(family))


def layers(family: str, role: Role, form: Form) -> dict[str, torch.Size]:
    """The layers of a part as files name them."""
    original = role == NETWORK and form.original(family)
    return original_layers(family) if original else own_layers(family, role)


@cache
def own_layers(family: str, role: Role) -> dict[str, torch.Size]:
    return layers_of(parts_of(family)[role].module.state_dict())


@cache
def original_layers(family: str) -> dict[str, torch.Size]:
    if family in published_unets.PUBLISHED:
        tensors = published_unets.unet_tensors(published_unets.PUBLISHED[family])
    elif family in published_sd3.PUBLISHED:
        tensors = published_sd3.transformer_tensors(published_sd3.PUBLISHED[family])
    else:
        tensors = published_flux.transformer_tensors()
    return layers_of({name: torch.empty(shape, device=NOWHERE) for name, shape in tensors.items()})


def trained(shape: torch.Size) -> LowRank:
    down = torch.empty(4, *shape[1:], device=NOWHERE)
    return LowRank(down, torch.empty(shape[0], 4, device=NOWHERE), 1.0)


def changed(family: str, form: Form) -> Iterator[tuple[str, tuple[Role, str]]]:
    """Each layer that a file of the form can change, with the tensors that it changes."""
    for role in (NETWORK, *ENCODERS[family]):
        for layer, shape in layers(family, role, form).items():
            name = key(form, family, role, layer)
            if name is None:
                continue
            found = next(
                filter(None, (p.find(name, "weight", trained(shape)) for p in places(family))), ()
            )
            assert found, name
            for place in found:
                yield name, (place.role, place.module)


@pytest.mark.parametrize(("family", "form"), CASES)
def test_every_layer_has_one_place(family, form):
    found = list(changed(family, FORMS[form]))

    assert max(Counter(place for _, place in found).values()) == 1
    whole = form not in ("peft", "first diffusers")
    expected = {
        (role, layer)
        for role in (NETWORK, *ENCODERS[family])
        for layer in own_layers(family, role)
        if whole or role == NETWORK
        if form != "first diffusers" or ".to_" in layer
    }
    assert {place for _, place in found} == expected


@pytest.mark.parametrize(
    ("family", "name"),
    [
        # names that files have, as people report them
        ("sd15", "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_out_0"),
        ("sd15", "lora_te_text_model_encoder_layers_11_self_attn_v_proj"),
        ("sd15", "unet.up_blocks.1.attentions.0.transformer_blocks.0.attn1.processor.to_out"),
        ("sdxl", "lora_unet_output_blocks_0_1_transformer_blocks_9_ff_net_0_proj"),
        ("sdxl", "lora_unet_up_blocks_0_attentions_0_transformer_blocks_9_attn1_to_k"),
        ("sdxl", "lora_te2_text_model_encoder_layers_31_mlp_fc1"),
        ("sdxl", "lora_te2_text_projection"),
        ("sd3", "lora_te3_encoder_block_23_layer_1_DenseReluDense_wi_0"),
        ("sd3", "transformer.transformer_blocks.23.attn.add_k_proj"),
        ("flux1", "lora_unet_single_blocks_37_linear1"),
        ("flux1", "lycoris_single_transformer_blocks_37_proj_mlp"),
        ("flux1", "lora_te3_encoder_block_0_layer_0_SelfAttention_q"),
        ("flux1", "double_blocks.0.img_attn.qkv"),
    ],
)
def test_a_name_is_found(family, name):
    known = {found for part in places(family) for found in part.names_of(name)}

    assert any((each, "weight") in part.places for part in places(family) for each in known)


def test_no_name_means_two_layers():
    for family in COMPONENTS:
        for role, part in parts_of(family).items():
            heard: dict[str, frozenset[str]] = {}
            for naming in part.origin.namings:
                joined: dict[str, set[str]] = {}
                for ours, source in naming(part.shapes).items():
                    joined.setdefault(source.name.replace(".", "_"), set()).add(ours)
                for theirs, ours in joined.items():
                    if not any(word in theirs for word in ("shared", "embed_tokens")):
                        assert heard.setdefault(theirs, frozenset(ours)) == ours, (family, role)


def test_what_the_family_cannot_hear_is_no_reason_to_refuse():
    clip_l = next(part for part in places("sdxl") if "lora_te1_" in part.beginnings)

    assert "text_projection" in clip_l.without_effect
