"""Downloads over broken connections, from hubs that lie, of files that are something else."""

import hashlib
import io
import itertools
import json
import pickle
import random
import zipfile

import pytest
from PIL import Image

from backend.schema.errors import (
    HubAddressError,
    HubAnswerError,
    HubBusyError,
    HubGoneError,
    HubLicenceError,
    HubLoginError,
    HubUnreachableError,
    ModelDamagedError,
    ModelError,
    OutputError,
    RequestError,
)
from backend.schema.events import Stage
from backend.schema.hubs import HubName, HubSample
from backend.schema.models import ModelKind
from tests.fixtures import model_files
from tests.fixtures.downloading import Downloading, lora, replace_file
from tests.fixtures.malicious import Malicious

NAME = "dream.safetensors"


@pytest.fixture
def downloading(tmp_path, hubs):
    made = Downloading(tmp_path, hubs)
    yield made
    made.network.close()


def content_of(downloading, path=f"loras/{NAME}"):
    return (downloading.models / path).read_bytes()


def part_of(downloading):
    (part,) = downloading.models.rglob("*.part")
    return part


def stop_at(downloading, file, count, **more):
    """Close a download once so many bytes are there, as a pause or an end of the program does."""
    running = downloading.downloader.run(downloading.request(file, **more))
    for _ in running:
        parts = list(downloading.models.rglob("*.part"))
        if parts and parts[0].stat().st_size >= count:
            break
    running.close()


# What arrives, whatever happens on the way.


def test_a_file_arrives_with_its_side_car_and_is_told_of(downloading):
    content = lora()
    file = downloading.add(content)

    told = downloading.run(file, trigger_words=("glow", "haze"), base_model="SD 1.5")

    assert told == "loras/dream.safetensors is here."
    assert content_of(downloading) == content
    assert downloading.files == ["loras/dream.civitai.info", "loras/dream.safetensors"]
    sha256 = hashlib.sha256(content).hexdigest()
    assert downloading.knowing.here_now == {sha256: downloading.models / "loras" / NAME}
    assert downloading.warnings == []
    card = json.loads(content_of(downloading, "loras/dream.civitai.info"))
    assert (card["id"], card["modelId"], card["trainedWords"]) == (11, 1, ["glow", "haze"])
    assert card["files"][0]["hashes"]["SHA256"].lower() == sha256


def test_cut_at_twenty_places_it_is_the_same_and_no_byte_comes_twice(downloading, hubs):
    content = lora(3_000_000)
    file = downloading.add(content)
    cuts = tuple(sorted(random.Random(6).sample(range(len(content)), 20)))
    hubs.behave(NAME, cuts=cuts)

    downloading.run(file)

    assert content_of(downloading) == content
    asked = [seen.headers.get("range", "bytes=0-") for seen in hubs.seen("content")]
    assert asked == [f"bytes={start}-" for start in (0, *cuts)]


def test_stopped_at_twenty_places_it_goes_on_from_what_is_there(downloading):
    content = lora(2_000_000)
    file = downloading.add(content)
    stops = sorted(random.Random(7).sample(range(1, len(content) - 200_000), 20))
    for stop in stops:
        stop_at(downloading, file, stop)
        assert part_of(downloading).stat().st_size >= stop

    downloading.run(file)

    assert content_of(downloading) == content
    assert not list(downloading.models.rglob("*.part*"))


def test_a_file_that_changed_meanwhile_begins_again_and_says_so(downloading, hubs):
    old, new = lora(seed=1), lora(seed=2)
    file = downloading.add(old, sha256="")
    hubs.behave(NAME, cuts=(100_000,), then=new)

    downloading.run(file)

    assert content_of(downloading) == new
    assert "changed on the hub" in downloading.warnings[0]


def test_a_host_that_sends_only_whole_files_is_started_anew(downloading, hubs):
    content = lora()
    file = downloading.add(content)
    hubs.behave(NAME, no_ranges=True, cuts=(200_000,))

    downloading.run(file)

    assert content_of(downloading) == content
    assert "only whole files" in downloading.warnings[0]


def test_pieces_that_do_not_fit_are_noticed_and_fetched_again(downloading, hubs):
    content = lora()
    file = downloading.add(content)
    hubs.behave(NAME, wrong_range=True, cuts=(150_000,))

    downloading.run(file)

    assert content_of(downloading) == content
    assert "did not fit" in downloading.warnings[0]


