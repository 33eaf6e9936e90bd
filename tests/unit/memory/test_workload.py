"""What a request has a model do."""

from backend.memory.workload import workload_of
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
