"""What refused requests get: words and a way out, or JSON; and the headers every page carries."""

from __future__ import annotations

import re
from enum import StrEnum
from http import HTTPStatus

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import path, reverse

from telehealth.accounts import access
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent
from telehealth.core.decision import Decision
from telehealth.core.errors import Conflict, NotFound, NotReady
from telehealth.urls import handler400, handler403, handler404, handler500, urlpatterns  # noqa: F401 - a URLconf

pytestmark = pytest.mark.django_db


class Why(StrEnum):
    BECAUSE = "because"


RAISED = {
    "denied": lambda: Decision.deny(Why.BECAUSE, "You may not.", "Ask Ann at the desk.").require(),
    "conflict": lambda: _throw(Conflict("moved_on", "Somebody was faster.")),
    "not-ready": lambda: _throw(NotReady("not_open", "It is not open yet.", "Wait a little.")),
    "not-found": lambda: _throw(NotFound()),
    "forbidden": lambda: _throw(PermissionDenied("Pat Lee may not")),
    "suspicious": lambda: _throw(SuspiciousOperation("Pat Lee sent this")),
    "broken": lambda: _throw(RuntimeError("Pat Lee broke it")),
}


def _throw(error: Exception) -> None:
    raise error


def _page(request, what: str) -> HttpResponse:
    RAISED[what]()
    return HttpResponse()


urlpatterns = [path("raise/<str:what>/", _page, name="raise"), *urlpatterns]


@pytest.fixture
def browser(settings, monkeypatch: pytest.MonkeyPatch, client: Client) -> Client:
    """Give a signed-in browser on a site with one more page, which raises what it is asked to."""
    settings.ROOT_URLCONF = __name__
    monkeypatch.setattr(access, "ROUTES", {**access.ROUTES, "raise": {"GET": access.SIGNED_IN}})
    client.raise_request_exception = False
    client.force_login(
        User.objects.create_user(
            "pat@example.org", None, role=Role.PATIENT, given_name="Pat", family_name="L"
        )
    )
    return client


@pytest.mark.parametrize(
    ("what", "status", "words"),
    [
        ("denied", 403, ["You may not.", "Ask Ann at the desk.", "988"]),
        ("conflict", 409, ["Somebody was faster.", "988"]),
        ("not-ready", 409, ["It is not open yet.", "Wait a little.", "988"]),
        ("not-found", 404, ["988", "start page"]),
        ("forbidden", 403, ["not allowed", "988"]),
        ("suspicious", 400, ["reload", "988"]),
        ("broken", 500, ["not your fault", "988"]),
    ],
)
def test_an_error_page_says_what_to_do(browser: Client, what: str, status: int, words: list[str]) -> None:
    response = browser.get(f"/raise/{what}/")
    assert response.status_code == status
    text = response.content.decode()
    assert [word for word in words if word not in text] == []
    assert "Pat Lee" not in text


def test_a_program_gets_json_with_a_stable_id(browser: Client) -> None:
    response = browser.get("/raise/denied/", headers={"Accept": "application/json"})
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert response.json() == {"error": "because", "text": "You may not.", "way_out": "Ask Ann at the desk."}


def test_a_denial_is_written_down_with_its_reason(browser: Client) -> None:
    browser.get("/raise/denied/")
    event = AuditEvent.objects.get(action=AuditAction.ACCESS_DENIED)
    assert event.data["reason"] == "because"
    assert event.data["where"] == "raise"


def test_a_page_that_does_not_exist_says_so(client: Client) -> None:
    response = client.get("/no/such/page/")
    assert response.status_code == HTTPStatus.NOT_FOUND
    assert b"988" in response.content


def test_a_form_from_an_old_page_is_told_to_reload() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(reverse("account_login"), {"login": "a@example.org", "password": "x"})
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert b"too old" in response.content
    assert b"988" in response.content


def test_every_page_carries_the_security_headers(client: Client) -> None:
    response = client.get(reverse("account_login"), secure=True)
    policy = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert re.fullmatch(r"'self' 'nonce-[\w-]+'", policy["script-src"])
    assert policy["connect-src"] == "'self' wss://testserver"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "camera=(self)" in response["Permissions-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert "no-store" in response["Cache-Control"]


def test_the_nonce_is_new_with_every_page(client: Client) -> None:
    pages = [client.get(reverse("account_login"))["Content-Security-Policy"] for _ in range(2)]
    assert pages[0] != pages[1]


def test_a_page_holds_no_inline_script_without_the_nonce(client: Client) -> None:
    for name in ("account_login", "account_reset_password"):
        text = client.get(reverse(name)).content.decode()
        assert not re.search(r"<script(?![^>]*(src=|nonce=|application/json))", text)
        assert not re.search(r"\son\w+=", text)
        assert "style=" not in text


def test_hsts_and_secure_cookies_follow_the_public_origin() -> None:
    from telehealth.settings import security

    assert security.SESSION_COOKIE_SECURE is security.IS_HTTPS
    assert (security.SECURE_HSTS_SECONDS > 0) is security.IS_HTTPS
    assert RequestFactory().get("/").is_secure() is False
