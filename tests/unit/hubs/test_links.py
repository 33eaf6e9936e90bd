"""Links, identifiers and names that people paste."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from backend.hubs.links import parse_link
from backend.hubs.settings import HubAddresses, HubSettings
from backend.schema.errors import RequestError
from backend.schema.hubs import HubLink, HubName

CIVITAI, HUGGING_FACE = HubName.CIVITAI, HubName.HUGGING_FACE
LINKS = {
    "https://civitai.com/models/4384": ("4384", ""),
    "https://civitai.com/models/4384/dreamshaper": ("4384", ""),
    "https://civitai.com/models/4384/dreamshaper?modelVersionId=128713": ("4384", "128713"),
    "https://civitai.com/models/4384?modelVersionId=128713#comments": ("4384", "128713"),
    "civitai.com/models/4384?modelVersionId=128713": ("4384", "128713"),
    "https://www.civitai.com/models/4384": ("4384", ""),
    "https://civitai.red/models/4384": ("4384", ""),
    "https://civitai.com/models/4384?modelVersionId=../etc": ("4384", ""),
    "https://civitai.com/api/v1/models/4384": ("4384", ""),
    "https://civitai.com/api/v1/model-versions/128713": ("", "128713"),
    "https://civitai.com/model-versions/128713": ("", "128713"),
    "https://civitai.com/api/download/models/128713": ("", "128713"),
    " <https://civitai.com/api/download/models/128713?token=abc> ": ("", "128713"),
    "urn:air:sdxl:lora:civitai:328553@368189": ("328553", "368189"),
    "air:sdxl:lora:civitai:328553@368189": ("328553", "368189"),
    "sdxl:lora:civitai:328553@368189": ("328553", "368189"),
    "urn:air:sd1:checkpoint:civitai:4384@128713.safetensors": ("4384", "128713"),
    "urn:air:flux1:lora:civitai:328553": ("328553", ""),
    "civitai:328553@368189": ("328553", "368189"),
    "civitai: 328553 @ 368189": ("328553", "368189"),
    "328553@368189": ("328553", "368189"),
}
REPOSITORIES = {
    "stabilityai/sdxl-turbo": ("stabilityai/sdxl-turbo", "", ""),
    "https://huggingface.co/stabilityai/sdxl-turbo": ("stabilityai/sdxl-turbo", "", ""),
    "https://hf.co/stabilityai/sdxl-turbo/": ("stabilityai/sdxl-turbo", "", ""),
    "huggingface.co/ann/dream?library=diffusers": ("ann/dream", "", ""),
    "https://huggingface.co/ann/dream/tree/main": ("ann/dream", "", ""),
    "https://huggingface.co/ann/dream/tree/fp16/vae": ("ann/dream", "fp16", ""),
    "https://huggingface.co/ann/dream/blob/main/dream.safetensors": (
        "ann/dream",
        "",
        "dream.safetensors",
    ),
    "https://huggingface.co/ann/dream/resolve/c0ffee/vae/a%20b.safetensors?download=true": (
        "ann/dream",
        "c0ffee",
        "vae/a b.safetensors",
    ),
    "https://huggingface.co/ann/dream/blob/refs%2Fpr%2F1/x.gguf": (
        "ann/dream",
        "refs/pr/1",
        "x.gguf",
    ),
    "https://huggingface.co/ann/dream/discussions": ("ann/dream", "", ""),
    "urn:air:flux1:checkpoint:huggingface:black-forest-labs/FLUX.1-dev@main": (
        "black-forest-labs/FLUX.1-dev",
        "",
        "",
    ),
}
NOTHING = (
    "",
    "   ",
    "dreamshaper",
    "a cat in a hat",
    "https://example.com/models/4384",
    "https://civitai.com.evil.example/models/4384",
    "https://civitai.com@evil.example/models/4384",
    "https://civitai.com/",
    "https://civitai.com/user/ann",
    "https://civitai.com/models/abc",
    "https://huggingface.co/datasets/ann/pictures",
    "https://huggingface.co/spaces/ann/demo",
    "https://huggingface.co/ann",
    "file:///etc/passwd",
    "javascript://civitai.com/models/4384",
    "../../etc/passwd",
    "urn:air:sdxl:lora:civitai:abc@def",
    "urn:air:sdxl:lora:elsewhere:1@2",
    "https://[::1",
    "x" * 5000,
)


@pytest.mark.parametrize("text", LINKS)
def test_links_and_identifiers_of_civitai_are_understood(text):
    link = parse_link(text, HubSettings())

    assert (link.hub, link.model, link.version, link.file) == (CIVITAI, *LINKS[text], "")


@pytest.mark.parametrize("text", REPOSITORIES)
def test_links_and_names_of_hugging_face_are_understood(text):
    link = parse_link(text, HubSettings())

    assert (link.hub, link.model, link.version, link.file) == (HUGGING_FACE, *REPOSITORIES[text])


@pytest.mark.parametrize("text", NOTHING)
def test_what_points_at_no_model_is_told_with_what_to_paste(text):
    with pytest.raises(RequestError) as refused:
        parse_link(text, HubSettings())
    assert "Paste a model's page" in refused.value.hint


def test_what_a_download_link_asks_for_is_kept_and_a_token_in_it_is_not():
    link = parse_link(
        "https://civitai.com/api/download/models/9?type=Model&Token=secret&format=SafeTensor",
        HubSettings(),
    )

    assert link == HubLink(hub=CIVITAI, version="9", query="type=Model&format=SafeTensor")


def test_a_hubs_own_address_is_known_too():
    settings = HubSettings(huggingface=HubAddresses(address="https://mirror.example:8443"))

    link = parse_link("https://mirror.example:8443/ann/dream", settings)

    assert (link.hub, link.model) == (HUGGING_FACE, "ann/dream")


@given(some.text(max_size=300))
def test_any_text_is_a_link_or_refused_in_words(text):
    try:
        link = parse_link(text, HubSettings())
    except RequestError:
        return
    assert link.model or link.version
