"""The words that a graph's conditioning was made from."""

import re
from collections.abc import Mapping

from backend.metadata.comfyui.controls import tell_unit
from backend.metadata.comfyui.graph import DEEPEST, LONGEST_TEXT, Graph, Node
from backend.metadata.comfyui.sampling import Place
from backend.metadata.teller import Teller

_NOTHING = {"ConditioningZeroOut"}
_TEXTS = ("text", "t5xxl", "text_g", "clip_g", "text_l", "clip_l", "prompt", "string", "Text")
"""The inputs of nodes that make conditioning of words, the one that says most first."""
_JOINING: Mapping[str, tuple[str, str, str]] = {
    "ConditioningCombine": ("conditioning_1", "conditioning_2", " AND "),
    "ConditioningConcat": ("conditioning_to", "conditioning_from", " BREAK "),
}
_WEIGHT = re.compile(r"\((?:[^()\\]|\\.)*\((?:[^()\\]|\\.)*:[\d.]+\s*\)")
_SQUARE = re.compile(r"(?<!\\)\[")
_OWN_WORDS = re.compile(r"\b(?:AND|BREAK)\b")
_CHOICE = re.compile(r"(?<!\\)\{")


class Prompts:
    """Reads both prompts of a sampler, and notes which nodes encoded them."""

    def __init__(self, graph: Graph, teller: Teller) -> None:
        self._graph = graph
        self._teller = teller
        self._seen: set[tuple[str, int]] = set()
        self.encoder: Node | None = None
        """The first node that made conditioning of words."""
        self.units: list[Node] = []
        """The nodes that have control models steer, each once."""

    def read(self, place: Place, side: str) -> str:
        """The words behind `positive` or `negative`."""
        self._seen.clear()
        text = self._words(place, side, 0)
        if text is None and place is not None:
            self._teller.say(
                f"The {side} prompt is made by “{place[0].kind}”, which Easel does not know."
            )
        return text or ""

    def _words(self, place: Place, side: str, depth: int) -> str | None:
        if place is None or depth > DEEPEST:
            return None
        node, slot = place
        if (node.id, slot) in self._seen:
            return None
        self._seen.add((node.id, slot))
        if node.kind in _NOTHING:
            return ""
        if node.kind in _JOINING:
            return self._joined(node, side, depth)
        texts = self._texts(node, side)
        if texts is not None:
            self.encoder = self.encoder or node
            return texts
        self._tell_change(node)
        if {"positive", "negative"} <= node.inputs.keys():
            side = ("positive", "negative")[slot] if slot in {0, 1} else side
        names = (side, "conditioning", "conditioning_to", "conditioning_1", "cond")
        following = self._graph.source(node, *names)
        if following is None and len(node.links) == 1:
            following = self._graph.find(node.links[0][1])
        return self._words(following, side, depth + 1)

    def _joined(self, node: Node, side: str, depth: int) -> str:
        first, second, between = _JOINING[node.kind]
        places = (self._graph.source(node, first), self._graph.source(node, second))
        texts = [self._words(place, side, depth + 1) for place in places]
        self._teller.say(
            f"{node.kind}: two prompts, joined here by {between.strip()}, which Easel weighs in "
            "its own way."
        )
        return between.join(text for text in texts if text)[:LONGEST_TEXT]

    def _texts(self, node: Node, side: str) -> str | None:
        """What a node encodes, told by all of its texts that say something of their own."""
        if not any(name in node.inputs for name in ("clip", "text", "t5xxl", "text_g", side)):
            return None
        names = (*_TEXTS, *([side] if isinstance(node.inputs.get(side), str) else []))
        found = {name: text for name in names if (text := self._graph.text(node, name))}
        if not found:
            return "" if any(isinstance(node.inputs.get(name), str) for name in names) else None
        main, *others = found.items()
        for name, text in others:
            if text != main[1]:
                self._teller.unused(f"Another text of the {side} prompt ({name})", text)
        for text in found.values():
            _warn(text, self._teller)
        self._teller.put("sampling.guidance", self._graph.number(node, "guidance"))
        return main[1]

    def _tell_change(self, node: Node) -> None:
        """Tell what a node does to the conditioning that it passes on."""
        graph, teller = self._graph, self._teller
        guidance = graph.number(node, "guidance")
        teller.put("sampling.guidance", guidance)
        if graph.source(node, "control_net") is not None:
            if node not in self.units:  # the way of the negative prompt passes it too
                self.units.append(node)
                tell_unit(graph, node, len(self.units), teller)
        elif guidance is None:
            teller.say(f"{node.kind} changes the prompt in a way that Easel does not have.")


def _warn(text: str, teller: Teller) -> None:
    """Say where Easel reads the words of a prompt in another way than ComfyUI does."""
    if _WEIGHT.search(text):
        teller.say(
            "The prompt has weights inside of weights: in ComfyUI the inner number replaces the "
            "outer one, Easel multiplies them."
        )
    if _SQUARE.search(text):
        teller.say("The prompt has [square brackets]: plain text in ComfyUI, less weight in Easel.")
    if _OWN_WORDS.search(text):
        teller.say("The prompt has AND or BREAK: plain words in ComfyUI, but not in Easel.")
    if _CHOICE.search(text):
        teller.say("The prompt has {curly brackets}: Easel makes a choice of what is in them.")
