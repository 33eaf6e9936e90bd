"""The order in which the pictures of a series are drawn."""

from backend.schema.picture_settings import PromptSettings
from backend.schema.resolved import ResolvedRefiner
from backend.series.order import drawing_order
from tests.fixtures.requests import resolved, unit


def cell(checkpoint, prompt="an apple", refiner=None):
    request = resolved(prompt)
    model = request.model.model_copy(update={"path": checkpoint})
    update: dict[str, object] = {"model": model, "prompt": PromptSettings(positive=prompt)}
    if refiner:
        second = model.model_copy(update={"path": refiner})
        update["refiner"] = ResolvedRefiner(model=second, switch_at=0.8)
    return request.model_copy(update=update)


def test_each_model_is_drawn_with_once():
    cells = [cell(name) for name in ("a", "b", "c", "a", "b", "c")]

    assert drawing_order(cells) == (0, 3, 1, 4, 2, 5)


def test_each_control_model_is_loaded_once_for_each_checkpoint():
    def steered(checkpoint, *paths):
        units = tuple(unit(path, number) for number, path in enumerate(paths, 1))
        return cell(checkpoint).model_copy(update={"controls": units})

    cells = [steered("a", "x"), steered("a"), steered("b", "x"), steered("a", "x", "x")]

    assert drawing_order(cells) == (0, 3, 1, 2)


def test_equal_loras_follow_each_other():
    prompts = ["x", "x <lora:ink:0.5>", "x <lora:ink:1>", "y", "y <lora:ink:0.5>", "x <lora:ink>"]

    assert drawing_order([cell("a", prompt) for prompt in prompts]) == (0, 3, 1, 4, 2, 5)


def test_another_refiner_is_another_model():
    cells = [cell("a", refiner="r"), cell("a"), cell("a", refiner="r")]

    assert drawing_order(cells) == (0, 2, 1)


def test_without_reason_nothing_changes_its_place():
    assert drawing_order([cell("a", f"apple {n}") for n in range(5)]) == (0, 1, 2, 3, 4)
