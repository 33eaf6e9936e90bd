"""Reading credentials: any header at all is read without an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.access.credentials import COOKIE, session_token, shown_password
from backend.access.login_page import own_path, render_login_page


@given(text=st.text(max_size=60))
def test_no_header_is_too_strange(text):
    headers = {"authorization": text, "cookie": text}

    assert isinstance(session_token(headers), str)
    assert isinstance(shown_password({"authorization": f"Basic {text}"}), str | None)
    assert isinstance(own_path(text), str)


@pytest.mark.parametrize(
    ("header", "password"),
    [("Bearer a b", "a b"), ("bearer x", "x"), ("Basic OmE6Yg==", "a:b"), ("Basic !", None)],
)
def test_the_password_is_what_follows_the_scheme(header, password):
    assert shown_password({"authorization": header}) == password


def test_the_cookie_is_found_among_others():
    assert session_token({"cookie": f"a=1; {COOKIE}=token; b=2"}) == "token"
    assert session_token({"cookie": f'a={{"x": 1}}; b[]=; ;{COOKIE}=token'}) == "token"
    assert session_token({"cookie": f"other_{COOKIE}=token"}) == ""
    assert session_token({}) == ""


def test_what_a_visitor_sends_cannot_become_markup():
    page = render_login_page("<b>", '/"><script>')

    assert "<b>" not in page
    assert "<script" not in page