def test_another_file_under_the_same_address_is_not_appended_to(downloading):
    old, new = lora(seed=1), lora(seed=2)
    stop_at(downloading, downloading.add(old), 100_000)
    downloading.hubs.stored[NAME].content = new
    file = replace_file(
        downloading.hubs.add_file(HubName.HUGGING_FACE, "x.safetensors", b""),
        name=NAME,
        address=downloading.hubs.civitai.origin + "/api/download/models/11",
        sha256=hashlib.sha256(new).hexdigest(),
        bytes=len(new),
    )

    downloading.run(file)

    assert content_of(downloading) == new


# Hubs that are busy, down or want something.


def test_a_busy_hub_is_left_alone_for_as_long_as_it_says(downloading, hubs):
    file = downloading.add(lora())
    hubs.behave(NAME, status=429, retry_after="7", times=2)

    downloading.run(file)

    assert 14 <= downloading.time < 20
    assert any(
        isinstance(event, Stage) and "Trying again in" in event.sentence
        for event in downloading.events
    )


def test_a_hub_that_wants_a_long_rest_is_not_waited_for(downloading, hubs):
    file = downloading.add(lora())
    hubs.behave(NAME, status=429, retry_after="7200")

    assert isinstance(downloading.failure(file), HubBusyError)
    assert downloading.time == 0


def test_a_hub_that_stays_down_is_told_after_some_minutes_and_nothing_is_lost(downloading, hubs):
    file = downloading.add(lora())
    stop_at(downloading, file, 100_000)
    before = part_of(downloading).stat().st_size
    hubs.behave(NAME, status=503)

    error = downloading.failure(file)

    assert isinstance(error, HubUnreachableError)
    assert 120 < downloading.time < 600
    assert part_of(downloading).stat().st_size == before


@pytest.mark.parametrize(
    ("behaviour", "error", "words"),
    [
        ({"status": 401}, HubLoginError, "logged in"),
        ({"status": 403}, HubLicenceError, "licence"),
        ({"status": 404}, HubGoneError, "not any more"),
        ({"login": True}, HubLoginError, "log-in"),
        ({"login_page": True}, HubLoginError, "web page instead"),
        ({"sends": b'{"error": "no"}'}, ModelDamagedError, "error message"),
        ({"sends": b"<!DOCTYPE html><p>Hi"}, ModelDamagedError, "web page"),
        ({"sends": b"PK\x03\x04 some archive"}, ModelDamagedError, "ZIP"),
        ({"redirect": "http://192.168.1.1/x"}, HubAddressError, ""),
        ({"redirect": "file:///etc/passwd"}, HubAddressError, ""),
    ],
)
def test_what_is_no_file_leaves_nothing_behind(downloading, hubs, behaviour, error, words):
    file = downloading.add(lora())
    hubs.behave(NAME, **behaviour)

    failure = downloading.failure(file)

    assert isinstance(failure, error)
    assert words in str(failure)
    assert failure.hint
    assert downloading.files == []


def test_a_refusal_in_the_middle_keeps_what_arrived(downloading, hubs):
    file = downloading.add(lora())
    hubs.behave(NAME, cuts=(200_000,))
    stop_at(downloading, file, 100_000)
    hubs.behave(NAME, status=403, cuts=())

    downloading.failure(file)
    hubs.behave(NAME, status=0)

    assert part_of(downloading).stat().st_size >= 100_000
    downloading.run(file)
    assert content_of(downloading) == lora()


def test_a_page_that_calls_itself_a_file_costs_nothing_that_arrived(downloading, hubs):
    file = downloading.add(lora())
    stop_at(downloading, file, 100_000)
    hubs.behave(NAME, sends=b"<!DOCTYPE html><html>Log in</html>" + b" " * 1000, no_ranges=True)

    assert "web page" in downloading.failure(file).sentence

    assert part_of(downloading).stat().st_size >= 100_000
    hubs.behave(NAME, sends=None, no_ranges=False)
    downloading.run(file)
    assert content_of(downloading) == lora()
    assert "range" in hubs.seen("content")[-1].headers


# What is not what it says.


def test_a_wrong_hash_is_set_aside_with_both_hashes(downloading):
    content = lora()
    file = downloading.add(content, sha256="ab" * 32)

    error = downloading.failure(file)

    assert isinstance(error, ModelDamagedError)
    assert "ababababab" in error.sentence
    assert hashlib.sha256(content).hexdigest()[:10] in error.sentence
    assert downloading.files == ["loras/dream.safetensors.damaged"]


