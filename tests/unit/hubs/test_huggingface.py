"""Hugging Face's answers, through its protocol on loopback."""

import pytest

from backend.hubs.huggingface import HuggingFace
from backend.hubs.network import Network
from backend.schema.errors import HubAnswerError, HubLoginError, RequestError
from backend.schema.hubs import HubName, HubSearch
from backend.schema.models import Family, ModelKind

HUB = HubName.HUGGING_FACE


@pytest.fixture
def huggingface(hubs):
    network = Network(hubs.settings, lambda hub: None)
    yield HuggingFace(network, hubs.huggingface.origin)
    network.close()


def search(**values):
    return HubSearch(hub=HUB, **values)


def test_a_search_asks_for_what_was_chosen(hubs, huggingface):
    huggingface.search(
        search(
            text="fox",
            kind=ModelKind.LORA,
            family=Family.SDXL,
            sort="newest",
            licence="apache-2.0",
        )
    )

    [seen] = hubs.seen("huggingface")
    assert seen.query["search"] == ["fox"]
    assert seen.query["filter"] == [
        "lora",
        "base_model:stabilityai/stable-diffusion-xl-base-1.0",
        "license:apache-2.0",
    ]
    assert (seen.query["sort"], seen.query["pipeline_tag"]) == (["createdAt"], ["text-to-image"])


def test_pages_follow_each_other_by_their_links(hubs, huggingface):
    for number in range(30):
        hubs.add_version(HUB, f"ann/{number}", "c0ffee")

    first = huggingface.search(search())
    second = huggingface.search(search(page=first.next_page))

    assert [card.id for card in (*first.cards, *second.cards)] == [
        f"ann/{number}" for number in range(30)
    ]
    assert second.next_page == ""


def test_a_next_page_elsewhere_is_asked_of_the_hub_itself(hubs, huggingface):
    for number in range(30):
        hubs.add_version(HUB, f"ann/{number}", "c0ffee")
    hubs.huggingface.origin = "http://spy.example"  # what its links name from now on

    first = huggingface.search(search())
    second = huggingface.search(search(page=first.next_page))

    assert "spy" not in first.next_page
    assert len(second.cards) == 6


def test_what_is_for_adults_and_what_may_not_earn_is_left_out(hubs, huggingface):
    for name, tags in (
        ("free", ["license:apache-2.0"]),
        ("adult", ["license:mit", "not-for-all-audiences"]),
        ("bound", ["license:cc-by-nc-4.0"]),
        ("silent", []),
    ):
        hubs.add_model(HUB, f"ann/{name}", tags=["text-to-image", *tags])
        hubs.add_version(HUB, f"ann/{name}", "c0ffee")

    plain = {card.name for card in huggingface.search(search()).cards}
    earning = {card.name for card in huggingface.search(search(commercial=True)).cards}
    all_of_it = {card.name for card in huggingface.search(search(mature=True)).cards}

    assert plain == {"free", "bound", "silent"}
    assert earning == {"free"}
    assert "adult" in all_of_it


def test_a_repository_tells_all_in_our_words(hubs, huggingface):
    hubs.add_model(
        HUB,
        "ann/dream",
        tags=["diffusers", "diffusers:StableDiffusionXLPipeline", "text-to-image", "anime"],
        cardData={"license": "other", "license_name": "dream-licence"},
        gated=False,
        widgetData=[
            {"text": "a fox", "output": {"url": "images/a fox.png"}},
            {"text": "spy", "output": {"url": "https://spy.example/x.png"}},
        ],
    )
    for name, size in (
        ("dream.safetensors", 5000),
        ("dream.ckpt", 9000),
        ("vae/diffusion_pytorch_model.fp16.safetensors", 800),
        ("unet/diffusion_pytorch_model.safetensors", 7000),
        ("optimizer.bin", 10),
        ("model-00001-of-00002.safetensors", 10),
        ("picture.png", 10),
    ):
        hubs.add_file(HUB, name, bytes(size))
    hubs.add_file(
        HUB, "README.md", b"---\nlicense: other\n---\n# Dream\n\n**Good** [fun](http://x)."
    )

    model = huggingface.model("ann/dream")

    assert (model.card.family, model.card.kind) == (Family.SDXL, ModelKind.CHECKPOINT)
    assert (model.card.licence, model.card.bytes) == ("dream-licence", 5000)
    assert model.description == "Dream\nGood fun."
    [version] = model.versions
    files = {file.name: file for file in version.files}
    assert list(files) == [
        "dream.safetensors",
        "dream.ckpt",
        "dream-vae.fp16.safetensors",
        "dream-unet.safetensors",
    ]
    assert files["dream.safetensors"].primary
    assert files["dream-vae.fp16.safetensors"].kind is ModelKind.VAE
    assert files["dream-vae.fp16.safetensors"].precision == "fp16"
    assert files["dream.safetensors"].address == (
        f"{hubs.huggingface.origin}/ann/dream/resolve/{version.id}/dream.safetensors"
    )
    assert len(files["dream.safetensors"].sha256) == 64
    [sample] = version.samples
    assert sample.address == f"{hubs.huggingface.origin}/ann/dream/resolve/main/images/a%20fox.png"
    assert sample.infotext == "a fox"


def test_a_gated_repository_says_so(hubs, huggingface):
    hubs.add_model(HUB, "ann/dream", gated=True)
    hubs.add_file(HUB, "dream.safetensors", b"x")

    model = huggingface.model("ann/dream")

    assert model.card.gated
    assert model.terms[-1] == "Its licence has to be accepted on its page first."


def test_a_repository_without_weights_has_no_size(hubs, huggingface):
    hubs.add_file(HUB, "README.md", b"# Nothing")

    model = huggingface.model("ann/dream")

    assert (model.card.bytes, model.versions[0].files) == (None, ())


def test_a_repository_that_is_not_there_or_private_is_told(huggingface):
    with pytest.raises(HubLoginError, match="or it is not there"):
        huggingface.model("ann/nothing")


@pytest.mark.parametrize("text", ["", "dream", "a/b/c", "../x", "ann/..", "ann/a..b", "a/b?c=d"])
def test_what_is_no_repository_is_not_asked(hubs, huggingface, text):
    with pytest.raises(RequestError):
        huggingface.model(text)
    with pytest.raises(RequestError):
        huggingface.model("ann/dream", "../../../x")
    assert not hubs.requests


@pytest.mark.parametrize("answer", [b"{}", b"[]", b"5", b"null", b'[5, {}, {"id": 5}]'])
def test_answers_of_another_shape_break_nothing(hubs, huggingface, answer):
    hubs.behave("/api/models", sends=answer)
    hubs.behave("/api/models/ann/dream", sends=answer)

    assert huggingface.search(search()).cards == ()
    with pytest.raises(HubAnswerError):
        huggingface.model("ann/dream")
