"""What the prompt box is told: counts, effects, completion, styles and the last prompts."""

import json
import subprocess
import sys

import pytest

from backend.jobs.journal import Journal
from backend.prompts.clip_tokenizer import published_words
from backend.schema.errors import NotFoundError, OutOfRangeError
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER, Actor, Role
from backend.schema.picture_settings import PromptSettings
from backend.schema.writing import Ask, Offer
from backend.services.made_up_words import vectors_of
from tests.fixtures.desk import job
from tests.fixtures.installations import written
from tests.fixtures.model_files import flux, kohya_lora, write_safetensors
from tests.fixtures.published_unets import whole_file
from tests.fixtures.requests import resolved
from tests.fixtures.starter import ROOT
from tests.fixtures.studio import MemoryStudio

ANNA = Actor(id="anna", role=Role.GUEST)
SD15, FLUX = "castle.safetensors", "flux1-dev.safetensors"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("studio")
    models = place / "models"
    for name in ("loras", "embeddings"):
        (models / name).mkdir(parents=True)
    write_safetensors(models / SD15, whole_file("sd15"))
    write_safetensors(models / FLUX, flux())
    write_safetensors(models / "loras" / "ink_style.safetensors", kohya_lora())
    write_safetensors(models / "loras" / "old_ink.safetensors", kohya_lora(text=1024))
    notes = {"activation text": "inked, bold lines", "preferred weight": 0.7}
    written(models / "loras" / "ink_style.json", json.dumps(notes))
    write_safetensors(models / "embeddings" / "ugly.safetensors", {"emb_params": (8, 768)})
    write_safetensors(models / "embeddings" / "wide.safetensors", {"emb_params": (8, 1024)})
    written(place / "wildcards" / "colour.txt", "red\nvery dark blue\n")
    written(place / "styles.csv", "name,prompt,negative_prompt\nMist,misty {prompt},sun\n")
    presets = place / "presets"
    written(presets / "styles.json", (ROOT / "presets" / "styles.json").read_text("utf-8"))
    return place


@pytest.fixture(scope="module")
def studio(folder):
    return MemoryStudio(folder)


def form(positive: str, negative: str = "", model: str = SD15, **more: object):
    fields = {"prompt.positive": positive, "prompt.negative": negative, "model.checkpoint": model}
    return GenerationRequest.from_fields(fields | more)  # pyright: ignore[reportArgumentType]


def counted(studio, positive: str, **more: str) -> list[tuple[str, int, int]]:
    told = studio.writing.read(ANNA, form(positive, **more))
    return [(heard.reader, heard.used, heard.room) for heard in told.positive]


def offered(studio, kind, typed: str = "", model: str = SD15) -> tuple[Offer, ...]:
    return studio.writing.offers(ANNA, Ask(kind=kind, typed=typed, checkpoint=model)).items


def test_prompts_are_counted_as_the_checkpoint_reads_them(studio):
    assert counted(studio, "a red apple, embedding:ugly <lora:ink_style:1>") == [("CLIP", 12, 75)]
    assert counted(studio, "a __colour__ apple") == [("CLIP", 5, 75)]
    assert counted(studio, "a red apple", model=FLUX) == [("T5", 4, 511), ("CLIP", 3, 75)]
    assert counted(studio, "red roof, " * 60, model=FLUX)[1] == ("CLIP", 75, 75)
    told = studio.writing.read(ANNA, form("a", "old AND ripe"))
    assert told.negative[0].used == 3


def test_tokenizers_are_loaded_when_somebody_first_types_and_torch_never():
    code = """
import sys
from pathlib import Path
from tempfile import mkdtemp
from backend.schema.generation import GenerationRequest
from backend.schema.jobs import OWNER
from tests.fixtures.studio import MemoryStudio
studio = MemoryStudio(Path(mkdtemp()))
before = "tokenizers" in sys.modules
told = studio.writing.read(OWNER, GenerationRequest.from_fields({"prompt.positive": "a cat"}))
heavy = {"torch", "transformers"} & sys.modules.keys()
print(before, told.positive[0].used > 0, heavy)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False True set()"


def test_an_embedding_for_another_model_is_read_as_words(studio):
    assert counted(studio, "ugly, wide") == [("CLIP", 10, 75)]  # eight, a comma, a word


def test_a_file_that_is_no_embedding_stands_for_nothing(folder, tmp_path):
    assert len(vectors_of(folder / "models" / "embeddings" / "ugly.safetensors", 768)) == 8
    assert vectors_of(folder / "models" / "embeddings" / "ugly.safetensors", 1024) == ()
    assert vectors_of(written(tmp_path / "broken.safetensors", "?"), 768) == ()
    assert vectors_of(tmp_path / "gone.safetensors", 768) == ()


def test_the_starters_own_vocabulary_counts(tmp_path):
    """Its folder has a vocabulary of its own, which cuts rare words into more tokens."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "small").symlink_to(ROOT / "models" / "starter")
    studio = MemoryStudio(tmp_path)
    rare = "photorealistic extraordinaire"

    ((_, used, _),) = counted(studio, rare, model="small")

    assert used > len(list(published_words()(rare)))


