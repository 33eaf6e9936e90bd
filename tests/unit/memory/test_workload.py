"""What a request has a model do."""

import pytest

from backend.memory.workload import prompts_at_once, workload_of
from backend.schema.picture_settings import PromptSettings
from backend.schema.resolved import ResolvedLora, ResolvedRefiner
from tests.fixtures.requests import resolved


def test_adapters_take_as_much_as_their_files_beside_models_of_their_family(tmp_path):
    path = tmp_path / "ink.safetensors"
    path.write_bytes(bytes(5000))
    loras = tuple(
        ResolvedLora(name=each.stem, id=each.name, path=str(each))
        for each in (path, tmp_path / "gone.safetensors")
    )
    plain = resolved()
    other = plain.model.model_copy(update={"family": "sdxl_refiner"})
    refiner = ResolvedRefiner(model=other, switch_at=0.8)
    wanted = plain.model_copy(update={"loras": loras, "refiner": refiner})

    assert workload_of(plain, plain.model, 1).adapter_bytes == 0
    assert workload_of(wanted, wanted.model, 1).adapter_bytes == 5000
    assert workload_of(wanted, other, 1).adapter_bytes == 0


@pytest.mark.parametrize(
    ("prompt", "cfg_scale", "expected"),
    [
        ("a cat", 7.0, 2),
        ("a cat", 1.0, 1),
        ("a cat AND a dog:0.5 AND fog <lora:ink:1>", 7.0, 4),
        ("a cat AND a dog", 1.0, 3),  # their weights need the negative prompt too
        ("a cat:0.5", 1.0, 2),
    ],
)
def test_every_prompt_of_a_composition_counts(prompt, cfg_scale, expected):
    request = resolved(prompt)
    sampling = request.sampling.model_copy(update={"cfg_scale": cfg_scale})

    assert prompts_at_once(request.model_copy(update={"sampling": sampling})) == expected


def test_of_pictures_with_prompts_of_their_own_the_longest_counts():
    own = {0: PromptSettings(positive="a cat"), 1: PromptSettings(positive="a AND b AND c")}
    request = resolved().model_copy(update={"expanded": own})

    assert prompts_at_once(request) == 4
