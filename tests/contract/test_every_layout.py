"""Every family draws exactly what its weights say, from every layout, in every precision.

In single precision the latents and pixels of the diffusers folder, bit for bit; in lower ones those
of a file in single precision with the numbers that torch, or GGUF's own library, unpacks.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from transformers import CLIPTokenizer

from backend.engine.families import flux1, sd3_loading
from backend.engine.loading import files as loading_files
from backend.engine.registry import families
from tests.fixtures.drawing import Drawn, drawn
from tests.fixtures.layouts import LAYOUTS, Case, cases, single_file, write
from tests.fixtures.loaded import checkpoint_files, loaded
from tests.fixtures.stored import Precision, meant
from tests.fixtures.tiny_checkpoint import TinyCheckpoint
from tests.fixtures.tiny_families import TINY_FAMILIES

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module", autouse=True)
def tokenizers_are_made_once() -> Iterator[None]:
    """They have tens of thousands of words, and are not what is tested here."""
    from_folder = CLIPTokenizer.from_pretrained
    made: dict[str, CLIPTokenizer] = {}

    def remembered(folder: Path, *, local_files_only: bool) -> CLIPTokenizer:
        digest = hashlib.sha256()
        for file in sorted(folder.iterdir()):
            digest.update(file.read_bytes())
        if digest.hexdigest() not in made:
            made[digest.hexdigest()] = from_folder(folder, local_files_only=local_files_only)
        return made[digest.hexdigest()]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CLIPTokenizer, "from_pretrained", remembered)
        patch.setattr(loading_files, "clip_tokenizer", cache(loading_files.clip_tokenizer))
        patch.setattr(flux1, "t5_tokenizer", cache(flux1.t5_tokenizer))
        patch.setattr(sd3_loading, "t5_tokenizer", cache(sd3_loading.t5_tokenizer))
        yield


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Callable[[str], TinyCheckpoint]:
    """A family's tiny checkpoint, made once."""
    return cache(lambda family: TINY_FAMILIES[family].save(tmp_path_factory.mktemp(family) / "it"))


@pytest.fixture(scope="module")
def expected(tiny, tmp_path_factory) -> Callable[[str, Precision], Drawn]:
    """What a family's weights draw in a precision, worked out once."""

    @cache
    def draw(family: str, precision: Precision) -> Drawn:
        made = tiny(family)
        if precision is Precision.FP32:
            return drawn(loaded(family, checkpoint_files(family, made.folder)))
        numbers = meant(made.tensors, precision, TINY_FAMILIES[family].network)
        path = tmp_path_factory.mktemp("meant") / "whole.safetensors"
        found = drawn(
            loaded(family, single_file(Case(family, "whole", precision), made, path, numbers))
        )
        path.unlink()
        return found

    return draw


LIKE_OTHERS = {"sd2", "sdxl_refiner", "sd35_medium", "sd35_large"}
"""Families that read and unpack their numbers with the code of those that are tested every time."""


def every_time(case: Case) -> bool:
    return case.family not in LIKE_OTHERS or case.precision is Precision.FP32


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=str(case), marks=() if every_time(case) else pytest.mark.slow)
        for case in cases()
    ],
)
def test_a_checkpoint_draws_exactly_what_its_weights_say(tiny, expected, case: Case, tmp_path):
    files = write(case, tiny(case.family), tmp_path)

    result = drawn(loaded(case.family, files))
    shutil.rmtree(tmp_path)

    assert result.latents.isfinite().all()
    assert result.equals(expected(case.family, case.precision))
    if case.precision is not Precision.FP32:
        assert not result.equals(expected(case.family, Precision.FP32))


def test_every_family_is_there_in_every_layout():
    there = {(case.family, case.layout) for case in cases()}
    known = {family.info.id for family in families()}

    assert known == set(TINY_FAMILIES)
    for name, layout in LAYOUTS.items():
        wanted = {each for each in known if TINY_FAMILIES[each].gguf or not layout.packed}
        assert {family for family, of in there if of == name} == wanted