def test_what_has_no_effect_is_said_before_the_run(studio):
    def effects(positive: str, model: str = SD15):
        return studio.writing.read(ANNA, form(positive, model=model)).effects

    assert effects("a (red:1.3) apple BREAK a table") == ()
    weights, breaks = effects("a (red:1.3) apple BREAK a table", FLUX)
    assert "T5, which knows no weights" in weights
    assert "BREAK parts nothing" in breaks
    assert effects("a __colour__ apple") == ()
    assert "no wildcard “fruit”" in effects("a __fruit__")[0]
    assert "No embedding “gone”" in effects("embedding:gone")[0]


def test_the_coach_speaks_as_the_model_learned(studio):
    tags = "1girl, red hair, forest, smile, long dress, looking away"

    assert "sentences" in studio.writing.read(ANNA, form(tags, model=FLUX)).form
    told = studio.writing.read(ANNA, form(tags))
    assert told.form == ""
    assert [check.good for check in told.checks] == [True, True, True, False]
    assert studio.writing.read(ANNA, form("no cars")).faults[0].id == "denial"


@pytest.mark.parametrize("typed", ["x" * 10_001, "\ud83c"])
def test_texts_that_cannot_be_asked_for_are_refused(studio, typed):
    with pytest.raises(OutOfRangeError):
        studio.writing.read(ANNA, form(typed))


def test_a_lora_comes_with_its_weight_and_its_words_and_one_that_does_not_fit_is_last(studio):
    fitting, other = offered(studio, "lora", "ink")

    assert fitting.insert == "<lora:ink_style:0.7> inked, bold lines, "
    assert fitting.why_not == ""
    assert other.name == "old_ink"
    assert other.why_not == "For SD 2.x."
    assert offered(studio, "lora", "nothing") == ()
    assert all(offer.why_not for offer in offered(studio, "lora", "ink", FLUX))


def test_embeddings_wildcards_and_styles_are_offered_by_their_names(studio):
    assert [offer.insert for offer in offered(studio, "embedding", "u")] == ["ugly"]
    (colour,) = offered(studio, "wildcard", "COL")
    assert (colour.insert, colour.detail) == ("__colour__", "red, very dark blue")
    assert [offer.name for offer in offered(studio, "style", "oil")] == ["Oil painting"]
    kinds = {offer.kind for offer in offered(studio, "", "in")}
    assert kinds == {"lora", "style"}


def test_of_very_many_the_best_are_offered_and_the_rest_is_counted(tmp_path):
    many = [{"name": f"M{number}", "prompt": "m"} for number in range(40)]
    written(tmp_path / "styles" / "many.json", json.dumps([{"name": "A m", "prompt": "m"}, *many]))
    studio = MemoryStudio(tmp_path)

    found = studio.writing.offers(ANNA, Ask(kind="style", typed="m"))

    assert len(found.items) == 30
    assert found.more == 11
    assert all(offer.name.startswith("M") for offer in found.items)


def test_a_style_goes_around_the_prompt_and_off_again(studio):
    plain = PromptSettings(positive="a cat", negative="blurry")

    on = studio.writing.styled(ANNA, "Oil painting", plain)

    assert on.positive.startswith("oil painting of a cat, ")
    assert on.negative == "blurry, photo, 3d render"
    assert studio.writing.styled(ANNA, "Oil painting", on) == plain
    assert studio.writing.styled(ANNA, "Mist", plain).positive == "misty a cat"
    with pytest.raises(NotFoundError):
        studio.writing.styled(ANNA, "gone", plain)


def test_every_style_that_ships_comes_off_again_also_around_nothing(studio):
    shipped = [style for style in studio.writing.styles(ANNA) if style.source == "Easel"]

    assert len(shipped) == 12
    for style in shipped:
        for positive in ("a cat", ""):
            plain = PromptSettings(positive=positive)
            on = studio.writing.styled(ANNA, style.name, plain)
            assert "{" not in on.positive
            assert studio.writing.styled(ANNA, style.name, on) == plain, style.name


def test_the_last_prompts_are_those_of_the_actor_each_once(tmp_path):
    journal = Journal(tmp_path / "journal.sqlite3")
    asked = [("a cat", ""), ("a dog", "blurry"), ("a cat", ""), ("a cat", "blurry")]
    for number, (positive, negative) in enumerate(asked):
        request = resolved(positive, negative).model_dump(mode="json")
        one = job(number, owner="anna").model_copy(update={"request": request})
        journal.put_job(one.model_copy(update={"created": float(number)}))
    journal.put_job(job(9, owner="ben"))

    used = journal.prompts_of("anna", 50)

    assert [(each.positive, each.negative) for each in used] == [
        ("a cat", "blurry"),
        ("a cat", ""),
        ("a dog", "blurry"),
    ]
    assert used[1].at == 2.0
    assert len(journal.prompts_of("anna", 2)) == 2
    assert journal.prompts_of(OWNER.id, 50) == ()
    journal.close()
