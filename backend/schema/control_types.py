"""The kinds of maps that steer a drawing."""

from enum import StrEnum


class ControlType(StrEnum):
    """What a map shows, which a control model learned to follow; the value is the JSON's word."""

    CANNY = "canny"
    SOFT_EDGE = "soft_edge"
    STRAIGHT_LINES = "straight_lines"
    LINE_ART = "line_art"
    ANIME_LINE_ART = "anime_line_art"
    SCRIBBLE = "scribble"
    DEPTH = "depth"
    NORMAL = "normal"
    POSE = "pose"
    SEGMENTATION = "segmentation"
    SHUFFLE = "shuffle"
    TILE = "tile"
    BLUR = "blur"
    RECOLOUR = "recolour"
    BRIGHTNESS = "brightness"
    COLOUR = "colour"
    INPAINT = "inpaint"
    REFERENCE = "reference"
    """No map: what the picture shows, and how, as an IP-Adapter is told."""

    def resembles(self, other: "ControlType") -> bool:
        """Whether a model for the one follows maps of the other, too, if not as well."""
        return self is other or any({self, other} <= alike for alike in _ALIKE)

    @property
    def label(self) -> str:
        """As people name it."""
        return _LABELS.get(self, self.value.replace("_", " ").capitalize())


_ALIKE = (
    frozenset(
        {
            ControlType.CANNY,
            ControlType.SOFT_EDGE,
            ControlType.STRAIGHT_LINES,
            ControlType.LINE_ART,
            ControlType.ANIME_LINE_ART,
            ControlType.SCRIBBLE,
        }
    ),
    frozenset({ControlType.TILE, ControlType.BLUR}),
    frozenset({ControlType.BRIGHTNESS, ControlType.RECOLOUR}),
)
_LABELS = {
    ControlType.STRAIGHT_LINES: "Straight lines (MLSD)",
    ControlType.SCRIBBLE: "Scribble",
    ControlType.BRIGHTNESS: "Brightness (QR)",
    ControlType.COLOUR: "Colour patches",
    ControlType.REFERENCE: "Reference (IP-Adapter)",
}
