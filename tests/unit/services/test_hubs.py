"""The verbs on hubs: who may, what a link finds, and pictures that only hubs can name."""

import io

import pytest
from PIL import Image

from backend.places import Places
from backend.schema.errors import (
    HubGoneError,
    HubUnreachableError,
    NotAllowedError,
    NotFoundError,
    RequestError,
)
from backend.schema.hubs import HubName, HubSearch
from backend.schema.jobs import OWNER, Actor, Role
from backend.services.hubs import open_hubs
from tests.fixtures.hubs.content import StoredFile

GUEST = Actor(id="guest", role=Role.GUEST)
CIVITAI, HUGGING_FACE = HubName.CIVITAI, HubName.HUGGING_FACE


@pytest.fixture
def studio(hubs, tmp_path):
    places = Places(tmp_path, tmp_path / "outputs", tmp_path / "data", tmp_path / "models")
    with open_hubs(places, hubs.settings) as opened:
        yield opened


def png(width=900, height=600) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def pictured(hubs):
    """A model with a picture; gives the picture's address."""
    hubs.stored["p.png"] = StoredFile("p.png", png(), hubs.behaviour("p.png"))
    address = f"{hubs.content}/p.png"
    hubs.add_version(CIVITAI, "1", "11", images=[{"url": address, "nsfwLevel": 1}])
    return address


def test_guests_may_look_and_not_touch_tokens(hubs, studio):
    hubs.add_file(CIVITAI, "fox.safetensors", b"x")

    assert studio.search(GUEST, HubSearch()).cards
    assert studio.model(GUEST, CIVITAI, "1").versions
    with pytest.raises(NotAllowedError):
        studio.set_token(GUEST, CIVITAI, "secret")
    with pytest.raises(NotAllowedError):
        studio.forget_token(GUEST, CIVITAI)
    assert not studio.state(GUEST)[1].has_token


def test_a_token_is_shown_to_the_hub_and_to_nobody_else(hubs, studio):
    studio.set_token(OWNER, CIVITAI, "very-secret")
    studio.search(OWNER, HubSearch())
    studio.search(OWNER, HubSearch(hub=HUGGING_FACE))
    studio.forget_token(OWNER, CIVITAI)
    studio.search(OWNER, HubSearch())

    shown = [(each.server, each.headers.get("authorization")) for each in hubs.requests]
    assert shown == [("civitai", "Bearer very-secret"), ("huggingface", None), ("civitai", None)]
    assert "very-secret" not in str(studio.state(OWNER))


def test_the_state_names_the_page_for_tokens(studio):
    states = {state.hub: state for state in studio.state(GUEST)}

    assert states[HUGGING_FACE].token_page == "https://huggingface.co/settings/tokens"
    assert states[CIVITAI].label == "CivitAI"


def test_what_people_paste_finds_the_file(hubs, studio):
    first = hubs.add_file(CIVITAI, "fox.safetensors", b"x", model="7", version="72")
    hubs.add_file(CIVITAI, "fox.gguf", b"y", model="7", version="72")
    hubs.add_file(CIVITAI, "old.safetensors", b"z", model="7", version="71")
    origin = hubs.civitai.origin
    pasted = {
        f"{origin}/models/7/fox": ("72", "fox.safetensors"),
        f"{origin}/models/7?modelVersionId=71": ("71", "old.safetensors"),
        "civitai: 7 @ 71": ("71", "old.safetensors"),
        "urn:air:sdxl:lora:civitai:7": ("72", "fox.safetensors"),
        f"{first.address}?token=secret": ("72", "fox.safetensors"),
        f"{first.address}?format=SafeTensor&type=Model": ("72", "fox.safetensors"),
        f"{first.address}?format=GGUF&type=Model": ("72", "fox.gguf"),
    }

    for text, (version_id, name) in pasted.items():
        model, version, file = studio.resolve(GUEST, text)
        assert (model.card.id, version.id, file.name) == ("7", version_id, name), text
    assert not any("secret" in each.path for each in hubs.requests)


def test_a_repository_is_found_by_its_name_and_its_files_by_their_links(hubs, studio):
    file = hubs.add_file(HUGGING_FACE, "a folder/dream.safetensors", b"x")
    hubs.add_file(HUGGING_FACE, "dream.gguf", b"longer")

    _, version, usual = studio.resolve(OWNER, "ann/dream")
    _, _, named = studio.resolve(OWNER, file.address)

    assert (usual.name, named.name) == ("dream.gguf", "dream.safetensors")
    assert version.id == "c0ffee" + "0" * 34
    with pytest.raises(HubGoneError, match="no such file"):
        studio.resolve(OWNER, f"{hubs.huggingface.origin}/ann/dream/blob/main/other.safetensors")


def test_a_version_that_is_not_there_is_told(hubs, studio):
    hubs.add_file(CIVITAI, "fox.safetensors", b"x", model="7", version="72")

    with pytest.raises(HubGoneError):
        studio.resolve(OWNER, "7@999")
    with pytest.raises(RequestError, match="points at no model"):
        studio.resolve(OWNER, "a fox")


def test_a_file_is_identified_by_its_hash(hubs, studio):
    file = hubs.add_file(CIVITAI, "fox.safetensors", b"x", model="7", version="72")

    model, version = studio.version_by_hash(GUEST, file.sha256)

    assert (model.card.id, version.id) == ("7", "72")
    assert studio.version_by_hash(GUEST, "0" * 64) is None


def test_a_picture_is_fetched_once_and_made_small(hubs, studio, pictured):
    studio.search(GUEST, HubSearch())

    first, second = studio.picture(GUEST, pictured), studio.picture(GUEST, pictured)

    with Image.open(io.BytesIO(first)) as small:
        assert (small.format, small.size) == ("WEBP", (450, 300))
    assert first == second
    assert len(hubs.seen("content")) == 1


def test_only_pictures_that_a_hub_named_are_fetched(hubs, studio, pictured):
    others = (pictured, f"{hubs.civitai.origin}/api/v1/me", "http://127.0.0.1:1/", "")

    for address in others:
        with pytest.raises(NotFoundError):
            studio.picture(OWNER, address)
    assert not hubs.requests


def test_a_picture_elsewhere_is_not_fetched_although_the_hub_names_it(hubs, studio, pictured):
    hubs.behave("p.png", redirect="http://169.254.169.254/latest")
    studio.search(GUEST, HubSearch())

    with pytest.raises(Exception, match="no address of a hub"):
        studio.picture(OWNER, pictured)


def test_what_is_no_picture_is_told(hubs, studio, pictured):
    hubs.behave("p.png", sends=b"<svg onload='alert(1)'/>")
    studio.search(GUEST, HubSearch())

    with pytest.raises(NotFoundError, match="whole picture"):
        studio.picture(GUEST, pictured)


def test_a_hub_that_is_down_does_not_keep_the_other_from_answering(hubs, studio):
    hubs.add_file(HUGGING_FACE, "dream.safetensors", b"x")
    hubs.behave("/api/v1/models", status=503)

    with pytest.raises(HubUnreachableError):
        studio.search(OWNER, HubSearch())
    assert studio.search(OWNER, HubSearch(hub=HUGGING_FACE)).cards
