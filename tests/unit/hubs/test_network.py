"""The way to the hubs opens the hubs alone, and shows tokens to nobody else."""

import gzip
import ipaddress
import logging

import pytest
from pydantic import SecretStr

from backend.hubs import network as network_module
from backend.hubs.addresses import checked, destination, is_public
from backend.hubs.network import Network
from backend.hubs.settings import HubAddresses, HubSettings
from backend.schema.errors import (
    HubAddressError,
    HubAnswerError,
    HubBusyError,
    HubGoneError,
    HubLicenceError,
    HubLoginError,
    HubUnreachableError,
)
from backend.schema.hubs import HubName
from tests.fixtures.hub_server import TOKEN
from tests.fixtures.hubs.serving import serving

NOT_PUBLIC = (
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
)
FOREIGN = (
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "https://2130706433/x",
    "https://0x7f000001/x",
    "https://0177.0.0.1/x",
    "https://127.1/x",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/x",
    "https://civitai.com.evil.example/x",
    "https://evilcivitai.com/x",
    "https://evil.example/huggingface.co",
    "http://civitai.com/x",
    "http://cdn-lfs.hf.co/x",
    "https://civitai.com:8443/x",
    "https://somebody:secret@civitai.com/x",
    "https://civitai.com@evil.example/x",
    "ftp://civitai.com/x",
    "file:///etc/passwd",
    "//civitai.com/x",
    "https://",
    "https://\x00",
)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setattr("urllib.request.getproxies", dict)


@pytest.fixture
def connect():
    made: list[Network] = []

    def connect(settings, token_of=lambda hub: None, *more):
        made.append(Network(settings, token_of, *more))
        return made[-1]

    yield connect
    for each in made:
        each.close()


@pytest.fixture
def network(connect, hubs):
    return connect(hubs.settings, lambda hub: SecretStr(TOKEN))


def addresses(*texts):
    return lambda host, port: tuple(ipaddress.ip_address(text) for text in texts)


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_addresses_of_the_local_network_are_not_public(text):
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_addresses_of_the_internet_are_public(text):
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize("url", FOREIGN)
def test_nothing_but_the_hubs_over_https_is_opened(connect, url):
    asked: list[str] = []

    def resolver(host: str, port: int):
        asked.append(host)
        return (ipaddress.ip_address("127.0.0.1"),)

    network = connect(HubSettings(), lambda hub: None, resolver)

    with pytest.raises(HubAddressError), network.open(url):
        pass
    assert not asked


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_a_hubs_name_that_leads_into_the_local_network_is_not_followed(connect, text):
    network = connect(HubSettings(), lambda hub: None, addresses("8.8.8.8", text))

    with (
        pytest.raises(HubAddressError, match="local network"),
        network.open("https://cdn-lfs.hf.co/x"),
    ):
        pass
    with (
        pytest.raises(HubAddressError, match="local network"),
        network.open("https://civitai.com/x"),
    ):
        pass


def test_the_address_that_was_checked_is_the_one_connected_to(connect, monkeypatch):
    """A name that changes between two look-ups leads nowhere else: it is looked up once."""
    connected: list[tuple[str, object]] = []
    answers = iter(["8.8.8.8", "127.0.0.1"])

    def refuse(self, request):
        connected.append((request.url.host, request.extensions["sni_hostname"]))
        raise network_module.httpx.ConnectError("no")

    monkeypatch.setattr("httpx.HTTPTransport.handle_request", refuse)
    network = connect(
        HubSettings(),
        lambda hub: None,
        lambda host, port: (ipaddress.ip_address(next(answers)),),
    )

    with pytest.raises(HubUnreachableError), network.open("https://civitai.com/x"):
        pass
    assert connected == [("8.8.8.8", "civitai.com")]


def test_the_next_address_is_tried_where_one_does_not_answer(connect, monkeypatch):
    tried: list[str] = []

    def refuse(self, request):
        tried.append(request.url.host)
        raise network_module.httpx.ConnectError("no")

    monkeypatch.setattr("httpx.HTTPTransport.handle_request", refuse)
    network = connect(HubSettings(), lambda hub: None, addresses("2606:4700::1111", "8.8.8.8"))

    with pytest.raises(HubUnreachableError, match="cannot be reached"):
        network.json("https://civitai.com/x")
    assert tried == ["2606:4700::1111", "8.8.8.8"]


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/x",
        "http://2130706433/x",
        "http://0x7f.0.0.1/x",
        "http://[::1]/x",
        "http://[::ffff:127.0.0.1]/x",
        "http://169.254.169.254/latest/meta-data",
        "https://example.com/x",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_to_anywhere_else_is_refused(hubs, network, target):
    file = hubs.add_file(HubName.CIVITAI, "dream.safetensors", b"x")
    hubs.behave("dream.safetensors", redirect=target)

    with pytest.raises(HubAddressError), network.open(file.address):
        pass


