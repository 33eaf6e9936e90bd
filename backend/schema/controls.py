"""What steers a drawing by a picture: what makes maps, and units with every choice made."""

from typing import Literal

from backend.schema.base import Frozen
from backend.schema.control_types import ControlType
from backend.schema.models import Family, Layout, ModelKind, Problem
from backend.schema.source_settings import ResolvedPicture


class ParameterInfo(Frozen):
    """A number that a preprocessor is told."""

    field: Literal["threshold_a", "threshold_b"]
    """The field of a unit that holds it."""
    label: str
    help: str
    minimum: float
    maximum: float
    step: float
    default: float


class WeightsInfo(Frozen):
    """A file that a preprocessor needs."""

    repository: str
    """On Hugging Face, such as `lllyasviel/Annotators`."""
    file: str
    """Within it."""
    bytes: int
    license: str = ""

    @property
    def place(self) -> str:
        """Where it lies below the models folder."""
        return f"preprocessors/{self.repository.replace('/', '--')}/{self.file}"


class PreprocessorInfo(Frozen):
    """What makes a map of a picture, as the page offers it."""

    id: str
    label: str
    help: str
    makes: ControlType
    aliases: tuple[str, ...] = ()
    """Other programs' names for it, such as A1111's `depth_midas`; read wherever one is named."""
    parameters: tuple[ParameterInfo, ...] = ()
    weights: tuple[WeightsInfo, ...] = ()
    """The files that it needs; none for those that work at once."""
    usual: bool = False
    """Whether a model of its type is fed by it where nobody chose another."""
    stands_in: bool = False
    """Whether it does that where the files of the usual one and its like are not here."""

    @property
    def automatic(self) -> bool:
        """Whether it may be taken where nobody chose: what is made for some pictures alone is not.

        What learned to see needs files, and sees pictures of all kinds.
        """
        return self.usual or self.stands_in or bool(self.weights)

    @property
    def bytes(self) -> int:
        """What its files take in all."""
        return sum(each.bytes for each in self.weights)


ControlMode = Literal["balanced", "prompt", "control"]
"""What counts more where prompt and map disagree."""
ControlFit = Literal["stretch", "crop", "fill"]
"""How a map of other proportions is brought to the size that is drawn."""


class SteeringInfo(Frozen):
    """A kind of control model that Easel reads."""

    kind: ModelKind
    families: tuple[Family, ...]
    """The families of the checkpoints that it steers."""


class ControlInfo(Frozen):
    """A control model in the library, for pickers."""

    id: str
    """The library's id."""
    name: str
    kind: ModelKind
    """ControlNet, T2I-Adapter or IP-Adapter."""
    family: Family
    family_label: str
    fits: tuple[Family, ...] = ()
    """The families of the checkpoints that it steers."""
    types: tuple[ControlType, ...] = ()
    """What maps it follows, the likeliest first; none where nothing tells."""
    variants: tuple[str, ...] = ()
    """Such as `union`, `plus`, `face`."""
    layout: Layout = "unknown"
    width: int = 0
    """The channels of the first layer of what it steers; 0 where nothing tells."""
    text_width: int = 0
    """The length of the vectors that it reads of the prompt; 0 where it reads none."""
    path: str
    bytes: int
    parameters: int = 0
    precision: str = ""
    encoder: str = ""
    """The path of the image encoder that an IP-Adapter looks with; empty where it is not here."""
    encoder_bytes: int = 0
    problem: Problem | None = None
    """Why it steers nothing, whatever the checkpoint."""


class ControlChoice(Frozen):
    """A control model as a picker offers it for a checkpoint."""

    id: str
    name: str
    kind: str
    """In words: “ControlNet”."""
    family: str
    """In words."""
    bytes: int
    types: tuple[ControlType, ...] = ()
    preprocessor: str = ""
    """The id of what makes its maps where nobody chooses; empty for one that looks by itself."""
    why_not: str = ""
    """Why it cannot steer the checkpoint, as a sentence; empty where it can."""


class ResolvedControlModel(Frozen):
    """A control model, found in the library."""

    id: str
    """The library's id."""
    name: str
    path: str
    kind: ModelKind
    """ControlNet, T2I-Adapter or IP-Adapter."""
    family: Family
    layout: Layout = "unknown"
    """Whose names its tensors carry; `diffusers_folder` where `path` is one."""
    variants: tuple[str, ...] = ()
    """Such as `union`, `plus`, `face`."""
    types: tuple[ControlType, ...] = ()
    """What maps it follows; none where nothing tells."""
    bytes: int = 0
    parameters: int = 0
    """How many numbers it has."""
    encoder: str = ""
    """The path of the image encoder that an IP-Adapter needs."""
    encoder_bytes: int = 0
    sha256: str = ""
    """Filled in before the job begins, like the checkpoint's."""
    sampled: str = ""
    """A1111's hash of a small part of the file, for infotext; filled in likewise."""


class MapRequest(Frozen):
    """A map that is to be made of a picture."""

    version: Literal[1] = 1
    picture: ResolvedPicture
    preprocessor: str
    """Its id; `none` where the picture is a map already."""
    resolution: int
    """Pixels along the map's shorter side."""
    threshold_a: float | None = None
    threshold_b: float | None = None
    mask: ResolvedPicture | None = None
    """For maps that tell what is to be painted."""
    files: tuple[str, ...] = ()
    """The paths of the preprocessor's weights, in the order of its `weights`."""


class ResolvedControl(Frozen):
    """A unit with every choice made."""

    number: int
    """From 1."""
    picture: ResolvedPicture | None
    """None for the picture that drawing begins with."""
    mask: ResolvedPicture | None = None
    """Where the unit has an effect; white is where."""
    preprocessor: str = "none"
    files: tuple[str, ...] = ()
    """The paths of the preprocessor's weights, in the order of its `weights`."""
    resolution: int | None = None
    """Pixels along the shorter side of the map; None for that of what is drawn."""
    threshold_a: float | None = None
    threshold_b: float | None = None
    model: ResolvedControlModel
    type: ControlType | None = None
    """What the map shows, which union models are told; None where the model knows one thing."""
    weight: float = 0.8
    start: float = 0.0
    """The share of the steps before it, which it does not steer."""
    end: float = 1.0
    """The share of the steps after which it steers no more."""
    mode: ControlMode = "balanced"
    fit: ControlFit = "crop"
    low_vram: bool = False
    """Whether it is on the device only while it works."""
