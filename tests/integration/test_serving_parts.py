"""The parts of the server: what the command line means, ports, names, and the public link."""

import socket
import sys

import httpx
import pytest
from gradio import networking, tunneling
from gradio.exceptions import ChecksumMismatchError

from backend.access.access import Access
from backend.places import Places
from backend.schema.memory_settings import MemorySettings
from tests.fixtures.program import wait_until
from ui.server import announcing
from ui.server.address_note import known_address, noted_address
from ui.server.addresses import network_address, own_names
from ui.server.announcing import Welcome
from ui.server.options import ServeOptions, parse
from ui.server.ports import LOOPBACK, NoPortError, port_of, take_next_free, take_port
from ui.server.tunnel import NoTunnelError, open_tunnel

LINK = "https://abc123.tunnel.example"


def parsed(*argv):
    seen = []
    code = parse(argv, lambda options: seen.append(options) or 0)
    return code, (seen or [None])[0]


def test_without_flags_only_this_machine_is_served():
    code, options = parsed()

    assert code == 0
    assert options == ServeOptions(port=7860, browser=True, tool_ports=())
    assert not options.reachable_from_outside


def test_every_flag_is_understood():
    code, options = parsed(
        "--port", "9000", "--no-browser", "--listen", "--share", "--mcp-ports", "8005, 8189,8005"
    )

    assert code == 0
    assert options == ServeOptions(9000, False, True, True, (8005, 8189))
    assert options.reachable_from_outside


def test_the_page_starts_with_less_memory_where_that_is_asked():
    _, plain = parsed()
    _, little = parsed("--lowvram")

    assert plain.memory == MemorySettings()
    assert little.memory == MemorySettings(placement="group", tiling="tiled")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--port", "0"], "0 is not in the range"),
        (["--port", "x"], "'x' is not a valid integer"),
        (["--mcp-ports", "8005,http"], "“8005,http” are no ports; write them like 8005,8189."),
        (["--mcp-ports", "70000"], "“70000” are no ports"),
        (["--mcp-ports", "-1"], "“-1” are no ports"),
        (["--open-to-all"], "No such option"),
    ],
)
def test_a_wrong_flag_is_told_and_nothing_is_served(argv, words, capsys):
    code, options = parsed(*argv)

    assert (code, options) == (2, None)
    assert words in capsys.readouterr().err


def test_help_lists_every_flag(capsys):
    code, options = parsed("--help")

    assert (code, options) == (0, None)
    shown = capsys.readouterr().out
    for flag in ("--port", "--no-browser", "--listen", "--share", "--mcp-ports"):
        assert flag in shown


def test_a_port_in_use_is_stepped_over():
    with take_next_free(LOOPBACK, 20_000) as first:
        assert take_port(LOOPBACK, port_of(first)) is None
        with take_next_free(LOOPBACK, port_of(first)) as second:
            assert port_of(second) > port_of(first)


def test_a_visitor_may_knock_before_the_page_is_there():
    with take_next_free(LOOPBACK, 20_000) as taken:
        with socket.create_connection((LOOPBACK, port_of(taken)), 5):
            pass
        assert not taken.get_inheritable()


def test_no_free_port_is_one_sentence(monkeypatch):
    monkeypatch.setattr("ui.server.ports.take_port", lambda host, port: None)

    with pytest.raises(NoPortError, match=r"^No port from 65500 to 65535 is free\. Name another"):
        take_next_free(LOOPBACK, 65_500)


def test_an_address_of_another_machine_is_one_sentence():
    with pytest.raises(NoPortError, match=r"Easel cannot listen on 203\.0\.113\.9, port 20000"):
        take_port("203.0.113.9", 20_000)


def test_own_names_are_those_of_a_home_network(monkeypatch):
    monkeypatch.setattr("socket.gethostname", lambda: "Studio.fritz.box")

    assert own_names() == {"studio.fritz.box", "studio", "studio.local"}


def test_without_a_network_there_is_no_address(monkeypatch):
    def unreachable(probe, address):
        raise OSError("Network is unreachable")

    class Nowhere(socket.socket):
        connect = unreachable

    monkeypatch.setattr("socket.socket", Nowhere)

    assert network_address() is None


def welcome(access, **options):
    return Welcome(ServeOptions(browser=False, **options), access, "the-password", 7861)


def test_the_password_is_shown_with_the_address_in_the_network(capsys, monkeypatch):
    monkeypatch.setattr(announcing, "network_address", lambda: "192.168.1.7")

    welcome(Access("the-password"), listen=True)()

    assert capsys.readouterr().out.splitlines() == [
        "Easel runs at http://127.0.0.1:7861 (Ctrl+C ends it).",
        "From other machines in your network: http://192.168.1.7:7861",
        "Password: the-password (shown only now; each start makes a new one)",
    ]


def test_a_public_link_is_told_and_answered(capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(networking, "setup_tunnel", lambda *given: asked.append(given) or LINK)
    access = Access("the-password")

    welcome(access, share=True)._share()

    assert access.tunnels == {"abc123.tunnel.example"}
    assert asked[0][:2] == ("127.0.0.1", 7861)
    assert f"Public link: {LINK}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (httpx.ConnectError("no route"), "Gradio's server cannot be reached"),
        (OSError("this platform is incompatible"), "this platform is incompatible"),
        (ValueError("Could not create share URL.\nlog"), "(Could not create share URL.)"),
    ],
)
def test_without_a_tunnel_easel_says_so_and_goes_on(error, words, capsys, monkeypatch):
    def fail(*given):
        raise RuntimeError("Could not get share link from Gradio API Server.") from error

    monkeypatch.setattr(networking, "setup_tunnel", fail)
    access = Access("the-password")

    welcome(access, share=True)._share()

    told = capsys.readouterr().err
    assert told.startswith("There is no public link: ")
    assert words in told
    assert told.count("\n") == 1
    assert access.tunnels == frozenset()


def test_a_tunnel_program_that_was_changed_is_never_started(tmp_path, monkeypatch):
    program = tmp_path / "frpc"
    program.write_bytes(b"something else")

    def download(*given):
        raise ChecksumMismatchError

    monkeypatch.setattr(networking, "setup_tunnel", download)
    monkeypatch.setattr(tunneling, "BINARY_PATH", str(program))

    with pytest.raises(NoTunnelError, match="was changed on its way"):
        open_tunnel(7860)
    assert not program.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="asks for a window system")
def test_no_text_browser_takes_the_terminal(monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    easel = Welcome(ServeOptions(), Access(), None, 7860)

    easel()
    assert opened == []

    monkeypatch.setenv("DISPLAY", ":0")
    easel()
    wait_until(lambda: opened, lambda: "no browser was opened")
    assert opened == ["http://127.0.0.1:7860"]


def test_a_damaged_note_of_the_address_is_not_believed(tmp_path):
    places = Places(tmp_path, tmp_path, tmp_path, tmp_path)
    (tmp_path / "page.address").write_text("https://evil.example")
    assert known_address(places) == ""

    with noted_address(places, "http://127.0.0.1:7860"):
        assert known_address(places) == "http://127.0.0.1:7860"
    assert known_address(places) == ""
