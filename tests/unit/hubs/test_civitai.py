"""CivitAI's answers, through its protocol on loopback."""

import pytest

from backend.hubs.civitai import CivitAI
from backend.hubs.network import Network
from backend.schema.errors import HubAnswerError, HubError, HubGoneError, RequestError
from backend.schema.hubs import HubName, HubSearch
from backend.schema.models import Family, ModelKind

HUB = HubName.CIVITAI


@pytest.fixture
def civitai(hubs):
    network = Network(hubs.settings, lambda hub: None)
    yield CivitAI(network, hubs.civitai.origin)
    network.close()


def image(address="http://x/1.png", level=1, **more):
    return {"url": address, "nsfwLevel": level, "type": "image", "width": 64, "height": 64} | more


def test_a_search_asks_for_what_was_chosen(hubs, civitai):
    civitai.search(
        HubSearch(
            text=" fox ",
            kind=ModelKind.LORA,
            family=Family.FLUX1,
            sort="downloads",
            period="month",
            commercial=True,
        )
    )

    [seen] = hubs.seen("civitai")
    assert seen.query["query"] == ["fox"]
    assert seen.query["types"] == ["LORA", "LoCon", "DoRA"]
    assert seen.query["baseModels"] == ["Flux.1 S", "Flux.1 D", "Flux.1 Krea", "Flux.1 Kontext"]
    assert (seen.query["sort"], seen.query["period"]) == (["Most Downloaded"], ["Month"])
    assert (seen.query["nsfw"], seen.query["allowCommercialUse"]) == (["false"], ["Image"])


def test_what_it_cannot_have_is_not_asked(hubs, civitai):
    assert civitai.search(HubSearch(kind=ModelKind.TEXT_ENCODER)).cards == ()
    assert not hubs.requests


def test_pages_follow_each_other_without_gaps(hubs, civitai):
    for number in range(1, 61):
        hubs.add_file(HUB, f"{number}.safetensors", b"x", model=str(number))

    seen: list[str] = []
    wanted = HubSearch()
    while True:
        page = civitai.search(wanted)
        seen += [card.id for card in page.cards]
        if not page.next_page:
            break
        wanted = wanted.model_copy(update={"page": page.next_page})

    assert seen == [str(number) for number in range(1, 61)]
    assert len(hubs.seen("civitai")) == 3


def test_a_page_that_a_filter_emptied_is_filled_from_the_next(hubs, civitai):
    for number in range(1, 50):
        use = ["Image"] if number > 24 else []
        hubs.add_model(HUB, str(number), allowCommercialUse=use)

    page = civitai.search(HubSearch(commercial=True))

    assert page.cards[0].id == "25"
    assert all(card.commercial for card in page.cards)


def test_a_hub_that_never_ends_is_asked_a_few_times_only(hubs, civitai):
    endless = b'{"items": [], "metadata": {"nextCursor": "same"}}'
    hubs.behave("/api/v1/models", sends=endless)

    assert civitai.search(HubSearch()).next_page == ""
    assert len(hubs.requests) <= 4


def test_what_is_for_adults_shows_only_when_asked(hubs, civitai):
    hubs.add_model(HUB, "1", nsfw=True)
    hubs.add_model(HUB, "2", nsfw=True, type="LORA")
    hubs.add_model(HUB, "3")

    assert [card.id for card in civitai.search(HubSearch()).cards] == ["3"]
    assert len(civitai.search(HubSearch(mature=True)).cards) == 3


def test_what_lies_about_adults_in_spite_of_the_filter_is_left_out(hubs, civitai):
    hubs.behave("/api/v1/models", sends=b'{"items": [{"id": 1, "name": "x", "nsfw": true}]}')

    assert civitai.search(HubSearch()).cards == ()


def test_a_cards_picture_is_for_everybody(hubs, civitai):
    hubs.add_version(
        HUB,
        "1",
        "11",
        images=[
            image("http://x/video.mp4", type="video"),
            image("http://x/adult.png", 8),
            image("http://x/original=true/good.png", 2),
        ],
    )

    [card] = civitai.search(HubSearch()).cards
    [bold] = civitai.search(HubSearch(mature=True)).cards

    assert card.picture == "http://x/width=450/good.png"
    assert bold.picture == "http://x/adult.png"


