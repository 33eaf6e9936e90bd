"""The models of a graph: the checkpoint, what changes it, the text encoders and the VAE."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from backend.metadata.comfyui.graph import DEEPEST, Graph, Link, Node
from backend.metadata.comfyui.sampling import Place
from backend.metadata.loose import as_object, number_in, text_in
from backend.metadata.teller import Teller, plain_number

_NUMBERED = re.compile(r"lora_(?:name_)?(\d+)")
_CHECKPOINTS = ("ckpt_name", "unet_name", "base_ckpt_name", "gguf_name")
_ENCODER_NAMES = ("clip_name", "clip_name1", "clip_name2", "clip_name3")
_PLAIN = {"CheckpointLoaderSimple", "CheckpointLoader", "UNETLoader", "UnetLoaderGGUF"}


@dataclass(frozen=True)
class _Lora:
    name: str
    unet: float
    text: float


def tell_models(graph: Graph, model: Place, encoder: Node | None, teller: Teller) -> None:
    """Tell the checkpoint and what stands between it and the sampler.

    Args:
        graph: The graph.
        model: Where the sampler's model comes from.
        encoder: The node that encoded the prompt, whose text encoder may be changed too.
        teller: Hears it.
    """
    to_unet = tuple(_chain(graph, model, "model"))
    to_text = tuple(_chain(graph, (encoder, 0) if encoder else None, "clip"))
    for node in to_unet:
        _tell_change(graph, node, teller)
    teller.part("model.checkpoint", "checkpoint", checkpoint_of(graph, model))
    with_text = {node.id for node in to_text}
    with_unet = {node.id for node in to_unet}
    both = {node.id: node for node in (*to_text, *to_unet)}
    for node in reversed(tuple(both.values())):
        for lora in _loras(graph, node):
            unet = lora.unet if node.id in with_unet else 0.0
            teller.lora(lora.name, unet, lora.text if node.id in with_text else 0.0)
    for node in to_text:
        last = graph.number(node, "stop_at_clip_layer", "clip_skip")
        if last is not None:
            teller.put("model.clip_skip", abs(last) or 1)
        _tell_encoders(graph, node, teller)


def checkpoint_of(graph: Graph, model: Place) -> str:
    """The name of the checkpoint behind a model."""
    names = (graph.name(node, *_CHECKPOINTS) for node in _chain(graph, model, "model"))
    return next((name for name in names if name), "")


def tell_vae(graph: Graph, output: Node | None, teller: Teller) -> None:
    """Tell the VAE that decoded the picture; a checkpoint's own is no part of the request."""
    decoding = (each for each in graph.behind(output) if {"samples", "vae"} <= each.inputs.keys())
    decoder = next(decoding, None)
    for node in graph.behind(_node(graph.source(decoder, "vae")) if decoder else None):
        name = graph.name(node, "vae_name")
        if name and name != "Baked VAE":
            teller.part("model.vae", "vae", name)
            return
        if any(each in node.inputs for each in _CHECKPOINTS):
            teller.leave_to_checkpoint("model.vae")
            return


def _chain(graph: Graph, place: Place, name: str) -> Iterator[Node]:
    """The nodes that a model or text encoder went through, from the last one back."""
    seen: set[str] = set()
    while place is not None and place[0].id not in seen and len(seen) < DEEPEST:
        node = place[0]
        seen.add(node.id)
        yield node
        place = graph.source(node, name, f"base_{name}", f"{name}1", f"optional_{name}")
        if place is None and len(node.links) == 1:
            place = graph.find(node.links[0][1])


def _loras(graph: Graph, node: Node) -> Iterator[_Lora]:
    """The LoRAs that a node puts on; several in the nodes of rgthree and of others."""
    if (name := graph.name(node, "lora_name")).casefold() not in {"", "none"}:
        unet = graph.number(node, "strength_model", "lora_model_strength", "strength")
        text = graph.number(node, "strength_clip", "lora_clip_strength")
        unet = 1.0 if unet is None else unet
        yield _Lora(name, unet, unet if text is None else text)
    for key, value in node.inputs.items():
        numbered = _NUMBERED.fullmatch(key)
        told = as_object(value)
        if told and told.get("on") is not False and text_in(told, "lora"):
            unet = number_in(told, "strength")
            text = number_in(told, "strengthTwo")
            unet = 1.0 if unet is None else unet
            yield _Lora(text_in(told, "lora"), unet, unet if text is None else text)
        elif numbered and isinstance(value, str) and value.casefold() != "none":
            weight = graph.number(node, f"strength_{numbered[1]}", f"model_weight_{numbered[1]}")
            text = graph.number(node, f"clip_weight_{numbered[1]}")
            unet = 1.0 if weight is None else weight
            if unet or text:
                yield _Lora(value, unet, unet if text is None else text)


def _tell_change(graph: Graph, node: Node, teller: Teller) -> None:
    """Tell what a node does to the model, beside LoRAs."""
    if node.kind == "RescaleCFG":
        teller.put("sampling.cfg_rescale", graph.number(node, "multiplier"), "CFG rescale")
    elif node.kind == "ModelSamplingDiscrete":
        if node.inputs.get("zsnr") is True:
            teller.put("sampling.terminal_noise", "zero", "Zero terminal SNR")
        teller.unused("Prediction", graph.name(node, "sampling"))
    elif (shift := graph.number(node, "shift", "max_shift")) is not None:
        teller.unused("Shift", plain_number(shift))
    elif node.kind not in _PLAIN and not any(True for _ in _loras(graph, node)):
        values = {k: v for k, v in node.inputs.items() if not isinstance(v, Link)}
        if not any(name in values for name in _CHECKPOINTS):
            teller.say(f"{node.kind} changes the model; Easel leaves it out.")


def _tell_encoders(graph: Graph, node: Node, teller: Teller) -> None:
    for name in filter(None, (graph.name(node, each) for each in _ENCODER_NAMES)):
        teller.component(name, encoder=True)


def _node(place: Place) -> Node | None:
    return place[0] if place else None
