"""Reproducing: a picture's own file says what is drawn again, also when its model was renamed."""

from types import SimpleNamespace
from typing import cast

import pytest
from PIL import Image

from backend.metadata.encoding import encode
from backend.metadata.encoding_upscaled import encode_upscaled
from backend.schema.errors import ModelMissingError, NotFoundError
from backend.schema.jobs import OWNER
from backend.schema.output_settings import OutputSettings
from backend.schema.picture_settings import PromptSettings
from backend.schema.upscaling import ResolvedUpscaling
from backend.services.gallery import Gallery
from backend.services.generation import Generation
from backend.services.reproducing import Reproducing
from tests.fixtures.desk import picture
from tests.fixtures.requests import resolved, unit

RED = Image.new("RGB", (16, 8), (200, 30, 30))


class Desk:
    """A gallery of files in a folder, and a queue that only remembers."""

    def __init__(self, folder, installed=("starter",)):
        self.folder, self.installed, self.asked = folder, installed, []
        gallery = SimpleNamespace(
            picture=lambda actor, known: picture(1, int(known), path=known),
            file=lambda actor, known: folder / known,
        )
        generation = SimpleNamespace(submit=self.submit)
        self.reproducing = Reproducing(cast("Generation", generation), cast("Gallery", gallery))

    def submit(self, actor, request):
        self.asked.append(request)
        if request.model.checkpoint not in self.installed:
            raise ModelMissingError(f"“{request.model.checkpoint}” is not installed.")
        for each in request.controls.values():
            if each.model not in self.installed:
                raise ModelMissingError(f"There is no control model called “{each.model}”.")
        return SimpleNamespace(id="0123456789ab")

    def put(self, name, request, index=0):
        (self.folder / name).write_bytes(encode(RED, request, index, 1.0))


def test_a_picture_of_a_batch_is_made_again_in_its_batch(tmp_path):
    desk = Desk(tmp_path)
    desk.put("0", resolved(seed=5, size=2), index=3)

    remaking = desk.reproducing.start(OWNER, "0")

    [request] = desk.asked
    assert (request.seed.value, request.batch.size, request.batch.count) == (7, 2, 1)
    assert (remaking.job, remaking.picture) == ("0123456789ab", "0123456789ab-1")


def test_choices_are_those_that_were_drawn(tmp_path):
    drawn = {0: PromptSettings(positive="a red apple")}
    desk = Desk(tmp_path)
    desk.put("0", resolved("a {red|blue} apple").model_copy(update={"expanded": drawn}))

    desk.reproducing.start(OWNER, "0")

    assert desk.asked[0].prompt.positive == "a red apple"


def test_a_renamed_checkpoint_is_found_by_its_hash(tmp_path):
    desk = Desk(tmp_path, installed=("ab" * 32,))
    desk.put("0", resolved())

    desk.reproducing.start(OWNER, "0")

    assert [each.model.checkpoint for each in desk.asked] == ["starter", "ab" * 32]


def test_a_checkpoint_that_is_gone_is_named_with_its_hash(tmp_path):
    desk = Desk(tmp_path, installed=())
    desk.put("0", resolved())

    with pytest.raises(ModelMissingError, match="“Starter” that drew it") as caught:
        desk.reproducing.start(OWNER, "0")

    assert "ababababab" in caught.value.hint


def test_a_renamed_control_model_is_found_by_its_hash(tmp_path):
    model = unit().model.model_copy(update={"sha256": "cd" * 32})
    steered = resolved().model_copy(
        update={"controls": (unit(number=2).model_copy(update={"model": model}),)}
    )
    renamed = Desk(tmp_path, installed=("starter", "cd" * 32))
    renamed.put("0", steered)

    renamed.reproducing.start(OWNER, "0")

    last = renamed.asked[-1]
    assert (last.model.checkpoint, last.control2.model) == ("starter", "cd" * 32)
    assert last.control2.weight == 0.8
    with pytest.raises(ModelMissingError, match="no control model called") as caught:
        Desk(tmp_path).reproducing.start(OWNER, "0")
    assert "“canny” (SHA-256 cdcdcdcdcd…)" in caught.value.hint


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_two_pictures_are_compared_from_their_files(tmp_path, kind):
    request = resolved().model_copy(update={"output": OutputSettings(format=kind)})
    desk = Desk(tmp_path)
    desk.put("0", request)
    desk.put("1", request)

    assert desk.reproducing.compare(OWNER, "0", "1").identical


def test_pictures_of_others_cannot_be_reproduced(tmp_path):
    RED.save(tmp_path / "0", "PNG")

    with pytest.raises(NotFoundError, match="does not tell how Easel made it"):
        Desk(tmp_path).reproducing.start(OWNER, "0")


def test_what_was_enlarged_leads_to_what_it_was_enlarged_from(tmp_path):
    desk = Desk(tmp_path)
    desk.put("0", resolved("an apple"))
    wanted = ResolvedUpscaling(path="0", name="apple.png", factor=2)
    (tmp_path / "1").write_bytes(encode_upscaled(RED, wanted, tmp_path / "0", 1.0))

    with pytest.raises(NotFoundError, match=r"enlarged from apple\.png"):
        desk.reproducing.start(OWNER, "1")