def test_a_model_tells_all_in_our_words(hubs, civitai):
    hubs.add_model(
        HUB,
        "7",
        "Fox",
        type="LORA",
        description="<p>Good for <b>foxes</b>.</p><script>alert(1)</script><p>Enjoy&#33;</p>",
    )
    hubs.add_version(HUB, "7", "72", base_model="Pony", words=("fox style",), images=[image()])
    file = hubs.add_file(HUB, "fox.safetensors", b"x" * 3333, model="7", version="72")
    hubs.add_file(HUB, "fox.zip", b"x", model="7", version="72")
    hubs.civitai.models["7"].versions[0].files[1].kind = "Training Data"
    hubs.civitai.models["7"].versions[0].files[0].metadata = {"fp": "fp16", "size": "pruned"}

    model = civitai.model("7")

    assert (model.card.name, model.card.author, model.card.kind) == ("Fox", "ann", ModelKind.LORA)
    assert (model.card.family, model.card.family_label) == (Family.SDXL, "Pony")
    assert model.card.bytes == 3333
    assert model.description == "Good for foxes.\nEnjoy!"
    [version] = model.versions
    assert (version.trigger_words, version.published) == (("fox style",), "2025-12-18")
    [told] = version.files
    assert told == file.model_copy(
        update={"precision": "fp16", "pruned": True, "kind": ModelKind.LORA, "primary": True}
    )


def test_a_samples_settings_come_with_its_version(hubs, civitai):
    hubs.add_version(HUB, "7", "72", images=[image(meta={"prompt": "a fox", "steps": 9})])
    hubs.add_version(HUB, "7", "71", images=[image()])
    hubs.add_file(HUB, "fox.safetensors", b"x", model="7", version="72")

    model = civitai.model("7")

    assert model.versions[0].samples[0].infotext == "a fox\nSteps: 9, Size: 64x64"
    assert [each.id for each in model.versions] == ["72", "71"]
    assert hubs.requests[-1].path == "/api/v1/model-versions/72"


def test_a_model_is_told_although_its_version_does_not_answer(hubs, civitai):
    hubs.add_file(HUB, "fox.safetensors", b"x", model="7", version="72")
    hubs.behave("/api/v1/model-versions/72", status=500)

    assert civitai.model("7").versions[0].files[0].name == "fox.safetensors"
    assert civitai.model("7", "72").version("72") is not None
    with pytest.raises(HubError):
        civitai.model("7", "73")


def test_a_file_is_known_by_its_hash(hubs, civitai):
    hubs.add_file(HUB, "other.safetensors", b"y", model="6", version="61")
    file = hubs.add_file(HUB, "fox.safetensors", b"x", model="7", version="72")

    found = civitai.by_hash(file.sha256)

    assert found is not None
    assert (found[0].card.id, found[1].id) == ("7", "72")
    assert civitai.by_hash("0" * 64) is None


@pytest.mark.parametrize("text", ["", "x" * 64, "../../models/1", "a" * 65])
def test_what_is_no_hash_is_not_asked(hubs, civitai, text):
    with pytest.raises(RequestError):
        civitai.by_hash(text)
    assert not hubs.requests


@pytest.mark.parametrize("text", ["", "abc", "1/../../me", "-1", "9" * 13])
def test_what_is_no_number_is_not_asked(hubs, civitai, text):
    with pytest.raises(RequestError):
        civitai.model(text)
    assert not hubs.requests


def test_a_model_that_is_gone_is_told(civitai):
    with pytest.raises(HubGoneError):
        civitai.model("404")


@pytest.mark.parametrize(
    "answer", [b"{}", b"[]", b"5", b'"x"', b"null", b'{"items": 5}', b'{"items": [5, null, {}]}']
)
def test_answers_of_another_shape_break_nothing(hubs, civitai, answer):
    hubs.behave("/api/v1/models", sends=answer)
    hubs.behave("/api/v1/models/1", sends=answer)

    assert civitai.search(HubSearch()).cards == ()
    with pytest.raises(HubAnswerError):
        civitai.model("1")


def test_values_of_another_kind_are_values_that_are_not_there(hubs, civitai):
    hubs.behave(
        "/api/v1/models",
        sends=b"""{"items": [{"id": 1, "name": "x", "type": [], "stats": {"downloadCount": "many"},
        "creator": 5, "allowCommercialUse": {}, "modelVersions": [{"id": 2, "baseModel": 1e999,
        "files": [{"name": "../x.safetensors", "sizeKB": -5, "downloadUrl": "http://x",
        "hashes": {"SHA256": "zz"}, "metadata": null, "primary": true}], "images": [{"url": 5}],
        "trainedWords": "fox \\ud83d"}]}]}""",
    )

    [card] = civitai.search(HubSearch()).cards

    assert (card.downloads, card.author, card.bytes) == (0, "", None)
    assert (card.commercial, card.picture) == (False, "")
