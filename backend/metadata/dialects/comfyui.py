"""ComfyUI: the graph that was run, in `prompt`, or as its page drew it, in `workflow`.

Nodes of others write A1111's text beside it; it counts where the graph does not lead to a prompt.

Source: the nodes' own definitions in github.com/comfyanonymous/ComfyUI (nodes.py, comfy_extras).
"""

import json

from backend.metadata.comfyui.graph import Graph, graph_of
from backend.metadata.comfyui.models import checkpoint_of, tell_models, tell_vae
from backend.metadata.comfyui.prompts import Prompts
from backend.metadata.comfyui.sampling import Pass, passes_of, saves, size_of
from backend.metadata.comfyui.workflow import graph_of_workflow
from backend.metadata.dialect import dialect
from backend.metadata.dialects.a1111 import PLACES, read_infotext
from backend.metadata.file_texts import FileTexts
from backend.metadata.teller import Teller, model_name, plain_number
from backend.prompts.tags import take_tags
from backend.schema.catalogue import Catalogue
from backend.schema.readings import Reading

_PROGRAM = "ComfyUI"
_READABLE_AT_MOST = 16 * 2**20


@dialect(_PROGRAM, rank=50)
def read(texts: FileTexts, catalogue: Catalogue) -> Reading | None:
    """Read the graph, or the text beside it."""
    prompt, workflow = texts.text("prompt", "Prompt"), texts.text("workflow", "Workflow")
    graph = graph_of(_json(prompt)) or graph_of_workflow(_json(workflow))
    if graph is None:
        return None
    reading = _reading(graph, prompt or workflow, catalogue)
    if not take_tags(reading.request.prompt.positive)[0].strip():
        written = (read_infotext(texts.text(place), catalogue) for place in PLACES)
        beside = next((each for each in written if each), None)
        if beside is not None:
            return beside.model_copy(update={"program": _PROGRAM})
    return reading


def _json(text: str) -> object:
    if len(text) > _READABLE_AT_MOST:
        return None
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _reading(graph: Graph, text: str, catalogue: Catalogue) -> Reading:
    teller = Teller(catalogue)
    passes, output = passes_of(graph)
    if passes:
        _tell(graph, passes, teller)
        tell_vae(graph, output, teller)
        if saves(graph) > 1:
            teller.say("The graph saves several pictures; this is the first one that it names.")
    else:
        teller.say("The graph has no sampler that Easel knows.")
    return teller.reading(_PROGRAM, text)


def _tell(graph: Graph, passes: tuple[Pass, ...], teller: Teller) -> None:
    first, *others = passes
    prompts = Prompts(graph, teller)
    teller.words(prompts.read(first.positive, "positive"), prompts.read(first.negative, "negative"))
    teller.put("seed.value", first.seed, "Seed")
    teller.put("seed.noise", "cpu")
    teller.put("sampling.steps", first.steps)
    teller.put("sampling.cfg_scale", first.cfg)
    teller.sampler(first.sampler, first.schedule)
    _tell_size(graph, first, teller)
    tell_models(graph, first.model, prompts.encoder, teller)
    if first.denoise < 1:
        teller.unused("Denoise", plain_number(first.denoise))
    for other in others:
        if not _is_refiner(first, other, graph, teller):
            teller.say(f"A further run of the sampler, which Easel leaves out: {_in_words(other)}.")


def _tell_size(graph: Graph, first: Pass, teller: Teller) -> None:
    width, height, batch = size_of(graph, first.latent)
    teller.put("size.width", width)
    teller.put("size.height", height)
    if width is None:
        teller.say("It was begun from another picture, which is not in the file.")
    if batch is not None and batch > 1:
        teller.say(
            f"Batch size: {plain_number(batch)}. ComfyUI gives the pictures of a batch noise of "
            "one seed, Easel a seed each."
        )


def _is_refiner(first: Pass, other: Pass, graph: Graph, teller: Teller) -> bool:
    """Whether a run goes on where the first one ended, with another checkpoint."""
    name = checkpoint_of(graph, other.model)
    goes_on = first.end is not None and first.steps and other.start == first.end < first.steps
    if not goes_on or not name or name == checkpoint_of(graph, first.model):
        return False
    teller.part("refiner.checkpoint", "refiner", name)
    teller.put("refiner.switch_at", round((first.end or 0) / (first.steps or 1), 4))
    return True


def _in_words(one: Pass) -> str:
    numbers = {"steps": one.steps, "CFG": one.cfg, "denoise": one.denoise, "seed": one.seed}
    told = [f"{name} {plain_number(value)}" for name, value in numbers.items() if value is not None]
    return ", ".join([model_name(one.sampler), *told])
