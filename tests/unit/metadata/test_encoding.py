"""Pictures in every format: all that makes them again is inside, for Easel and for A1111."""

import io

import pytest
from PIL import Image

from backend.metadata.catalogue import load_catalogue
from backend.metadata.encoding import encode
from backend.metadata.file_texts import COMMENT, read_texts
from backend.metadata.infotext import write
from backend.metadata.own import read_metadata
from backend.metadata.reading import read_picture
from backend.schema.output_settings import ENDINGS, OutputSettings
from backend.schema.picture_settings import PromptSettings
from tests.fixtures.requests import resolved

CATALOGUE = load_catalogue()
PICTURE = Image.linear_gradient("L").resize((64, 48)).convert("RGB")


def asked(kind: str, prompt: str = "a fox, “é”", quality: int = 90):
    output = OutputSettings.model_validate({"format": kind, "quality": quality})
    return resolved(prompt, "rain").model_copy(update={"output": output})


@pytest.mark.parametrize("kind", ENDINGS)
def test_every_format_says_all(kind):
    request = asked(kind)

    content = encode(PICTURE, request, 0, 1.5)

    with Image.open(io.BytesIO(content)) as opened:
        assert (opened.format, opened.size) == (kind.upper(), PICTURE.size)
    own = read_metadata(io.BytesIO(content))
    assert own
    assert (own.created, own.request.as_request(0)) == (1.5, request.as_request(0))
    reading = read_picture(io.BytesIO(content), CATALOGUE)
    assert reading
    assert reading.request == request.as_request(0)
    assert b"/home/me" not in content


@pytest.mark.parametrize("kind", ["jpeg", "webp", "avif"])
def test_infotext_stands_where_a1111_reads_it(kind):
    request = asked(kind)

    texts = read_texts(io.BytesIO(encode(PICTURE, request, 0, 1.5)))

    assert texts
    assert texts.texts[COMMENT] == write(request, 0, CATALOGUE)


def test_quality_counts_and_webp_can_be_whole():
    sizes = [len(encode(PICTURE, asked("jpeg", quality=q), 0, 1.0)) for q in (10, 95)]
    whole = encode(PICTURE, asked("webp", quality=100), 0, 1.0)

    assert sizes[0] < sizes[1]
    with Image.open(io.BytesIO(whole)) as opened:
        assert opened.convert("RGB").tobytes() == PICTURE.tobytes()


def test_the_longest_prompts_cost_a_jpeg_its_infotext_but_not_its_own_json():
    words = "".join(chr(0x4E00 + place * 7 % 20_000) for place in range(9_000))
    request = asked("jpeg", words)
    request = request.model_copy(
        update={"expanded": {0: PromptSettings(positive=words[::-1], negative=words)}}
    )

    content = encode(PICTURE, request, 0, 1.0)

    with Image.open(io.BytesIO(content)) as opened:
        assert opened.size == PICTURE.size
    own = read_metadata(io.BytesIO(content))
    assert own is None or own.request.prompt.positive == words
