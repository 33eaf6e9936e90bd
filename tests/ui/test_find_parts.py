"""Finding models without a browser: what hits and details say, who sees what, and log-ins."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import cast

import pytest
from fastapi.testclient import TestClient

from backend.access.access import Access
from backend.api.answers import actor_of
from backend.api.app import create_app
from backend.api.hub_verbs import Hubs
from backend.schema.hubs import HubFile, HubName
from backend.schema.jobs import OWNER, Actor, JobState, Role
from tests.fixtures.hub_server import TOKEN
from tests.fixtures.hubs.content import StoredFile
from tests.fixtures.hubs.shelf import PICTURE
from tests.fixtures.model_files import kohya_lora, write_safetensors
from tests.fixtures.studio import MemoryStudio
from ui.browser.download_routes import download_routes
from ui.browser.find import Here
from ui.browser.find_routes import find_routes
from ui.browser.hits import short

ANNA = Actor(id="anna", role=Role.GUEST)
HOSTILE = "<img src=x onerror=alert(1)>"
SETTINGS = {
    "prompt": "a lighthouse at night",
    "negativePrompt": "blurry",
    "steps": 30,
    "sampler": "DPM++ 2M Karras",
    "cfgScale": 5.5,
    "seed": 77,
    "Size": "832x1216",
    "Model": "dream",
}


@pytest.fixture
def studio(tmp_path, hubs):
    (tmp_path / "models").mkdir()
    studio = MemoryStudio(tmp_path)
    studio.use_hubs(hubs.settings)
    return studio


@pytest.fixture
def app(studio):
    app = create_app(studio, Access())
    app.include_router(find_routes(studio))
    app.include_router(download_routes(studio))
    return app


@pytest.fixture
def client(app):
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


@pytest.fixture
def guest(app, client):
    app.dependency_overrides[actor_of] = lambda: ANNA
    yield client
    app.dependency_overrides.clear()


@pytest.fixture
def dream(hubs):
    """A model with two files and a sample, whose files are as large as they say."""
    hubs.stored["sample.png"] = StoredFile("sample.png", PICTURE)
    told = {"url": f"{hubs.content}/sample.png", "type": "image", "nsfwLevel": 1, "meta": SETTINGS}
    adult = told | {"nsfwLevel": 16, "meta": {"prompt": "for adults"}}
    hubs.add_model(HubName.CIVITAI, "1", f"Dream {HOSTILE}", description=f"<p>Good {HOSTILE}</p>")
    hubs.add_version(HubName.CIVITAI, "1", "11", images=[told, adult], words=("dreamy",))
    hubs.add_file(HubName.CIVITAI, "dream.safetensors", b"x" * 2_000_000)
    hubs.add_file(HubName.CIVITAI, "dream.ckpt", b"y" * 2_000_000)


def find(client, **wanted):
    return client.get("/page/browser/find/hits", params=wanted).json()


def look(client, **asked):
    wanted = {"hub": "civitai", "id": "1", **asked}
    return client.get("/page/browser/find/model", params=wanted).json()


def test_hits_tell_what_they_are_and_whether_they_are_here(client, studio, hubs, dream):
    folder = studio.folder / "models" / "checkpoints"
    folder.mkdir()
    write_safetensors(folder / "dream.safetensors", kohya_lora())
    (folder / "dream.civitai.info").write_text('{"modelId": 1, "id": 11}')
    studio.models.rescan(OWNER)
    hubs.add_file(HubName.CIVITAI, "other.safetensors", b"x" * 7_000_000, model="2")

    found = find(client)

    assert found["count"] == 2
    assert found["next_page"] == ""
    assert found["cards"].count("Here already") == 1
    assert "ann · SDXL 1.0 · 7 MB" in found["cards"]
    assert "100 downloads · openrail++" in found["cards"]
    assert 'title="SDXL, 7 MB, needs ' in found["cards"]
    assert "<img src=x" not in found["cards"]
    assert "Here already" not in find(client, text="2")["cards"]


def test_what_is_for_adults_is_the_owners_choice_alone(client, app, hubs):
    hubs.add_file(HubName.CIVITAI, "calm.safetensors", b"x")
    hubs.add_model(HubName.CIVITAI, "2", "Adults", nsfw=True)
    hubs.add_file(HubName.CIVITAI, "adult.safetensors", b"y", model="2")

    assert find(client)["count"] == 1
    assert find(client, mature=True)["count"] == 2
    app.dependency_overrides[actor_of] = lambda: ANNA
    assert find(client, mature=True)["count"] == 1
    assert "adults" not in client.get("/page/browser/find").json()


def test_details_tell_files_terms_and_settings_as_text(client, dream):
    html = look(client)

    assert "<img src=x" not in html
    assert "&lt;img src=x" in html
    assert html.count("A pickle file can run programs") == 1
    assert "Trust its maker, and download it?" in html
    assert "Download, 2 MB" in html
    assert "Pictures made with it may be sold." in html
    assert "Its samples were made with DPM++ 2M · 30 steps · CFG 5.5." in html
    assert '"sampling.steps": 30' in html
    assert '"size.width": 832' in html
    assert '"seed.value": 77' in html
    assert "model.checkpoint" not in html
    assert "dreamy" in html


def test_samples_for_adults_show_only_to_an_owner_who_asks(client, app, dream):
    assert "for adults" not in look(client)
    assert "for adults" in look(client, mature=True)
    app.dependency_overrides[actor_of] = lambda: ANNA
    assert "for adults" not in look(client, mature=True)


def test_a_link_shows_its_model_and_nonsense_says_what_can_be_pasted(client, hubs, dream):
    ask = "/page/browser/find/link"
    shown = client.get(ask, params={"text": f"{hubs.civitai.origin}/models/1?modelVersionId=11"})
    assert 'data-version="11"' in shown.json()

    refused = client.get(ask, params={"text": "https://example.com/x"})
    assert refused.status_code == 400
    assert "Paste a model" in refused.json()["error"]["hint"]


def test_guests_look_and_do_not_download(guest, dream):
    html = look(guest)
    assert "as a guest you can look" in html
    assert "Download" not in html
    wanted = {"hub": "civitai", "model": "1", "version": "11", "file": "dream.safetensors"}
    assert guest.post("/page/browser/downloads/start", json=wanted).status_code == 403
    assert guest.post("/page/browser/downloads/get", json={"text": "ann/dream"}).status_code == 403
    assert "The owner of this Easel downloads models" in guest.get("/page/browser/downloads").json()


def test_pictures_are_small_and_only_those_that_a_hub_named(client, hubs, dream):
    ask = "/page/browser/find/picture"
    address = f"{hubs.content}/sample.png"
    assert client.get(ask, params={"address": address}).status_code == 404
    find(client)

    answer = client.get(ask, params={"address": address})

    assert answer.headers["content-type"] == "image/webp"
    assert answer.content[8:12] == b"WEBP"


def test_no_more_than_four_pictures_are_fetched_at_a_time(client, studio):
    lock, counts = threading.Lock(), {"now": 0, "most": 0}

    def picture(actor: Actor, address: str) -> bytes:
        with lock:
            counts["now"] += 1
            counts["most"] = max(counts["most"], counts["now"])
        time.sleep(0.02)
        with lock:
            counts["now"] -= 1
        return b"picture"

    studio.hubs = cast("Hubs", SimpleNamespace(picture=picture))
    with ThreadPoolExecutor(12) as several:
        answers = list(
            several.map(
                lambda each: client.get(f"/page/browser/find/picture?address={each}"), range(24)
            )
        )

    assert all(answer.content == b"picture" for answer in answers)
    assert counts["most"] == 4


def test_a_token_is_kept_forgotten_and_never_shown(client, app):
    before = client.get("/page/browser/find/tokens").json()
    assert before.count("There is no token.") == 2

    given = {"hub": "civitai", "token": TOKEN}
    kept = client.post("/page/browser/find/token", json=given).json()

    assert kept.count("A token is kept.") == 1
    assert TOKEN not in kept + client.get("/page/browser/find/tokens").json()
    refused = client.post("/page/browser/find/token", json=given | {"token": "with spaces"})
    assert refused.json()["error"]["sentence"] == "A token has no spaces."
    forgotten = client.post("/page/browser/find/token/forget", json={"hub": "civitai"}).json()
    assert forgotten.count("There is no token.") == 2
    app.dependency_overrides[actor_of] = lambda: ANNA
    assert client.post("/page/browser/find/token", json=given).status_code == 403
    assert "password" not in client.get("/page/browser/find/tokens").json()


def test_a_refusal_says_whether_a_log_in_helps(client, hubs):
    hubs.behave("/api/v1/models", status=401)

    answer = client.get("/page/browser/find/hits")

    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "hub_login"


def test_a_finished_download_tells_which_model_it_brought(client, studio):
    started = client.post("/page/browser/downloads/get", json={"text": "ann/dream"}).json()
    assert started["kind"] == "download"
    assert client.get("/page/browser/downloads/brought").json() == {}

    studio.views[started["id"]] = studio.change(OWNER, started["id"], state=JobState.FINISHED)
    studio.snapshot = lambda actor: SimpleNamespace(jobs=tuple(studio.views.values()))
    studio.jobs.snapshot = studio.snapshot
    studio.downloads.brought = lambda actor, job: "loras/dream.safetensors"

    told = client.get("/page/browser/downloads/brought").json()
    assert told == {started["id"]: {"model": "loras/dream.safetensors", "able": False}}


def test_a_file_is_here_by_its_hash_or_by_its_page_and_name(studio):
    folder = studio.folder / "models"
    write_safetensors(folder / "dream.safetensors", kohya_lora())
    (folder / "dream.civitai.info").write_text('{"modelId": 1, "id": 11}')
    studio.models.rescan(OWNER)
    entry = studio.models.entry(OWNER, "dream.safetensors")
    named = HubFile(name="dream.safetensors", address="http://x/1")

    here = Here.of((entry,))
    assert here.file("https://civitai.com/models/1", named) == entry.id
    assert here.file("https://civitai.com/models/2", named) == ""

    hashes = studio.models.hashes(OWNER, folder / "dream.safetensors")
    hashed = Here.of((entry.model_copy(update={"hashes": hashes}),))
    other = HubFile(name="other.safetensors", address="http://x/2", sha256=hashes.sha256)
    assert hashed.file("https://civitai.com/models/2", other) == entry.id


def test_counts_are_short():
    assert [short(each) for each in (842, 12_345, 1_234_567)] == ["842", "12k", "1.2M"]
