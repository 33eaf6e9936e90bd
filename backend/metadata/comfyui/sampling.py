"""The samplers of a graph, and what each was told, whichever nodes tell it."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.metadata.comfyui.graph import Graph, Link, Node

_MOST_PASSES = 20
_MOST_OUTPUTS = 50
_SCHEDULES: Mapping[str, str] = {
    "KarrasScheduler": "karras",
    "ExponentialScheduler": "exponential",
    "PolyexponentialScheduler": "polyexponential",
    "BetaSamplingScheduler": "beta",
    "SDTurboScheduler": "simple",
}
"""Nodes that are a schedule of their own."""
_SAMPLERS: Mapping[str, str] = {
    "SamplerEulerAncestral": "euler_ancestral",
    "SamplerDPMPP_2M_SDE": "dpmpp_2m_sde",
    "SamplerDPMPP_3M_SDE": "dpmpp_3m_sde",
    "SamplerDPMPP_SDE": "dpmpp_sde",
    "SamplerDPMPP_2S_Ancestral": "dpmpp_2s_ancestral",
    "SamplerLMS": "lms",
}
"""Nodes that are a sampler of their own."""

Place = tuple[Node, int] | None
"""A node and one of its outputs."""


@dataclass(frozen=True)
class Pass:
    """One run of a sampler; what the graph does not tell is None or empty."""

    node: Node
    seed: float | None
    steps: float | None
    cfg: float | None
    sampler: str
    schedule: str
    denoise: float
    start: float
    end: float | None
    model: Place
    positive: Place
    negative: Place
    latent: Place


def passes_of(graph: Graph) -> tuple[tuple[Pass, ...], Node | None]:
    """The sampler runs that led to the saved picture, the first one first, and what saved it."""
    output = _output(graph)
    last = next((node for node in graph.behind(output) if _samples(node)), None)
    last = last or next((node for node in graph.nodes.values() if _samples(node)), None)
    found: list[Pass] = []
    while last is not None and len(found) < _MOST_PASSES:
        one = _pass(graph, last)
        if one.node in (each.node for each in found):
            break
        found.append(one)
        before = graph.behind(one.latent[0] if one.latent else None)
        last = next((node for node in before if _samples(node)), None)
    return tuple(reversed(found)), output


def saves(graph: Graph) -> int:
    """How many nodes of a graph save pictures."""
    return sum(_saving(node) == 0 for node in graph.nodes.values())


def _output(graph: Graph) -> Node | None:
    """What saved the picture: a node that nothing comes after, and that a sampler is behind."""
    used = {link.node for node in graph.nodes.values() for _, link in node.links}
    ends = [node for node in graph.nodes.values() if node.id not in used and node.links]
    ends.sort(key=_saving)
    with_sampler = (end for end in ends[:_MOST_OUTPUTS] if any(map(_samples, graph.behind(end))))
    return next(with_sampler, None)


def _saving(node: Node) -> int:
    kind = node.kind.casefold()
    words = ("save", "preview")
    return next((place for place, word in enumerate(words) if word in kind), len(words))


def _samples(node: Node) -> bool:
    """Whether a node is a sampler, by what it takes: there are many with other names."""
    own = node.inputs.keys()
    if {"sampler_name", "steps"} <= own and own & {"seed", "noise_seed"}:
        return bool(own & {"latent_image", "positive", "model"})
    return {"sampler", "sigmas"} <= own and bool(own & {"guider", "cfg"})


def _pass(graph: Graph, node: Node) -> Pass:
    return _custom(graph, node) if "sigmas" in node.inputs else _plain(graph, node)


def _plain(graph: Graph, node: Node) -> Pass:
    denoise = graph.number(node, "denoise")
    return Pass(
        node=node,
        seed=graph.number(node, "seed", "noise_seed"),
        steps=graph.number(node, "steps"),
        cfg=graph.number(node, "cfg"),
        sampler=graph.name(node, "sampler_name"),
        schedule=graph.name(node, "scheduler"),
        denoise=1.0 if denoise is None else denoise,
        start=graph.number(node, "start_at_step") or 0,
        end=graph.number(node, "end_at_step"),
        model=graph.source(node, "model"),
        positive=graph.source(node, "positive"),
        negative=graph.source(node, "negative"),
        latent=graph.source(node, "latent_image"),
    )


def _custom(graph: Graph, node: Node) -> Pass:
    """SamplerCustom and SamplerCustomAdvanced, whose settings are nodes of their own."""
    guider, noise = (_node(graph.source(node, name)) for name in ("guider", "noise"))
    guide = guider or node
    sampler, sigmas = (_node(graph.source(node, name)) for name in ("sampler", "sigmas"))
    sigmas = _scheduler(graph, sigmas)
    denoise = graph.number(sigmas, "denoise") if sigmas else None
    plain = guider is not None and "conditioning" in guider.inputs
    return Pass(
        node=node,
        seed=graph.number(noise or node, "noise_seed", "seed"),
        steps=graph.number(sigmas, "steps") if sigmas else None,
        cfg=1.0 if plain else graph.number(guide, "cfg", "cfg_conds"),
        sampler=_sampler_name(graph, sampler),
        schedule=_schedule_name(graph, sigmas),
        denoise=1.0 if denoise is None else denoise,
        start=0,
        end=None,
        model=graph.source(guide, "model") or graph.source(sigmas or node, "model"),
        positive=graph.source(guide, "positive", "conditioning", "cond1"),
        negative=graph.source(guide, "negative"),
        latent=graph.source(node, "latent_image"),
    )


def _scheduler(graph: Graph, node: Node | None) -> Node | None:
    """The node that makes the noise levels, behind those that cut or change them."""
    around = graph.behind(node)
    return next((each for each in around if "steps" in each.inputs), node)


def _sampler_name(graph: Graph, node: Node | None) -> str:
    if node is None:
        return ""
    return graph.name(node, "sampler_name") or _SAMPLERS.get(node.kind, node.kind)


def _schedule_name(graph: Graph, node: Node | None) -> str:
    if node is None:
        return ""
    return graph.name(node, "scheduler") or _SCHEDULES.get(node.kind, node.kind)


def _node(place: Place) -> Node | None:
    return place[0] if place else None


_SIDES = (("width", "height"), ("empty_latent_width", "empty_latent_height"))


def size_of(graph: Graph, latent: Place) -> tuple[float | None, float | None, float | None]:
    """Width, height and batch size of empty latents; None each where a picture was begun from."""
    for node in graph.behind(_node(latent)):
        begun = (node.inputs.get(name) for name in ("samples", "pixels", "image"))
        names = next((each for each in _SIDES if node.inputs.keys() >= {*each}), None)
        if names and not any(isinstance(each, Link) for each in begun):
            width, height = (graph.number(node, name) for name in names)
            return width, height, graph.number(node, "batch_size")
    return None, None, None
