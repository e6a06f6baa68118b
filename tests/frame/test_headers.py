"""Headers on every answer, errors and fragments too."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.test import Client, RequestFactory

from accounts.models import Person
from tests.conftest import PASSWORD

As = Callable[[Person], Client]

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "credentialless",
    "X-Frame-Options": "DENY",
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", ["/account/login/", "/", "/nowhere/", "/livez", "/static/css/tokens.css", "/static/none.css"]
)
def test_every_answer_carries_them(client: Client, path: str) -> None:
    answer = client.get(path, HTTP_HOST="localhost")
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert answer["Permissions-Policy"]
    assert "HX-Request" in answer["Vary"]
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for directive in ("frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'", "form-action 'self'"):
        assert directive in policy


@pytest.mark.django_db
@pytest.mark.parametrize(("host", "status"), [("localhost", 301), ("evil.example", 400)])
def test_what_is_answered_before_any_page_carries_them_too(
    client: Client, settings: Any, host: str, status: int
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/account/login/", HTTP_HOST=host)
    assert answer.status_code == status
    assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
    assert "default-src 'none'" in answer["Content-Security-Policy"]


@pytest.mark.django_db
def test_pages_are_kept_by_no_cache(client: Client) -> None:
    assert "no-store" in client.get("/account/login/", HTTP_HOST="localhost")["Cache-Control"]


@pytest.mark.django_db
def test_over_https_browsers_are_told_to_stay_there(client: Client) -> None:
    answer = client.get("/account/login/", HTTP_HOST="localhost", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains; preload"


@pytest.mark.django_db
def test_cookies_belong_to_this_host_alone(client: Client, alice: Person) -> None:
    client.get("/account/login/", HTTP_HOST="localhost")
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD}, HTTP_HOST="localhost")
    client.post("/profile/", {"name": "Alicia", "time_zone": ""}, HTTP_HOST="localhost")
    assert set(client.cookies) == {"__Host-csrf", "__Host-session", "__Host-known"}
    for cookie in client.cookies.values():
        assert cookie["secure"]
        assert cookie["path"] == "/"
        assert not cookie["domain"]


@pytest.mark.django_db
def test_a_request_id_is_given_and_a_proxys_kept(client: Client, settings: Any) -> None:
    assert len(client.get("/livez", HTTP_HOST="localhost")["X-Request-Id"]) == 32
    stranger = client.get("/livez", HTTP_HOST="localhost", HTTP_X_REQUEST_ID="abcdef-123456")
    assert stranger["X-Request-Id"] != "abcdef-123456"
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    kept = client.get("/livez", HTTP_HOST="localhost", HTTP_X_REQUEST_ID="abcdef-123456")
    assert kept["X-Request-Id"] == "abcdef-123456"
    hostile = client.get("/livez", HTTP_HOST="localhost", HTTP_X_REQUEST_ID='x" onload=alert(1)')
    assert "onload" not in hostile["X-Request-Id"]


@pytest.mark.django_db
def test_only_a_proxy_may_say_that_the_person_came_over_https(client: Client, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    said = {"HTTP_HOST": "localhost", "HTTP_X_FORWARDED_PROTO": "https"}
    assert "Strict-Transport-Security" not in client.get("/livez", **said)
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    assert "Strict-Transport-Security" in client.get("/livez", **said)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/account/login/", "/nowhere/", "/livez", "/exports/no-such/download/"])
def test_head_is_answered_without_a_body_but_with_its_length(path: str) -> None:
    """Asked of the application as a server does: Django's test client takes bodies off by itself."""
    answers: dict[str, tuple[dict[str, str], bytes]] = {}
    for method in ("GET", "HEAD"):
        headers: dict[str, str] = {}
        environ = RequestFactory().generic(method, path, headers={"Host": "localhost"}).environ
        body = get_wsgi_application()(environ, lambda status, sent, headers=headers: headers.update(sent))
        answers[method] = headers, b"".join(body)
        body.close()
    assert answers["GET"][1]
    assert answers["HEAD"][1] == b""
    assert answers["HEAD"][0]["Content-Type"] == answers["GET"][0]["Content-Type"]
    if length := answers["HEAD"][0].get("Content-Length"):
        assert int(length) > 0
