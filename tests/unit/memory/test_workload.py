"""What a request has a model do."""

import pytest

from backend.memory.workload import prompts_at_once, workload_of
from backend.schema.hires import ResolvedHires
from backend.schema.memory import Looks
from backend.schema.picture_settings import PromptSettings
from backend.schema.resolved import ResolvedLora, ResolvedRefiner
from tests.fixtures.requests import resolved


def calls(sampler: str) -> int:
    return {"euler_a": 1, "heun": 2}[sampler]


def test_adapters_take_as_much_as_their_files_beside_models_of_their_family(tmp_path):
    path = tmp_path / "ink.safetensors"
    path.write_bytes(bytes(5000))
    loras = tuple(
        ResolvedLora(name=each.stem, id=each.name, path=str(each))
        for each in (path, tmp_path / "gone.safetensors")
    )
    plain = resolved()
    other = plain.model.model_copy(update={"family": "sdxl_refiner", "path": "/refiner"})
    refiner = ResolvedRefiner(model=other, switch_at=0.8)
    wanted = plain.model_copy(update={"loras": loras, "refiner": refiner})

    assert workload_of(plain, plain.model, calls).adapter_bytes == 0
    assert workload_of(wanted, wanted.model, calls).adapter_bytes == 5000
    assert workload_of(wanted, other, calls).adapter_bytes == 0


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


def test_of_several_passes_each_counts_with_what_is_seen_at_once():
    hires = ResolvedHires(
        factor=4.0,
        method="lanczos",
        strength=0.4,
        steps=5,
        sampler="heun",
        schedule="karras",
        sizes=((256, 128), (512, 256)),
        tile=128,
    )
    wanted = resolved().model_copy(update={"hires": hires})

    workload = workload_of(wanted, wanted.model, calls)

    assert (workload.width, workload.height) == (512, 256)
    assert workload.looks == (
        Looks(pixels=16 * 8, steps=7),
        Looks(pixels=16 * 16, steps=10, tiles=3),
        Looks(pixels=16 * 16, steps=10, tiles=5 * 3),
    )
    assert workload.steps == 27