@pytest.mark.parametrize("length", [50_000, 400_000])
def test_a_lying_length_is_noticed(downloading, hubs, length):
    file = downloading.add(lora(), sha256="")
    hubs.behave(NAME, length=length, no_ranges=True)

    error = downloading.failure(file)

    assert isinstance(error, ModelDamagedError | HubUnreachableError | HubAnswerError)
    assert f"loras/{NAME}" not in downloading.files


def test_a_file_goes_where_it_belongs_whatever_the_hub_calls_it(downloading, tmp_path):
    vae = model_files.write_safetensors(tmp_path / "v", model_files.VAE).read_bytes()
    file = downloading.add(vae)

    downloading.run(file)

    assert f"vae/{NAME}" in downloading.files
    assert "it is a VAE" in downloading.warnings[0]


def test_a_file_of_no_known_kind_is_told(downloading, tmp_path):
    odd = model_files.write_safetensors(tmp_path / "odd", {"a": (2, 2)}).read_bytes()
    other = str(downloading.models / "other")

    downloading.run(downloading.add(odd), kind=ModelKind.UNKNOWN, folder=other)

    assert f"other/{NAME}" in downloading.files
    assert "no kind of model" in downloading.warnings[0]


def test_what_is_here_is_not_downloaded_again(downloading, hubs):
    file = downloading.add(lora())
    downloading.knowing.here[file.sha256] = downloading.models / "loras" / "old.safetensors"

    assert downloading.run(file) == "You have it already: loras/old.safetensors."
    assert hubs.seen("content") == []


def test_a_file_whose_hash_nobody_knows_yet_is_recognised(downloading, hubs):
    file = downloading.add(lora())
    downloading.run(file)
    asked = len(hubs.requests)

    assert downloading.run(file) == "You have it already: loras/dream.safetensors."
    assert len(hubs.requests) == asked


def test_another_file_of_the_same_name_and_size_is_not_taken_for_it(downloading):
    (downloading.models / "loras").mkdir(parents=True)
    (downloading.models / "loras" / NAME).write_bytes(lora(seed=2))

    downloading.run(downloading.add(lora(seed=1)))

    assert content_of(downloading) == lora(seed=2)
    assert content_of(downloading, "loras/dream-2.safetensors") == lora(seed=1)


def test_another_file_of_the_same_name_keeps_it(downloading):
    file = downloading.add(lora())
    (downloading.models / "loras").mkdir(parents=True)
    (downloading.models / "loras" / NAME).write_bytes(b"mine")

    downloading.run(file)
    downloading.run(file)

    assert content_of(downloading) == b"mine"
    assert content_of(downloading, "loras/dream-2.safetensors") == lora()


@pytest.mark.parametrize("name", ["../../out.safetensors", "/etc/out.safetensors", "..\\out"])
def test_names_lead_nowhere_else(downloading, tmp_path, name):
    file = replace_file(downloading.add(lora()), name=name)

    downloading.run(file)

    assert "loras/out.safetensors" in downloading.files
    assert not [path for path in tmp_path.rglob("out*") if "loras" not in path.parts]


def test_a_folder_outside_is_refused(downloading, tmp_path):
    file = downloading.add(lora())

    assert isinstance(downloading.failure(file, folder=str(tmp_path / "away")), RequestError)
    assert not (tmp_path / "away").exists()


# Pickles.


def pickled(value):
    buffer = io.BytesIO()
    pickle.dump(value, buffer, 2)
    return buffer.getvalue()


def test_a_pickle_is_refused_unless_somebody_insists(downloading, hubs):
    file = downloading.add(pickled({"a": 1}), "dream.pt", format="pickle")

    assert "safetensors" in downloading.failure(file).hint
    assert hubs.seen("content") == []

    downloading.run(file, even_pickles=True)
    assert "loras/dream.pt" in downloading.files
    assert any("convert it" in each for each in downloading.warnings)


def test_a_dangerous_pickle_is_removed_and_never_run(downloading, tmp_path):
    trace = tmp_path / "ran"
    file = downloading.add(pickled(Malicious(trace)), "dream.pt", format="pickle")

    error = downloading.failure(file, even_pickles=True)

    assert isinstance(error, ModelError)
    assert "system" in error.sentence
    assert downloading.files == []
    assert not trace.exists()


