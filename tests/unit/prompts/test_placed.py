"""Where each character of a prompt was typed, through all that is done with it."""

from hypothesis import example, given

from backend.prompts.attention import parse_attention, without_weights
from backend.prompts.choices import longest_choices
from backend.prompts.composition import split_prompts
from backend.prompts.embeddings import find_embeddings
from backend.prompts.placed import Placed, joined
from backend.prompts.schedule import schedule
from backend.prompts.tags import take_tags
from backend.prompts.wildcards import Wildcards
from tests.fixtures.prompts import PROMPTS

LISTS = Wildcards({"colour": ["red", "ultramarine"], "a": ["b", "{c|dd}"]})


def read(text: str) -> list[str]:
    """All texts that a prompt is cut into on its way to the encoder."""
    said: list[str] = []
    for prompt in split_prompts(take_tags(text)[0]):
        for _, turn in schedule(prompt.text, 10):
            parts = [part for part in parse_attention(turn) if not part.breaks]
            spans = [span for part in parts for span in find_embeddings(part.text, ("ugly",))]
            said += [prompt.text, turn, without_weights(turn), *(span.text for span in spans)]
    return said


@given(PROMPTS)
@example("<lora:cat:1>cat [a:ab:4] ab (very \\(old:1.2) \t")
def test_every_character_stands_where_it_was_typed_and_nothing_reads_otherwise(text):
    said = read(Placed(text))

    assert said == read(text)
    for part in said:
        for sign, place in zip(part, part.places if isinstance(part, Placed) else (), strict=True):
            assert sign == text[place] or sign == " "  # a break is read as one


@given(PROMPTS)
def test_choices_keep_the_places_of_what_was_typed(text):
    chosen = longest_choices(Placed(text), LISTS)

    assert chosen == longest_choices(text, LISTS)
    assert [*getattr(chosen, "places", ())] == sorted(getattr(chosen, "places", ())) or "$$" in text


def test_what_was_not_typed_stands_where_the_character_before_it_was():
    typed = Placed("a b")

    whole = joined([typed[2:], "new", typed[:1]])

    assert whole == "bnewa"
    assert isinstance(whole, Placed)
    assert whole.places == (2, 2, 2, 2, 0)
    assert joined(["x", typed[2:]])[0:1] == "x"
    assert joined(["x", "y"]) == "xy"


def test_the_longest_of_what_may_be_chosen():
    said = longest_choices("{cat|old dog} __colour__ {1-2$$ and $$sun|rain} {x}", LISTS)
    assert said == "old dog ultramarine rain and sun {x}"
