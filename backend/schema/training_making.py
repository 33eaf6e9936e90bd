"""What a training shows on its way, how it fits into memory, and what file comes of it."""

from typing import Annotated, Literal

from backend.schema.base import Frozen
from backend.schema.fields import Setting
from backend.schema.memory_settings import Precision
from backend.schema.sampling_settings import MAXIMUM_SEED

OnOff = Literal["on", "off"]
FilePrecision = Literal["fp16", "bf16"]
TrainingPlacement = Literal["resident", "group"]
"""Where the weights that do not learn lie: on the device, or coming block by block."""


class SampleSettings(Frozen):
    """The pictures that show how far it is; each is drawn without the LoRA first."""

    every: Annotated[
        int,
        Setting(
            label="Samples every",
            help="Steps between two rounds of sample pictures; 0 for none.",
            minimum=0,
            maximum=100_000,
            step=1,
            short_name="sample_every",
        ),
    ] = 0
    prompts: Annotated[
        str,
        Setting(
            label="Sample prompts",
            help="A prompt in each line, with the trigger word; empty takes captions of the "
            "pictures.",
            short_name="sample_prompts",
        ),
    ] = ""
    steps: Annotated[
        int | None,
        Setting(
            label="Steps of samples",
            help="How many steps a sample is drawn in; what the checkpoint wants if left open.",
            minimum=1,
            maximum=150,
            step=1,
            short_name="sample_steps",
        ),
    ] = None
    seed: Annotated[
        int,
        Setting(
            label="Seed of samples",
            help="The same for all rounds, so that only what was learned differs.",
            minimum=0,
            maximum=MAXIMUM_SEED,
            step=1,
            short_name="sample_seed",
        ),
    ] = 1


class TrainingMemory(Frozen):
    """What is decided by hand; empty (`None`) means the fastest way that fits."""

    checkpointing: Annotated[
        OnOff | None,
        Setting(
            label="Gradient checkpointing",
            help="Computes what is between the layers twice, for much less memory.",
            options={"on": "On", "off": "Off"},
            short_name="checkpointing",
        ),
    ] = None
    precision: Annotated[
        Precision | None,
        Setting(
            label="Weights that do not learn",
            help="Eight bits take half the room of sixteen.",
            options={"exact": "As exact as in the file", "fp8": "In eight bits"},
            short_name="precision",
        ),
    ] = None
    placement: Annotated[
        TrainingPlacement | None,
        Setting(
            label="Where they lie",
            help="Block by block takes the least memory and more time.",
            options={"resident": "On the device", "group": "Come block by block"},
            short_name="placement",
        ),
    ] = None


class FileSettings(Frozen):
    """The LoRA's file."""

    precision: Annotated[
        FilePrecision,
        Setting(
            label="Precision of the file",
            help="Half precision is read everywhere; bf16 never overflows.",
            options={"fp16": "fp16", "bf16": "bf16"},
            short_name="file_precision",
        ),
    ] = "fp16"
    tell_tags: Annotated[
        OnOff,
        Setting(
            label="Tell the captions' tags",
            help="Writes into the file how often each tag was learned, and the folders' names; "
            "whoever gets it can read them.",
            options={"off": "No", "on": "Yes"},
            short_name="tell_tags",
        ),
    ] = "off"
    strength: Annotated[
        float,
        Setting(
            label="Recommended strength",
            help="Told in the file, and taken when the LoRA is used.",
            minimum=0.1,
            maximum=2.0,
            step=0.05,
            short_name="strength",
        ),
    ] = 1.0
    export: Annotated[
        str,
        Setting(
            label="Copy to",
            help="A folder that gets a copy at the end, such as the LoRAs of another program.",
            short_name="export",
        ),
    ] = ""