def zipped(content, method=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("archive/data.pkl", content)
    return buffer.getvalue()


def packed_in_no_known_way(content):
    """Torch reads it all the same; scanners pass over what they cannot unpack."""
    entry = content.index(b"PK\1\2")
    return content[: entry + 10] + b"\x63" + content[entry + 11 :]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(packed_in_no_known_way(zipped(pickled({"a": 1}))), id="unknown packing"),
        pytest.param(zipped(pickled({"a": 1}))[:-30], id="cut off"),
        pytest.param(zipped(b"\x80\x02" + b"N0" * 100_000, zipfile.ZIP_DEFLATED), id="swells"),
    ],
)
def test_a_pickle_that_cannot_be_looked_through_is_removed(downloading, content):
    file = downloading.add(content, "dream.pt", format="pickle")

    assert "cannot be looked through" in downloading.failure(file, even_pickles=True).sentence
    assert downloading.files == []


def test_a_pickle_in_an_archive_as_torch_writes_it_is_taken(downloading):
    file = downloading.add(zipped(pickled({"a": 1})), "dream.pt", format="pickle")

    downloading.run(file, even_pickles=True)

    assert "loras/dream.pt" in downloading.files


@pytest.mark.parametrize("insists", [True, False])
def test_a_pickle_under_the_name_of_a_safe_file_is_refused(downloading, insists):
    file = downloading.add(pickled({"a": 1}), "dream.SafeTensors", format="safetensors")

    assert "under another name" in downloading.failure(file, even_pickles=insists).sentence
    assert downloading.files == []


def test_archives_and_programs_are_refused_before_anything_is_asked(downloading, hubs):
    file = downloading.add(b"PK", "dream.zip")

    assert isinstance(downloading.failure(file), RequestError)
    assert hubs.requests == []


# The disk.


def test_too_little_space_is_told_in_figures_before_anything_arrives(downloading):
    file = downloading.add(lora(), bytes=6_600_000_000)
    downloading.free = itertools.repeat(900_000_000)

    error = downloading.failure(file)

    assert isinstance(error, OutputError)
    assert "0.9 GB are free" in error.sentence
    assert downloading.files == []


def test_a_disk_that_fills_up_meanwhile_keeps_what_is_there(downloading, monkeypatch):
    file = downloading.add(lora(2_000_000))
    monkeypatch.setattr("backend.downloads.transfer._LOOK_BYTES", 500_000)
    downloading.free = iter([10**12, 10**12, 0])

    assert isinstance(downloading.failure(file), OutputError)

    assert part_of(downloading).stat().st_size >= 1_000_000
    downloading.free = itertools.repeat(10**12)
    downloading.run(file)
    assert content_of(downloading) == lora(2_000_000)


# What is written beside a model, and what never is.


def test_the_preview_is_a_small_picture_of_our_own(downloading, hubs):
    buffer = io.BytesIO()
    Image.new("RGB", (2000, 1000), (200, 30, 30)).save(buffer, "PNG")
    hubs.behave("/sample.png", sends=buffer.getvalue())
    address = f"{hubs.civitai.origin}/sample.png"

    downloading.run(downloading.add(lora()), sample=HubSample(address=address))

    with Image.open(downloading.models / "loras" / "dream.preview.jpg") as preview:
        assert (preview.format, preview.size) == ("JPEG", (768, 384))


@pytest.mark.parametrize("sends", [b"<html>no picture</html>", b"GIF89a", b""])
def test_what_is_no_picture_becomes_no_preview(downloading, hubs, sends):
    hubs.behave("/sample.png", sends=sends)
    sample = HubSample(address=f"{hubs.civitai.origin}/sample.png")

    downloading.run(downloading.add(lora()), sample=sample)

    assert "loras/dream.preview.jpg" not in downloading.files
    assert f"loras/{NAME}" in downloading.files


def test_hugging_faces_words_are_kept_as_a_card_of_a1111s(downloading, hubs):
    file = hubs.add_file(HubName.HUGGING_FACE, NAME, lora())

    downloading.run(file, trigger_words=("glow",), strength=0.8, page="https://huggingface.co/a/b")

    card = json.loads(content_of(downloading, "loras/dream.json"))
    assert (card["activation text"], card["preferred weight"]) == ("glow", 0.8)
    assert card["source"] == "https://huggingface.co/a/b"


def test_two_programs_do_not_write_one_file(downloading):
    file = downloading.add(lora())
    first = downloading.downloader.run(downloading.request(file))
    next(first)

    error = downloading.failure(file)

    assert "already" in error.sentence
    first.close()
    downloading.run(file)
    assert content_of(downloading) == lora()


def test_what_is_not_wanted_any_more_is_removed(downloading):
    file = downloading.add(lora())
    stop_at(downloading, file, 100_000)

    downloading.downloader.discard(downloading.request(file))

    assert downloading.files == []
