"""Idle logout on the server, by role; the room's heartbeat counts as activity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from telehealth.accounts import services
from telehealth.accounts.models import User
from telehealth.accounts.roles import Role

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PAGE = "account_change_password"


def person(role: Role) -> User:
    return User.objects.create_user(
        f"{role}@example.org", "slow green river 47", role=role, given_name="A", family_name="B"
    )


def is_in(client: Client, minutes: float) -> bool:
    with time_machine.travel(START + timedelta(minutes=minutes), tick=False):
        return client.get(reverse(PAGE)).status_code == HTTPStatus.OK


@pytest.fixture
def signed_in(client: Client, settings):
    settings.REQUIRE_STAFF_MFA = False

    def enter(role: Role) -> User:
        user = person(role)
        with time_machine.travel(START, tick=False):
            client.force_login(user)
            assert client.get(reverse(PAGE)).status_code == HTTPStatus.OK
        return user

    return enter


@pytest.mark.parametrize(
    ("role", "minutes"), [(Role.THERAPIST, 15), (Role.SYSTEM_ADMIN, 15), (Role.PATIENT, 30)]
)
def test_a_person_who_does_nothing_is_signed_out(client: Client, signed_in, role: Role, minutes: int) -> None:
    signed_in(role)
    assert not is_in(client, minutes + 0.1)


@pytest.mark.parametrize(("role", "minutes"), [(Role.THERAPIST, 15), (Role.PATIENT, 30)])
def test_activity_moves_the_end(client: Client, signed_in, role: Role, minutes: int) -> None:
    signed_in(role)
    assert is_in(client, minutes - 0.1)
    assert is_in(client, 2 * minutes - 0.3)
    assert not is_in(client, 3 * minutes)


def test_the_sign_in_page_says_that_time_ran_out(client: Client, signed_in) -> None:
    signed_in(Role.PATIENT)
    with time_machine.travel(START + timedelta(minutes=31), tick=False):
        response = client.get(reverse(PAGE), follow=True)
    assert b"nothing happened for a while" in response.content


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(client: Client, signed_in) -> None:
    signed_in(Role.PATIENT)
    with time_machine.travel(START + timedelta(minutes=31), tick=False):
        response = client.get(reverse(PAGE), headers={"HX-Request": "true"})
    assert response.status_code == HTTPStatus.NO_CONTENT
    assert response["HX-Redirect"].startswith(reverse("account_login"))


def test_the_cookie_ends_with_the_browser_and_scripts_cannot_read_it(client: Client, signed_in) -> None:
    signed_in(Role.PATIENT)
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    with time_machine.travel(START + timedelta(minutes=5), tick=False):
        response = client.get(reverse(PAGE))
    assert response.cookies["sessionid"]["max-age"] == ""


def test_a_heartbeat_of_the_room_keeps_the_browser_session(client: Client, signed_in) -> None:
    signed_in(Role.THERAPIST)
    key = client.session.session_key
    for minutes in range(10, 100, 10):
        at = START + timedelta(minutes=minutes)
        assert services.touch_session(session_key=key, role=Role.THERAPIST, at=at)
    assert is_in(client, 104)


def test_a_heartbeat_after_the_end_revives_nothing(client: Client, signed_in) -> None:
    signed_in(Role.THERAPIST)
    key = client.session.session_key
    late = START + timedelta(minutes=16)
    assert not services.touch_session(session_key=key, role=Role.THERAPIST, at=late)
    with time_machine.travel(START, tick=False):
        client.post(reverse("account_logout"))
    assert not services.touch_session(session_key=key, role=Role.THERAPIST, at=START)


def test_a_heartbeat_ends_with_a_new_password_and_with_a_closed_account(client: Client, signed_in) -> None:
    user = signed_in(Role.THERAPIST)
    key = client.session.session_key
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert not services.touch_session(session_key=key, role=Role.THERAPIST, at=START)
    user.set_password("another long phrase 12")
    user.is_active = True
    user.save()
    assert not services.touch_session(session_key=key, role=Role.THERAPIST, at=START)
