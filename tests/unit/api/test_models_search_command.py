"""`models search` on the command line."""

import json

import pytest

from backend.api import models_command
from backend.api.models_search_command import search_command
from backend.places import Places
from backend.schema.hubs import HubName
from backend.services.hubs import open_hubs


@pytest.fixture
def command(hubs, tmp_path, capsys):
    places = Places(tmp_path, tmp_path / "o", tmp_path / "d", tmp_path / "m")

    def never():
        raise AssertionError("a search opens no library")

    def command(*words):
        search = search_command(lambda: open_hubs(places, hubs.settings))
        code = models_command.run(["search", *words], never, (search,))
        return (code, *capsys.readouterr())

    return command


def test_a_table_names_what_was_found(hubs, command):
    hubs.add_model(HubName.CIVITAI, "7", "Fox\x1b[2J style", type="LORA")
    hubs.add_file(HubName.CIVITAI, "fox.safetensors", b"x" * 2048, model="7")
    hubs.add_model(HubName.CIVITAI, "8", "Cat", type="LORA")

    code, out, _ = command("fox", "--kind", "lora")

    head, line = out.splitlines()
    assert code == 0
    assert head.split() == ["ID", "KIND", "FAMILY", "SIZE", "DOWNLOADS", "LICENCE", "NAME"]
    assert line.split()[:2] == ["7", "lora"]
    assert "2 KB" in line
    assert "Fox�[2J style by ann" in line


def test_hits_as_json_tell_where_to_go_on(hubs, command):
    for number in range(1, 31):
        hubs.add_model(HubName.CIVITAI, str(number))

    page = json.loads(command("--json")[1])
    _, rest, _ = command("--json", "--page", page["next_page"])

    assert len(page["cards"]) == 24
    assert [card["id"] for card in json.loads(rest)["cards"]] == [str(n) for n in range(25, 31)]
    assert f"--page {page['next_page']}" in command()[1]


def test_the_other_hub_and_gated_repositories(hubs, command):
    hubs.add_model(HubName.HUGGING_FACE, "ann/dream", gated=True)
    hubs.add_file(HubName.HUGGING_FACE, "dream.safetensors", b"x")

    _, out, _ = command("dream", "--hub", "huggingface")

    assert out.splitlines()[1].startswith("ann/dream  checkpoint")
    assert out.rstrip().endswith("ann, needs a log-in")


def test_nothing_found_is_told(command):
    assert command("fox") == (0, "CivitAI has nothing like that.\n", "")


def test_a_hub_that_is_down_is_told_with_what_to_do(hubs, command):
    hubs.behave("/api/v1/models", status=429, retry_after="90")

    code, out, err = command("fox")

    assert (code, out) == (1, "")
    assert "too many requests" in err
    assert "Try again in 2 minutes." in err


@pytest.mark.parametrize(
    "words", [["--kind", "cat"], ["--hub", "elsewhere"], ["x" * 201], ["--sort", "best"]]
)
def test_what_cannot_be_asked_is_misuse(hubs, command, words):
    assert command(*words)[0] == 2
    assert not hubs.requests
