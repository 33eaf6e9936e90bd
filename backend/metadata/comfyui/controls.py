"""The nodes of a graph that have control models steer the drawing."""

from backend.metadata.comfyui.graph import Graph, Node
from backend.metadata.teller import Teller
from backend.schema.control_settings import NO_PREPROCESSOR, UNITS
from backend.schema.fields import Scalar

_BRIGHTEST = 255
"""ComfyUI's own Canny counts its thresholds from 0 to 1."""


def tell_unit(graph: Graph, node: Node, number: int, teller: Teller) -> None:
    """Tell what a `ControlNetApply` node, plain or advanced, does, as a unit.

    Args:
        graph: The graph.
        node: The node.
        number: Of the unit, from 1.
        teller: Hears it.
    """
    source = graph.source(node, "control_net")
    names = (graph.name(each, "control_net_name") for each in graph.behind(source and source[0]))
    name = next((each for each in names if each), "")
    told: dict[str, Scalar] = {
        "model": name,
        "weight": graph.number(node, "strength"),
        "start": graph.number(node, "start_percent"),
        "end": graph.number(node, "end_percent"),
        **_preprocessor(graph, node),
    }
    own = {f"control{number}.{field}": value for field, value in told.items()}
    teller.unit(number, own if name and number <= UNITS else {}, name)


def _preprocessor(graph: Graph, node: Node) -> dict[str, Scalar]:
    """What makes the map; nothing where another node does that Easel does not know."""
    place = graph.source(node, "image", "hint")
    if place is None:
        return {}
    maker = place[0]
    if maker.kind == "Canny":
        low, high = (graph.number(maker, f"{each}_threshold") for each in ("low", "high"))
        thresholds = {"threshold_a": low, "threshold_b": high}
        scaled = {k: round(v * _BRIGHTEST) for k, v in thresholds.items() if v is not None}
        return {"preprocessor": "canny", **scaled}
    return {} if maker.links else {"preprocessor": NO_PREPROCESSOR}