def test_a_redirect_to_another_server_of_this_machine_is_refused(hubs, network):
    reached: list[str] = []
    with serving(lambda handler: reached.append(handler.path)) as other:
        hubs.behave("/api/v1/models", redirect=f"{other}/secret")

        with pytest.raises(HubAddressError):
            network.json(f"{hubs.civitai.origin}/api/v1/models")
    assert not reached


def test_redirects_in_circles_end(hubs, network):
    address = f"{hubs.civitai.origin}/api/v1/models"
    hubs.behave("/api/v1/models", redirect=address)

    with pytest.raises(HubAnswerError, match="circles"):
        network.json(address)
    assert len(hubs.requests) < 15


@pytest.mark.parametrize("hub", HubName)
def test_a_token_goes_to_its_hub_and_not_to_the_host_of_files(connect, hubs, hub):
    tokens = {HubName.CIVITAI: "civitai-secret", HubName.HUGGING_FACE: "huggingface-secret"}
    network = connect(hubs.settings, lambda each: SecretStr(tokens[each]))
    file = hubs.add_file(hub, "dream.safetensors", b"x" * 100)

    with network.open(file.address) as response:
        assert len(response.read()) == 100

    assert [each.headers.get("authorization") for each in hubs.seen(hub.value)] == [
        f"Bearer {tokens[hub]}"
    ]
    [at_content] = hubs.seen("content")
    assert "authorization" not in at_content.headers
    assert not any("secret" in each.path for each in hubs.requests)


def test_a_token_is_in_no_log_and_no_error(connect, hubs, caplog):
    network = connect(hubs.settings, lambda hub: SecretStr("very-secret"))
    file = hubs.add_file(HubName.CIVITAI, "dream.safetensors", b"x" * 100)
    with caplog.at_level(logging.INFO):
        with network.open(file.address) as response:
            response.read()
        hubs.behave("dream.safetensors", status=401)
        with pytest.raises(HubLoginError) as refused, network.open(file.address):
            pass

    assert len(hubs.seen("content")) == 2
    assert "very-secret" not in f"{caplog.text}{refused.value!r}{refused.value}{network!r}"
    assert "Signature" not in caplog.text


def test_no_cookies_are_kept(connect, hubs, network):
    def answer(handler):
        seen.append(handler.headers.get("Cookie"))
        handler.send_body(200, b"{}", headers={"Set-Cookie": "who=you"})

    seen: list[str | None] = []
    with serving(answer) as origin:
        settings = HubSettings(civitai=HubAddresses(address=origin))
        counting = connect(settings, lambda hub: None)
        counting.json(f"{origin}/api")
        counting.json(f"{origin}/api")
    assert seen == [None, None]


@pytest.mark.parametrize(
    ("behaviour", "error", "words"),
    [
        ({"status": 401}, HubLoginError, "token"),
        ({"login": True}, HubLoginError, "logged in"),
        ({"status": 403}, HubLicenceError, "licence"),
        ({"status": 404}, HubGoneError, "not any more"),
        ({"status": 410}, HubGoneError, "not any more"),
        ({"status": 429}, HubBusyError, "few minutes"),
        ({"status": 429, "retry_after": "120"}, HubBusyError, "in 2 minutes"),
        ({"status": 500}, HubUnreachableError, "out of order"),
        ({"status": 503}, HubUnreachableError, "out of order"),
        ({"status": 418}, HubAnswerError, "418"),
        ({"login_page": True}, HubAnswerError, "log-in page"),
        ({"sends": b'{"items": ['}, HubAnswerError, "browser"),
        ({"sends": b"[" * 100_000}, HubAnswerError, "browser"),
    ],
)
def test_each_refusal_says_what_to_do(hubs, network, behaviour, error, words):
    hubs.behave("/api/v1/models", **behaviour)

    with pytest.raises(error) as refused:
        network.json(f"{hubs.civitai.origin}/api/v1/models")

    assert words in str(refused.value)
    assert refused.value.hint


def test_how_long_to_wait_is_told_in_seconds_too(hubs, network):
    hubs.behave("/api/v1/models", status=429, retry_after="90")

    with pytest.raises(HubBusyError) as refused:
        network.json(f"{hubs.civitai.origin}/api/v1/models")
    assert refused.value.seconds == 90


@pytest.mark.parametrize("token", [None, SecretStr("another")])
def test_a_licence_to_accept_names_its_page(connect, hubs, token):
    hubs.add_model(HubName.HUGGING_FACE, "ann/dream", gated=True)
    file = hubs.add_file(HubName.HUGGING_FACE, "dream.safetensors", b"x")
    network = connect(hubs.settings, lambda hub: token)

    with pytest.raises(HubLicenceError) as refused, network.open(file.address):
        pass

    assert refused.value.page == f"{hubs.huggingface.origin}/ann/dream"
    assert refused.value.page in refused.value.hint
    assert ("make a token" in refused.value.hint) is (token is None)


def test_nobody_at_home_is_told_apart_from_a_refusal(connect):
    settings = HubSettings(civitai=HubAddresses(address="http://127.0.0.1:9"))

    with pytest.raises(HubUnreachableError, match="internet"):
        connect(settings, lambda hub: None).json("http://127.0.0.1:9/api")


