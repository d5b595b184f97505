"""The menu of a role."""

from types import SimpleNamespace

import pytest
from django.http import HttpRequest
from django.template import Context
from django.test import RequestFactory

from frontend.templatetags.shell import MENUS, menu
from telehealth.accounts.roles import Role


def request_of(role: str, path: str) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = SimpleNamespace(role=role)  # type: ignore[assignment]  # the menu asks for the role only
    return request


def current(role: str, path: str) -> list[str]:
    return [item["text"] for item in menu(Context({"request": request_of(role, path)})) if item["current"]]


def test_one_place_is_current_also_below_another() -> None:
    assert current("patient", "/my/") == ["My sessions"]
    assert current("patient", "/my/agreements/") == ["My agreements"]


def test_a_page_outside_the_menu_marks_nothing() -> None:
    assert current("patient", "/accounts/login/") == []


@pytest.mark.parametrize("role", Role.values)
def test_every_role_has_a_menu_and_every_link_leads_to_a_page(role: str) -> None:
    assert len(menu(Context({"request": request_of(role, "/")}))) == len(MENUS[role])


def test_nobody_has_no_menu() -> None:
    assert menu(Context({"request": RequestFactory().get("/")})) == []
    assert menu(Context({})) == []
