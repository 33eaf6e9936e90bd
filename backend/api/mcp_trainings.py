"""The tools that train: begin a training, look at it, stop it and let it go on."""

from collections.abc import Callable, Mapping

from backend.api.mcp_schema import properties_of
from backend.api.verbs import Verbs
from backend.schema.errors import NotFoundError, OutOfRangeError, RequestError
from backend.schema.fields import Scalar
from backend.schema.jobs import Actor
from backend.schema.training import TRAINING_FIELDS, TrainingRequest
from backend.schema.training_story import Measured, TrainingStory

Arguments = Mapping[str, object]
_LINES = 50
_JOB = "job_id"
_ALSO_CALLED: Mapping[str, str] = {
    "dataset_path": "dataset",
    "model_name": "model",
    "trigger_word": "trigger",
    "learning_rate": "rate",
    "test_prompts": "sample_prompts",
}
"""What other programs' tools call some settings."""


def start(studio: Verbs, actor: Actor, arguments: Arguments) -> dict[str, object]:
    """Begin a training.

    Raises:
        NotAllowedError: When a guest asks.
        NotFoundError: When there is no such dataset.
        ModelError: When the checkpoint is not there, or cannot be taught.
        RequestError: When an argument makes no sense.
    """
    values = {_ALSO_CALLED.get(name, name): _value(name, each) for name, each in arguments.items()}
    named = {each.name: each for each in studio.datasets.all(actor)}
    dataset = named.get(str(values.get("dataset")))
    if dataset is not None:
        values["dataset"] = studio.datasets.view(actor, dataset.id).folder
    job = studio.training.submit(actor, TrainingRequest.from_short_names(values))
    return {_JOB: job.id, "title": job.title}


def status(studio: Verbs, actor: Actor, arguments: Arguments) -> dict[str, object]:
    """How far a training is.

    Raises:
        NotAllowedError: When a guest asks.
        NotFoundError: When there is none.
    """
    story = studio.trainings.story(actor, _training(studio, actor, arguments).id)
    progress = studio.jobs.view(actor, story.job).progress
    last = story.measured[-1] if story.measured else None
    return {
        _JOB: story.job,
        "name": story.name,
        "status": story.state,
        "progress": round(100 * story.reached / story.steps, 1),
        "current_step": story.reached,
        "total_steps": story.steps,
        "loss": last.average if last else None,
        "estimated_time_remaining": progress.seconds_left if progress else None,
        "problem": story.problem,
        "advice": [f"{each.sentence} {each.hint}" for each in story.diagnoses],
        "checkpoints": [each.lora for each in story.kept],
    }


def logs(studio: Verbs, actor: Actor, arguments: Arguments) -> dict[str, object]:
    """What the last steps of a training came to, a line each.

    Raises:
        NotAllowedError: When a guest asks.
        NotFoundError: When there is none.
        RequestError: When the number of lines is none.
    """
    lines = arguments.get("lines", _LINES)
    if isinstance(lines, bool) or not isinstance(lines, int) or lines < 1:
        raise RequestError("The argument “lines” must be a whole number above 0.")
    known = {name: each for name, each in arguments.items() if name != "lines"}
    training = _training(studio, actor, known)
    story = studio.trainings.story(actor, training.id, max(0, training.reached - lines))
    return {_JOB: story.job, "logs": [_line(each) for each in story.measured[-lines:]]}


def stop(studio: Verbs, actor: Actor, arguments: Arguments) -> dict[str, object]:
    """Save a training and end it for now.

    Raises:
        NotAllowedError: When a guest asks.
        NotFoundError: When there is none.
        RequestError: When it does not run.
    """
    training = _training(studio, actor, arguments)
    studio.trainings.pause(actor, training.id)
    return {_JOB: training.job}


def resume(studio: Verbs, actor: Actor, arguments: Arguments) -> dict[str, object]:
    """Go on with a training that was stopped.

    Raises:
        NotAllowedError: When a guest asks.
        NotFoundError: When there is none.
        RequestError: When it runs.
    """
    return {_JOB: studio.trainings.resume(actor, _training(studio, actor, arguments).id).id}


def listed(studio: Verbs, actor: Actor, arguments: Arguments) -> dict[str, object]:
    """Every training, the newest first.

    Raises:
        NotAllowedError: When a guest asks.
        RequestError: When there are arguments.
    """
    if arguments:
        raise RequestError("The tool “list-training-jobs” takes no arguments.")
    return {
        "jobs": [
            {_JOB: each.job, "name": each.name, "status": each.state, "current_step": each.reached}
            for each in studio.trainings.all(actor)
        ]
    }


def _training(studio: Verbs, actor: Actor, arguments: Arguments) -> TrainingStory:
    """The training that a call names by its job; the newest where it names none."""
    if arguments.keys() - {_JOB}:
        raise RequestError(f"This tool takes a “{_JOB}” and no “{min(arguments.keys() - {_JOB})}”.")
    job, every = arguments.get(_JOB), studio.trainings.all(actor)
    found = next((each for each in every if job in (None, each.job, each.id)), None)
    if found is None:
        raise NotFoundError("There is no such training.", "See “list-training-jobs”.")
    return found


def _value(name: str, value: object) -> Scalar:
    if isinstance(value, list):
        return "\n".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise OutOfRangeError(
            f"The argument “{name}” cannot be {value!r}.", "Give one number or text.", name
        )
    return value


def _line(step: Measured) -> str:
    return (
        f"step {step.step}: loss {step.loss:.4f}, smoothed {step.average:.4f}, "
        f"learning rate {step.rate:.3g}, gradient {step.gradient:.3g}, {step.seconds:.2f} s"
    )


def _described(name: str, words: str, properties: Mapping[str, object]) -> dict[str, object]:
    schema = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    return {"name": name, "description": words, "inputSchema": schema}


_OF_A_JOB: Mapping[str, object] = {
    _JOB: {"type": ["string", "null"], "description": "The training; the newest if left out."}
}
_SETTINGS = properties_of(TRAINING_FIELDS)
_OTHER_NAMES = {also: _SETTINGS[name] for also, name in _ALSO_CALLED.items()}
Answering = Callable[[Verbs, Actor, Arguments], dict[str, object]]
_STOP = "Save a training and end it for now; resume-training goes on exactly there."
TOOLS: Mapping[str, tuple[Answering, Mapping[str, object]]] = {
    name: (answering, _described(name, words, properties))
    for name, answering, words, properties in (
        (
            "start-training",
            start,
            "Teach a checkpoint what the pictures of a dataset show, as a LoRA; answers at once.",
            {**_SETTINGS, **_OTHER_NAMES},
        ),
        ("get-training-status", status, "How far a training is, and what helps it.", _OF_A_JOB),
        (
            "get-training-logs",
            logs,
            "What the last steps of a training came to.",
            {**_OF_A_JOB, "lines": {"type": "integer", "minimum": 1, "default": _LINES}},
        ),
        ("stop-training", stop, _STOP, _OF_A_JOB),
        ("cancel-training", stop, _STOP, _OF_A_JOB),
        ("resume-training", resume, "Go on with a training that was stopped.", _OF_A_JOB),
        ("list-training-jobs", listed, "Every training, the newest first.", {}),
    )
}
"""By name: what answers, and how lists of tools have it."""
