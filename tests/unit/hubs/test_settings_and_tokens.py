"""Where the hubs are, and the tokens that they are shown."""

import stat

import pytest
from pydantic import SecretStr

from backend.hubs import tokens as tokens_module
from backend.hubs.settings import HubAddresses, HubSettings, read_settings
from backend.hubs.tokens import TokenBook
from backend.schema.errors import RequestError
from backend.schema.hubs import HubName

MIRROR = HubSettings(huggingface=HubAddresses(address="https://mirror.example"))


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setattr(tokens_module, "get_token", lambda: None)
    return TokenBook(tmp_path / "data" / "hub-tokens.json", HubSettings(), {})


def test_the_usual_hubs_are_used_where_nothing_is_told(tmp_path):
    settings = read_settings(tmp_path / "hubs.json", {})

    assert settings.civitai.address == "https://civitai.com"
    assert settings.huggingface.address == "https://huggingface.co"


def test_the_environment_goes_before_the_file(tmp_path):
    path = tmp_path / "hubs.json"
    path.write_text('{"civitai": {"address": "https://a.example", "content": ["b.example"]}}')

    of_file = read_settings(path, {})
    of_both = read_settings(path, {"EASEL_CIVITAI": "https://c.example d.example e.example"})
    address_alone = read_settings(path, {"EASEL_CIVITAI": "https://c.example"})

    assert of_file.civitai == HubAddresses(address="https://a.example", content=("b.example",))
    assert of_both.civitai == HubAddresses(
        address="https://c.example", content=("d.example", "e.example")
    )
    assert address_alone.civitai.content == ("b.example",)
    assert of_both.huggingface == HubSettings().huggingface


@pytest.mark.parametrize("text", ["", "{", '{"civitai": 5}', '{"strange": {}}'])
def test_a_damaged_file_keeps_nothing_from_starting(tmp_path, text, caplog):
    path = tmp_path / "hubs.json"
    path.write_text(text)

    assert read_settings(path, {}) == HubSettings()
    assert "hubs.unreadable" in caplog.text


def test_a_token_is_kept_for_its_owner_alone(book, tmp_path):
    book.keep(HubName.CIVITAI, "  secret-of-civitai\n")
    book.keep(HubName.HUGGING_FACE, "hf_secret")

    kept = book.of(HubName.CIVITAI)
    file = tmp_path / "data" / "hub-tokens.json"
    assert kept is not None
    assert kept.get_secret_value() == "secret-of-civitai"
    assert "secret-of-civitai" not in f"{kept!r} {kept} {book!r}"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir()] == ["hub-tokens.json"]


def test_a_token_is_forgotten(book, tmp_path):
    book.keep(HubName.CIVITAI, "secret")
    book.keep(HubName.HUGGING_FACE, "hf_secret")
    book.forget(HubName.CIVITAI)

    assert book.of(HubName.CIVITAI) is None
    assert book.of(HubName.HUGGING_FACE) == SecretStr("hf_secret")
    assert '"secret"' not in (tmp_path / "data" / "hub-tokens.json").read_text()


@pytest.mark.parametrize("text", ["", "  ", "two words", "x" * 501, "tökén", "a\nb", "a\x00b"])
def test_what_cannot_be_a_token_is_refused_without_repeating_it(book, text):
    with pytest.raises(RequestError) as refused:
        book.keep(HubName.CIVITAI, text)
    assert not text.strip() or text not in str(refused.value)


def test_a_damaged_file_of_tokens_is_no_token_and_no_log_line_of_it(book, tmp_path, caplog):
    path = tmp_path / "data" / "hub-tokens.json"
    path.parent.mkdir()
    path.write_text('{"civitai": "secret')

    assert book.of(HubName.CIVITAI) is None
    assert "secret" not in caplog.text


def test_what_huggingface_hub_saved_counts_too(tmp_path, monkeypatch):
    monkeypatch.setattr(tokens_module, "get_token", lambda: "hf_saved")
    own = TokenBook(tmp_path / "t.json", HubSettings(), {"CIVITAI_API_TOKEN": "civ"})

    assert own.of(HubName.HUGGING_FACE) == SecretStr("hf_saved")
    assert own.of(HubName.CIVITAI) == SecretStr("civ")
    own.keep(HubName.HUGGING_FACE, "hf_given")
    assert own.of(HubName.HUGGING_FACE) == SecretStr("hf_given")


def test_what_was_saved_for_hugging_face_goes_to_no_other_address(tmp_path, monkeypatch):
    monkeypatch.setattr(tokens_module, "get_token", lambda: "hf_saved")

    assert TokenBook(tmp_path / "t.json", MIRROR, {}).of(HubName.HUGGING_FACE) is None
