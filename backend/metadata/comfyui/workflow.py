"""The graph as ComfyUI's page draws it, turned into the form that its server runs.

A node's values stand there in the order of its fields, without their names. The names are known for
the nodes of ComfyUI itself; a switch that the page puts behind seeds is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from backend.metadata.comfyui.graph import MOST_NODES, Graph, Link, Node
from backend.metadata.loose import Object, as_object, objects_in, text_in

_MUTED, _BYPASSED = 2, 4
_SEED_SWITCHES = {"fixed", "increment", "decrement", "randomize", True, False}
_FIELDS: Mapping[str, str] = {
    "KSampler": "seed ? steps cfg sampler_name scheduler denoise",
    "KSamplerAdvanced": "add_noise noise_seed ? steps cfg sampler_name scheduler start_at_step "
    "end_at_step return_with_leftover_noise",
    "SamplerCustom": "add_noise noise_seed ? cfg",
    "RandomNoise": "noise_seed ?",
    "CFGGuider": "cfg",
    "KSamplerSelect": "sampler_name",
    "BasicScheduler": "scheduler steps denoise",
    "KarrasScheduler": "steps sigma_max sigma_min rho",
    "ExponentialScheduler": "steps sigma_max sigma_min",
    "PolyexponentialScheduler": "steps sigma_max sigma_min rho",
    "BetaSamplingScheduler": "steps alpha beta",
    "SDTurboScheduler": "steps denoise",
    "CheckpointLoaderSimple": "ckpt_name",
    "CheckpointLoader": "config_name ckpt_name",
    "unCLIPCheckpointLoader": "ckpt_name",
    "UNETLoader": "unet_name weight_dtype",
    "UnetLoaderGGUF": "unet_name",
    "CLIPLoader": "clip_name type",
    "DualCLIPLoader": "clip_name1 clip_name2 type",
    "TripleCLIPLoader": "clip_name1 clip_name2 clip_name3",
    "VAELoader": "vae_name",
    "LoraLoader": "lora_name strength_model strength_clip",
    "LoraLoaderModelOnly": "lora_name strength_model",
    "CLIPSetLastLayer": "stop_at_clip_layer",
    "CLIPTextEncode": "text",
    "CLIPTextEncodeSDXL": "width height crop_w crop_h target_width target_height text_g text_l",
    "CLIPTextEncodeFlux": "clip_l t5xxl guidance",
    "CLIPTextEncodeSD3": "clip_l clip_g t5xxl empty_padding",
    "FluxGuidance": "guidance",
    "EmptyLatentImage": "width height batch_size",
    "EmptySD3LatentImage": "width height batch_size",
    "LatentUpscale": "upscale_method width height crop",
    "LatentUpscaleBy": "upscale_method scale_by",
    "ControlNetLoader": "control_net_name",
    "ControlNetApply": "strength",
    "ControlNetApplyAdvanced": "strength start_percent end_percent",
    "ModelSamplingDiscrete": "sampling zsnr",
    "ModelSamplingSD3": "shift",
    "ModelSamplingFlux": "max_shift base_shift width height",
    "RescaleCFG": "multiplier",
    "PrimitiveNode": "value",
    "PrimitiveString": "value",
    "PrimitiveStringMultiline": "value",
    "PrimitiveInt": "value ?",
    "PrimitiveFloat": "value",
    "StringConcatenate": "string_a string_b delimiter",
}
"""The fields of a node, in order; `?` is a switch behind a seed, which old files have not."""


def graph_of_workflow(told: object) -> Graph | None:
    """The graph that a page's workflow draws; None where it is none."""
    listed = as_object(told)
    drawn = objects_in(listed, "nodes")[:MOST_NODES]
    links = dict(_links(listed.get("links")))
    nodes = {str(node.get("id")): node for node in drawn if node.get("mode") != _MUTED}
    found = {key: _node(key, node, links) for key, node in nodes.items() if text_in(node, "type")}
    return Graph(found) if found else None


def _links(told: object) -> Iterator[tuple[int, Link]]:
    """The links by their numbers: `[number, node, slot, …]`, or an object in newer files."""
    for each in cast("list[object]", told) if isinstance(told, list) else []:
        match each:
            case [int() as number, int() | str() as node, int() as slot, *_]:
                yield number, Link(str(node), slot)
            case {"id": int() as number, "origin_id": node, "origin_slot": int() as slot}:
                yield number, Link(str(node), slot)
            case _:
                pass


def _node(key: str, node: Object, links: Mapping[int, Link]) -> Node:
    kind = text_in(node, "type")
    inputs: dict[str, object] = dict(_values(kind, node.get("widgets_values")))
    for each in objects_in(node, "inputs"):
        number = each.get("link")
        if isinstance(number, int) and number in links:
            inputs[text_in(each, "name")] = links[number]
    return Node(key, "Reroute" if node.get("mode") == _BYPASSED else kind, inputs)


def _values(kind: str, told: object) -> Iterator[tuple[str, object]]:
    if isinstance(told, dict):
        yield from cast("dict[str, object]", told).items()
        return
    values: Sequence[object] = cast("list[object]", told) if isinstance(told, list) else []
    waiting = list(values)
    for name in _FIELDS.get(kind, "").split():
        if not waiting:
            return
        if name != "?":
            yield name, waiting.pop(0)
        elif isinstance(waiting[0], str | bool) and waiting[0] in _SEED_SWITCHES:
            waiting.pop(0)