def test_an_unknown_name_is_told_as_no_connection(connect):
    def nobody(host, port):
        raise HubUnreachableError(f"{host} was not found on the internet.", "Connected?")

    with pytest.raises(HubUnreachableError, match="not found"):
        connect(HubSettings(), lambda hub: None, nobody).json("https://civitai.com/api")


def test_a_connection_that_breaks_within_a_file_is_told(hubs, network):
    file = hubs.add_file(HubName.CIVITAI, "dream.safetensors", b"x" * 1000)
    hubs.behave("dream.safetensors", cuts=(400,))

    with (
        pytest.raises(HubUnreachableError, match="broke"),
        network.open(file.address) as response,
    ):
        response.read()


def test_a_range_goes_through_to_the_host_of_files(hubs, network):
    file = hubs.add_file(HubName.HUGGING_FACE, "dream.safetensors", bytes(range(100)))

    with network.open(file.address, {"Range": "bytes=90-"}) as response:
        assert (response.status_code, response.read()) == (206, bytes(range(90, 100)))
        etag = response.headers["ETag"]
    hubs.behave("dream.safetensors", then=b"changed")
    with network.open(file.address) as response:
        response.read()
    with network.open(file.address, {"Range": "bytes=3-", "If-Range": etag}) as response:
        assert (response.status_code, response.read()) == (200, b"changed")
    with network.open(file.address, {"Range": "bytes=7-"}) as response:
        assert response.status_code == 416


def test_answers_that_are_too_large_are_refused(hubs, network, monkeypatch):
    monkeypatch.setattr(network_module, "LARGEST_ANSWER", 1000)
    hubs.behave("/api/v1/models", sends=b'"' + b"x" * 2000 + b'"')

    with pytest.raises(HubAnswerError, match="too much"):
        network.json(f"{hubs.civitai.origin}/api/v1/models")


def test_an_answer_that_swells_while_it_is_unpacked_is_refused(connect, monkeypatch):
    monkeypatch.setattr(network_module, "LARGEST_ANSWER", 100_000)
    packed = gzip.compress(b" " * 1_000_000)

    def answer(handler):
        handler.send_body(200, packed, headers={"Content-Encoding": "gzip"})

    with serving(answer) as origin:
        settings = HubSettings(civitai=HubAddresses(address=origin))
        with pytest.raises(HubAnswerError, match="too much"):
            connect(settings, lambda hub: None).json(f"{origin}/api")


def test_an_answer_that_is_not_packed_as_it_says_is_told(connect):
    def answer(handler):
        handler.send_body(200, b"{}", headers={"Content-Encoding": "gzip"})

    with serving(answer) as origin:
        settings = HubSettings(civitai=HubAddresses(address=origin))
        with pytest.raises(HubUnreachableError, match="broke"):
            connect(settings, lambda hub: None).json(f"{origin}/api")


def test_an_answer_that_drips_is_given_up(monkeypatch, hubs, network):
    monkeypatch.setattr(network_module, "LONGEST_SECONDS", 0.05)
    file = hubs.add_file(HubName.CIVITAI, "dream.png", b"x" * 200_000)
    hubs.behave("dream.png", bytes_per_second=1_000_000)

    with pytest.raises(HubUnreachableError, match="too slow"):
        network.picture(file.address)


def test_a_loopback_address_of_the_settings_is_that_port_alone():
    settings = HubSettings(civitai=HubAddresses(address="http://127.0.0.1:8000"))
    url = network_module.httpx.URL

    assert destination(url("http://127.0.0.1:8000/x"), settings).is_own
    with pytest.raises(HubAddressError):
        destination(url("http://127.0.0.1:8001/x"), settings)
    with pytest.raises(HubAddressError):
        destination(url("http://localhost:8000/x"), settings)


def test_an_address_of_the_settings_in_the_local_network_is_refused_all_the_same():
    settings = HubSettings(civitai=HubAddresses(address="http://192.168.1.9:8000"))

    with pytest.raises(HubAddressError, match="encryption"):
        destination(network_module.httpx.URL("http://192.168.1.9:8000/x"), settings)
    with pytest.raises(HubAddressError):
        checked("nas", (ipaddress.ip_address("192.168.1.9"),))


def test_a_proxy_of_the_owner_is_used_and_looks_names_up_itself(connect, monkeypatch):
    seen: list[object] = []
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"https": "proxy.example:3128"})
    monkeypatch.setattr("urllib.request.proxy_bypass", lambda host: False)

    class Noted:
        def __init__(self, **how):
            seen.append(how["proxy"])

        def handle_request(self, request):
            seen.append(request.url.host)
            raise network_module.httpx.ProxyError("no")

        def close(self):
            seen.append("closed")

    monkeypatch.setattr("httpx.HTTPTransport", Noted)
    with pytest.raises(HubUnreachableError):
        connect(HubSettings(), lambda hub: None, addresses()).json("https://civitai.com/x")
    assert seen[:2] == ["http://proxy.example:3128", "civitai.com"]
