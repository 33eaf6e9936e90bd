"""No route of the running app is left open: not without the password, not to other sites."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from backend.access.access import Access
from backend.api.app import create_app, create_mcp_app
from tests.fixtures.doors import FOREIGN, HOME, OPEN, all_routes, client, refusals
from tests.fixtures.studio import MemoryStudio

PASSWORD = "right-horse"
SOCKET = "ws://127.0.0.1:7860/socket"


async def socket(websocket):
    await websocket.accept()
    await websocket.close()


def page():
    def show(request):
        return PlainTextResponse("the page")

    inner = Starlette(routes=[Route("/{name}", show)])
    return Starlette(
        routes=[
            Route("/", show),
            Route("/queue/join", show, methods=["POST"]),
            WebSocketRoute("/socket", socket),
            Mount("/static", inner),
        ]
    )


@pytest.fixture(params=["app", "mcp"])
def make(request, tmp_path):
    def build(password):
        creators = {"app": create_app, "mcp": create_mcp_app}
        access = Access(password)
        app = creators[request.param](MemoryStudio(tmp_path), access)
        app.mount("/", page())
        return app

    return build


def test_the_enumeration_sees_own_and_mounted_routes(make):
    paths = {path for _, path in all_routes(make(None).routes)}

    assert {"/mcp/tool", "/pictures/x", "/queue/join", "/static/x", "/socket", "/"} <= paths


def test_every_route_needs_the_password(make):
    answers = refusals(make(PASSWORD), {}, OPEN)

    assert set(answers.values()) == {401}, answers


@pytest.mark.parametrize("password", [None, PASSWORD])
@pytest.mark.parametrize(
    "headers",
    FOREIGN,
    ids=str,
)
def test_other_sites_are_refused_everywhere(make, password, headers):
    sent = headers | ({"Authorization": f"Bearer {password}"} if password else {})

    answers = refusals(make(password), sent)

    assert set(answers.values()) == {403}, answers


def test_a_web_socket_is_guarded_too(make):
    with pytest.raises(WebSocketDisconnect), client(make(PASSWORD)).websocket_connect(SOCKET):
        pass
    with (
        pytest.raises(WebSocketDisconnect),
        client(make(None)).websocket_connect(SOCKET, headers={"Origin": "http://evil.example"}),
    ):
        pass
    with client(make(None)).websocket_connect(SOCKET, headers={"Origin": HOME}):
        pass


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {PASSWORD}"},
        {"Authorization": "Basic bWU6cmlnaHQtaG9yc2U="},
        {"X-API-Key": PASSWORD},
    ],
    ids=["bearer", "basic", "key"],
)
def test_api_clients_show_the_password_in_any_usual_way(make, headers):
    assert client(make(PASSWORD)).get("/health", headers=headers).json() == {"status": "ok"}


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:1", "[::1]:7860", "LOCALHOST"])
def test_this_machine_is_answered_under_its_own_names(make, host):
    headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}

    assert client(make(None)).get("/health", headers=headers).status_code == 200


def test_following_a_link_to_easel_is_allowed(make):
    headers = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert client(make(None)).get("/", headers=headers).text == "the page"


def test_a_form_post_that_hides_its_origin_is_told_by_its_referer(make):
    answer = client(make(None)).post("/mcp/tool", headers={"Referer": "http://evil.example/x"})

    assert answer.status_code == 403


@pytest.fixture
def access():
    return Access(PASSWORD, ["studio.example"])


@pytest.fixture
def visitor(tmp_path, access):
    app = create_app(MemoryStudio(tmp_path), access)
    app.mount("/", page())
    return client(app)


def test_a_browser_logs_in_and_out(visitor):
    shown = visitor.get("/?a=1", headers={"Accept": "text/html"})
    assert shown.status_code == 401
    assert 'value="/?a=1"' in shown.text
    assert visitor.get("/login.css").status_code == 200

    form = {"password": PASSWORD, "goal": "/?a=1"}
    done = visitor.post("/login", data=form, headers={"Origin": HOME})
    assert (done.status_code, done.headers["location"]) == (303, "/?a=1")
    cookie = done.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert visitor.get("/").text == "the page"

    visitor_cookie = dict(visitor.cookies)
    visitor.post("/logout")
    again = visitor.get("/", cookies=None, headers={"Cookie": _cookie(visitor_cookie)})
    assert again.status_code == 401


def _cookie(cookies):
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


@pytest.mark.parametrize("goal", ["//evil.example", "/\\evil.example", "https://evil.example"])
def test_logging_in_never_leads_to_another_site(visitor, goal):
    done = visitor.post("/login", data={"password": PASSWORD, "goal": goal})

    assert done.headers["location"] == "/"


def test_a_wrong_password_is_told_after_a_delay(visitor, monkeypatch):
    delays = []

    async def sleep(seconds):
        delays.append(seconds)

    monkeypatch.setattr("backend.access.access.asyncio.sleep", sleep)

    answers = [visitor.post("/login", data={"password": "wrong"}) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {401}
    assert "That is not the password." in answers[0].text
    assert "set-cookie" not in answers[0].headers
    assert delays == [0.5, 1.0, 2.0, 4.0, 4.0]


def test_a_forged_cookie_opens_nothing(visitor):
    assert visitor.get("/", headers={"Cookie": "easel_session=made-up"}).status_code == 401


def test_a_tunnel_is_answered_once_it_is_known(visitor, access):
    headers = {
        "Host": "abc.tunnel.example",
        "Origin": "https://abc.tunnel.example",
        "X-API-Key": PASSWORD,
    }
    assert visitor.get("/health", headers=headers).status_code == 403

    access.add_tunnel("abc.tunnel.example")

    assert visitor.get("/health", headers=headers).status_code == 200
    done = visitor.post("/login", data={"password": PASSWORD}, headers={"Host": headers["Host"]})
    assert "secure" in done.headers["set-cookie"].lower()


def test_addresses_in_answers_are_those_that_the_tunnels_visitors_know(visitor, access):
    access.add_tunnel("abc.tunnel.example")
    headers = {"X-API-Key": PASSWORD}
    call = {"tool": "generate-image", "arguments": {"prompt": "a"}}

    near = visitor.post("/mcp/tool", json=call, headers=headers).json()
    far = visitor.post(
        "/mcp/tool", json=call, headers=headers | {"Host": "abc.tunnel.example"}
    ).json()

    assert near["result"]["images"][0]["url"].startswith(f"{HOME}/pictures/")
    assert far["result"]["images"][0]["url"].startswith("https://abc.tunnel.example/pictures/")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_the_login_page_is_open_only_as_it_is_meant(visitor, method):
    assert visitor.request(method, "/login").status_code == 401


def test_a_named_host_is_answered(visitor):
    headers = {"Host": "studio.example:7860", "X-API-Key": PASSWORD}

    assert visitor.get("/health", headers=headers).status_code == 200


def test_answers_cannot_be_framed_by_other_sites(visitor):
    assert visitor.get("/login").headers["content-security-policy"] == "frame-ancestors 'self'"
