"""The second sign-in step: required for staff, offered to patients."""

from __future__ import annotations

from http import HTTPStatus

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent

pytestmark = pytest.mark.django_db
PASSWORD = "slow green river 47"


@pytest.fixture(autouse=True)
def _rule_is_on(settings: Settings) -> None:
    settings.REQUIRE_STAFF_MFA = True


@pytest.fixture
def therapist() -> User:
    return User.objects.create_user(
        "thea@example.org", PASSWORD, role=Role.THERAPIST, given_name="Thea", family_name="Moss"
    )


def sign_in(client: Client, user: User):
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


def code_for(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def set_up(client: Client) -> str:
    """Go through the set-up page as a person does; give the secret of the app."""
    form = client.get(reverse("mfa_activate_totp")).context["form"]
    response = client.post(reverse("mfa_activate_totp"), {"code": code_for(form.secret)})
    assert response.status_code == HTTPStatus.FOUND
    return form.secret


def test_staff_without_a_second_factor_can_only_set_it_up(client: Client, therapist: User) -> None:
    sign_in(client, therapist)
    set_up_page = reverse("mfa_activate_totp")
    assert client.get(reverse("home"))["Location"] == set_up_page
    assert client.get(reverse("account_change_password"))["Location"] == set_up_page
    assert client.get(set_up_page).status_code == HTTPStatus.OK
    assert client.get(reverse("account_logout")).status_code == HTTPStatus.OK


def test_a_program_is_told_in_json(client: Client, therapist: User) -> None:
    client.force_login(therapist)
    response = client.get(reverse("home"), headers={"Accept": "application/json"})
    assert response.status_code == HTTPStatus.FORBIDDEN
    assert response.json()["error"] == "mfa_required"


@pytest.mark.django_db(transaction=True)
def test_with_the_factor_set_up_the_product_opens(client: Client, therapist: User) -> None:
    sign_in(client, therapist)
    set_up(client)
    assert client.get(reverse("home"))["Location"] == reverse("sessions:therapist_home")
    assert AuditEvent.objects.filter(action=AuditAction.MFA_ADDED, actor=therapist).exists()


def test_the_next_sign_in_asks_for_a_code_and_writes_a_wrong_one_down(
    therapist: User, client: Client
) -> None:
    sign_in(client, therapist)
    secret = set_up(client)
    again = Client()
    assert sign_in(again, therapist)["Location"] == reverse("mfa_authenticate")
    assert again.get(reverse("home"))["Location"].startswith(reverse("account_login"))
    again.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "_auth_user_id" not in again.session
    failed = AuditEvent.objects.get(action=AuditAction.LOGIN_FAILED)
    assert failed.data == {"step": "second factor"}
    cache.clear()  # the code just used to set up is remembered as spent
    again.post(reverse("mfa_authenticate"), {"code": code_for(secret)})
    assert again.session["_auth_user_id"] == str(therapist.pk)


def test_a_recovery_code_opens_the_account_once(therapist: User, client: Client) -> None:
    sign_in(client, therapist)
    set_up(client)
    page = client.get(reverse("mfa_view_recovery_codes"))
    code = page.context["unused_codes"][0]
    assert code.encode() in page.content
    for expected in (True, False):
        again = Client()
        sign_in(again, therapist)
        again.post(reverse("mfa_authenticate"), {"code": code})
        assert ("_auth_user_id" in again.session) is expected


def test_staff_cannot_switch_it_off_while_it_is_required(
    therapist: User, client: Client, settings: Settings
) -> None:
    sign_in(client, therapist)
    set_up(client)
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=therapist, type="totp").exists()
    settings.REQUIRE_STAFF_MFA = False
    client.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.filter(user=therapist, type="totp").exists()


def test_secrets_are_not_readable_in_the_database(therapist: User, client: Client) -> None:
    sign_in(client, therapist)
    secret = set_up(client)
    stored = Authenticator.objects.get(user=therapist, type="totp").data
    assert secret not in str(stored)


def test_patients_are_not_forced(client: Client) -> None:
    patient = User.objects.create_user(
        "pat@example.org", PASSWORD, role=Role.PATIENT, given_name="Pat", family_name="Lee"
    )
    sign_in(client, patient)
    assert client.get(reverse("home"))["Location"] == reverse("sessions:patient_home")


def test_showing_recovery_codes_long_after_signing_in_asks_who_it_is(therapist: User, client: Client) -> None:
    with time_machine.travel("2026-03-02T09:00:00Z", tick=False):
        sign_in(client, therapist)
        set_up(client)
    with time_machine.travel("2026-03-02T09:12:00Z", tick=False):
        response = client.get(reverse("mfa_view_recovery_codes"))
    assert response.status_code == HTTPStatus.FOUND
    assert "reauthenticate" in response["Location"]
