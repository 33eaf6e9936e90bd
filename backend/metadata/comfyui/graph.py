"""A graph of ComfyUI's nodes: what an input holds, and which node a link comes from.

Every walk passes each node once, and none is longer than `DEEPEST`: a file may hold circles.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from backend.metadata.loose import as_object, text_in

MOST_NODES = 5_000
DEEPEST = 150
LONGEST_TEXT = 20_000
_PASSING = ("Reroute", "ReroutePrimitive|pysssss", "Reroute (rgthree)")
_VALUES = (
    "value",
    "Value",
    "int",
    "float",
    "number",
    "Number",
    "seed",
    "noise_seed",
    "INT",
    "FLOAT",
)
_TEXTS = ("text", "string", "value", "Text", "String", "prompt", "Value", "text_0", "STRING")
_JOINING = ("concat", "join")
_BETWEEN = ("delimiter", "separator")


@dataclass(frozen=True)
class Link:
    """An output of a node."""

    node: str
    slot: int


@dataclass(frozen=True)
class Node:
    """A node; an input is a `Link`, or a value of JSON."""

    id: str
    kind: str
    inputs: Mapping[str, object]

    @property
    def links(self) -> tuple[tuple[str, Link], ...]:
        """The inputs that come from other nodes."""
        return tuple((name, each) for name, each in self.inputs.items() if isinstance(each, Link))


@dataclass(frozen=True)
class Graph:
    """Nodes by id, in the order of the file."""

    nodes: Mapping[str, Node] = field(default_factory=dict[str, Node])

    def find(self, link: Link | None) -> tuple[Node, int] | None:
        """The node and the slot that a link leads to, over nodes that only pass on."""
        for _ in range(DEEPEST):
            node = self.nodes.get(link.node) if link else None
            if node is None or link is None:
                return None
            if node.kind not in _PASSING or len(node.links) != 1:
                return node, link.slot
            link = node.links[0][1]
        return None

    def source(self, node: Node, *names: str) -> tuple[Node, int] | None:
        """The node and slot that the first linked one of some inputs comes from."""
        links = (node.inputs.get(name) for name in names)
        return self.find(next((link for link in links if isinstance(link, Link)), None))

    def behind(self, node: Node | None) -> Iterator[Node]:
        """A node and all that it depends on, the nearest first."""
        waiting = [node] if node else []
        seen = {each.id for each in waiting}
        while waiting:
            nearest = waiting.pop(0)
            yield nearest
            for _, link in nearest.links:
                found = self.nodes.get(link.node)
                if found and found.id not in seen:
                    seen.add(found.id)
                    waiting.append(found)

    def number(self, node: Node, *names: str, depth: int = 0) -> float | int | None:
        """The number that the first of some inputs holds, also where another node has it."""
        for name in names:
            value = node.inputs.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool):
                return value
            found = self.find(value) if isinstance(value, Link) else None
            if found and depth < DEEPEST:
                return self.number(found[0], *_VALUES, depth=depth + 1)
        return None

    def name(self, node: Node, *names: str) -> str:
        """The text that the first of some inputs holds, also where another node has it."""
        return self.text(node, *names) or ""

    def text(self, node: Node, *names: str) -> str | None:
        """The same; None where no text is found, as with nodes that make texts."""
        return _Texts(self).of(node, names)


class _Texts:
    """Finds texts over nodes that hold or join them, each node looked at once."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._known: dict[str, str | None] = {}

    def of(self, node: Node, names: Iterable[str], depth: int = 0) -> str | None:
        for name in names:
            value = node.inputs.get(name)
            if isinstance(value, str):
                return value[:LONGEST_TEXT]
            found = self._graph.find(value) if isinstance(value, Link) else None
            if found and depth < DEEPEST:
                return self._in(found[0], depth + 1)
        return None

    def _in(self, node: Node, depth: int) -> str | None:
        if node.id not in self._known:
            self._known[node.id] = None  # while it is looked for, as circles lead back here
            joins = any(word in node.kind.casefold() for word in _JOINING)
            text = self._joined(node, depth) if joins else self.of(node, _TEXTS, depth)
            self._known[node.id] = text
        return self._known[node.id]

    def _joined(self, node: Node, depth: int) -> str:
        between = next((text for n in _BETWEEN if isinstance(text := node.inputs.get(n), str)), "")
        pieces = [self.of(node, [name], depth) for name in node.inputs if name not in _BETWEEN]
        return between.join(piece for piece in pieces if piece)[:LONGEST_TEXT]


def graph_of(told: object) -> Graph | None:
    """The graph in ComfyUI's API form, `{id: {class_type, inputs}}`; None where it is none."""
    listed = as_object(told)
    listed = as_object(listed["prompt"]) if isinstance(listed.get("prompt"), dict) else listed
    if not 0 < len(listed) <= MOST_NODES:
        return None
    nodes = {str(key): as_object(value) for key, value in listed.items()}
    found = {
        key: Node(key, text_in(node, "class_type"), dict(_inputs(as_object(node.get("inputs")))))
        for key, node in nodes.items()
        if text_in(node, "class_type")
    }
    return Graph(found) if found else None


def _inputs(values: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    for name, value in values.items():
        parts = cast("list[object]", value) if isinstance(value, list) else []
        match parts:
            case [str() | int() as node, int() as slot]:
                yield name, Link(str(node), slot)
            case _:
                yield name, value
