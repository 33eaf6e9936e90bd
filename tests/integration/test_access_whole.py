"""The whole program's routes, Gradio's among them: none is open, none reads a file for others."""

import pytest

from backend.access.access import Access
from tests.fixtures.doors import FOREIGN, OPEN, all_routes, client, refusals
from tests.fixtures.studio import MemoryStudio
from ui.server.application import full_app

PASSWORD = "right-horse"
SECRET = "the secret of this machine"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module", params=[None, PASSWORD], ids=["without password", "with password"])
def app(request, folder):
    return full_app(MemoryStudio(folder), Access(request.param))


@pytest.fixture(scope="module")
def closed_app(folder):
    return full_app(MemoryStudio(folder), Access(PASSWORD))


def test_the_enumeration_sees_our_routes_and_gradios(closed_app):
    paths = {path for _, path in all_routes(closed_app.routes)}

    assert len(paths) > 80
    assert {"/", "/config", "/mcp/tool", "/page/generate", "/pictures/x", "/api/feed"} <= paths
    assert {"/gradio_api/file=x", "/gradio_api/upload", "/gradio_api/queue/join"} <= paths
    assert {"/static/x", "/assets/x", "/theme.css", "/gradio_api/heartbeat/x"} <= paths


def test_every_route_needs_the_password(closed_app):
    answers = refusals(closed_app, {}, OPEN)

    assert set(answers.values()) == {401}, answers


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}], ids=str)
def test_a_made_up_session_opens_nothing(closed_app, headers):
    cookie = {"Cookie": "easel_session=made-up; access-token=x"}

    assert client(closed_app).get("/config", headers=cookie | headers).status_code == 401


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_other_sites_are_refused_everywhere(app, headers):
    answers = refusals(app, headers | {"Authorization": f"Bearer {PASSWORD}"})

    assert set(answers.values()) == {403}, answers


@pytest.fixture
def visitor(app):
    visitor = client(app)
    visitor.headers["Authorization"] = f"Bearer {PASSWORD}"
    return visitor


def tricks(folder):
    """Ways to ask for a file beside the studio's folder; each as it would stand in the address."""
    secret = folder.parent / "secret.txt"
    secret.write_text(SECRET)
    absolute = secret.as_posix()
    up = "../" * 20
    return [
        absolute,
        absolute.replace("/", "%2f"),
        f"/{absolute}",
        up + absolute.lstrip("/"),
        "%2e%2e/" * 20 + absolute.lstrip("/"),
        "..%2f" * 20 + absolute.lstrip("/"),
        "..%5c" * 20 + absolute.lstrip("/"),
        "%252e%252e%252f" * 20 + absolute.lstrip("/"),
        f"x/{up}{absolute.lstrip('/')}",
        f"file://{absolute}",
        f"file:%2f%2f{absolute}",
        f"{absolute}%00.png",
        "/proc/self/environ",
        "app.py",
        "ui/main.py",
        "C:%5cWindows%5cwin.ini",
        "C:/Windows/win.ini",
        "%5c%5cserver%5cshare%5cx.png",
        "//server/share/x.png",
    ]


@pytest.mark.parametrize(
    "route",
    [
        "/gradio_api/file=",
        "/gradio_api/file/",
        "/static/",
        "/assets/",
        "/svelte/",
        "/gradio_api/custom_component/x/client/component/",
        "/pictures/",
        "/",
    ],
)
def test_no_route_reads_a_file_for_a_visitor(visitor, folder, route, monkeypatch):
    monkeypatch.chdir(folder.parent)
    for trick in tricks(folder):
        answer = visitor.get(route + trick)

        assert answer.status_code in {400, 403, 404, 422}, trick
        assert SECRET not in answer.text
        assert "HOME=" not in answer.text


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://evil.example/x.png",
        "/gradio_api/file=https:%2f%2fevil.example/x.png",
        "/gradio_api/file/https://evil.example/x.png",
        "/gradio_api/proxy=https://evil.hf.space/x",
        "/gradio_api/dev/reload",
    ],
)
def test_nothing_is_fetched_or_watched_for_a_visitor(visitor, method, path, monkeypatch):
    def fetch(*arguments, **options):
        pytest.fail("a request left the machine")

    monkeypatch.setattr("httpx.AsyncClient.send", fetch)
    monkeypatch.setattr("socket.getaddrinfo", fetch)

    answer = visitor.request(method, path)

    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_gradios_own_tools_for_developers_are_off(visitor, method):
    for path in ("vibe-code", "vibe-edit", "vibe-starter-queries"):
        answer = visitor.request(method, f"/gradio_api/{path}", json={"prompt": "a", "code": "b"})
        assert answer.status_code in {403, 404, 405, 422}, path
    assert visitor.get("/monitoring").status_code == 403


def test_a_prompt_cannot_become_part_of_the_page(visitor):
    call = {"tool": "generate-image", "arguments": {"prompt": "<script>alert(1)</script>"}}

    made = visitor.post("/mcp/tool", json=call)

    assert made.headers["content-type"] == "application/json"
    for path in ("/api/snapshot", "/api/pictures"):
        assert visitor.get(path).headers["content-type"] == "application/json"
        assert visitor.get(path).headers["x-content-type-options"] == "nosniff"
    page = visitor.get("/")
    assert page.status_code == 200
    assert "<title>Easel</title>" in page.text
    assert "<script>alert(1)" not in page.text
