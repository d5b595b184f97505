"""One table says who may use which route and message; here it meets every route, message and role there is.

The denied cases are generated from `telehealth/accounts/access.py`: nobody has to remember to write one.
"""

from __future__ import annotations

import typing
import uuid
from collections.abc import Iterator
from http import HTTPStatus

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from realtime.wire import room as wire
from telehealth.accounts import access
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent

REFUSED = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
PLACEHOLDERS = {
    "token": "no-such-token",
    "state": "discharged",
    "uidb36": "1",
    "key": "set-password",
    "code": "1",
}


def _patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _patterns(entry, inner)
        else:
            yield f"{namespace}{entry.name}", entry


PATTERNS = dict(_patterns(get_resolver()))
CASES = sorted((name, method) for name, methods in access.ROUTES.items() for method in methods)
CLOSED = [case for case in CASES if access.ROUTES[case[0]][case[1]] is not access.ANYONE]


def url_of(name: str) -> str:
    """Give an address of a route; what it points to does not exist."""
    names = PATTERNS[name].pattern.regex.groupindex
    converters = PATTERNS[name].pattern.converters
    kwargs = {key: PLACEHOLDERS.get(key) or str(uuid.UUID(int=7)) for key in {*names, *converters}}
    return reverse(name, kwargs=kwargs)


@pytest.fixture
def people(db: None) -> dict[Role, User]:
    """Make one account of each role, staff with a second factor."""
    made = {}
    for role in Role:
        made[role] = User.objects.create_user(
            f"{role}@example.org", None, role=role.value, given_name="A", family_name="B"
        )
        if role.is_staff_role:
            TOTP.activate(made[role], generate_totp_secret())
    return made


def ask(client: Client, user: User, method: str, name: str) -> int:
    """Ask as somebody, and give the status of the answer."""
    client.force_login(user)
    return client.generic(method, url_of(name)).status_code


def test_every_route_is_in_the_table() -> None:
    assert sorted(set(PATTERNS) - set(access.ROUTES)) == []


def test_the_table_has_no_line_without_a_route() -> None:
    assert sorted(set(access.ROUTES) - set(PATTERNS)) == []


def test_every_name_belongs_to_one_route() -> None:
    names = [name for name, _ in _patterns(get_resolver())]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_what_staff_reach_without_a_second_factor_are_routes() -> None:
    assert access.MFA_SETUP - set(access.ROUTES) == set()


@pytest.mark.parametrize(("name", "method"), CLOSED)
def test_a_role_outside_the_line_is_refused(
    client: Client, people: dict[Role, User], name: str, method: str
) -> None:
    allowed = access.ROUTES[name][method] or frozenset()
    answers = {role: ask(client, user, method, name) for role, user in people.items() if role not in allowed}
    assert {role: status for role, status in answers.items() if status not in REFUSED} == {}


@pytest.mark.parametrize(("name", "method"), CLOSED)
def test_a_role_in_the_line_passes_the_wall(
    client: Client, people: dict[Role, User], name: str, method: str
) -> None:
    for role in access.ROUTES[name][method] or ():
        assert ask(client, people[role], method, name) < HTTPStatus.INTERNAL_SERVER_ERROR
    assert not AuditEvent.objects.filter(action=AuditAction.ACCESS_DENIED, data__reason="role").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "method"), CLOSED)
def test_a_stranger_is_sent_to_sign_in(client: Client, name: str, method: str) -> None:
    response = client.generic(method, url_of(name))
    assert response.status_code == HTTPStatus.FOUND
    assert response["Location"].startswith(reverse("account_login"))
    asked_by_program = client.generic(method, url_of(name), headers={"Accept": "application/json"})
    assert asked_by_program.status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.parametrize("name", sorted(access.ROUTES))
def test_a_method_outside_the_line_is_refused(client: Client, people: dict[Role, User], name: str) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        if method not in access.ROUTES[name]:
            status = ask(client, people[Role.PROGRAM_ADMIN], method, name)
            assert status in {HTTPStatus.METHOD_NOT_ALLOWED, *REFUSED}


def test_a_refusal_is_written_down_with_the_role_as_its_reason(
    client: Client, people: dict[Role, User]
) -> None:
    ask(client, people[Role.PATIENT], "GET", "core:health")
    event = AuditEvent.objects.get(action=AuditAction.ACCESS_DENIED)
    assert event.actor == people[Role.PATIENT]
    assert (event.data["reason"], event.data["where"]) == ("role", "core:health")


def message_types() -> set[str]:
    """List the types of the frames a browser may send."""
    union = typing.get_args(wire.ClientMessage)[0]
    return {typing.get_args(model.model_fields["type"].annotation)[0] for model in typing.get_args(union)}


def test_every_message_is_in_the_table_and_nothing_else() -> None:
    assert message_types() == set(access.MESSAGES)


def test_nobody_may_send_an_unknown_message() -> None:
    assert not any(access.may_send(role, "session.explode") for role in Role)
