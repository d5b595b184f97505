"""Signing in, out, and the pages around it, through Django's client."""

from __future__ import annotations

import re
from http import HTTPStatus

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from telehealth.accounts.models import User
from telehealth.accounts.roles import Role
from telehealth.audit.actions import AuditAction
from telehealth.audit.models import AuditEvent

pytestmark = pytest.mark.django_db
PASSWORD = "slow green river 47"


@pytest.fixture
def patient() -> User:
    return User.objects.create_user(
        "pat@example.org", PASSWORD, role=Role.PATIENT, given_name="Pat", family_name="Lee"
    )


def sign_in(client: Client, email: str, password: str):
    return client.post(reverse("account_login"), {"login": email, "password": password})


def test_a_patient_signs_in_with_email_and_password(client: Client, patient: User) -> None:
    response = sign_in(client, "PAT@example.org", PASSWORD)
    assert response.status_code == HTTPStatus.FOUND
    assert response["Location"] == reverse("home")
    assert AuditEvent.objects.get(action=AuditAction.LOGGED_IN).actor == patient


def test_a_wrong_password_and_an_unknown_address_read_the_same(client: Client, patient: User) -> None:
    wrong = sign_in(client, patient.email, "not the password")
    unknown = sign_in(client, "nobody@example.org", "not the password")

    def page(response, email: str) -> str:
        text = response.content.decode().replace(email, "")
        return re.sub(r'(nonce|csrf|value|content)[^>]*?="[^"]*"', "", text)

    assert wrong.status_code == unknown.status_code == HTTPStatus.OK
    assert page(wrong, patient.email) == page(unknown, "nobody@example.org")


def test_failed_logins_are_written_down_without_the_address(client: Client, patient: User) -> None:
    sign_in(client, patient.email, "not the password")
    sign_in(client, "nobody@example.org", "not the password")
    known, unknown = AuditEvent.objects.filter(action=AuditAction.LOGIN_FAILED).order_by("seq")
    assert known.subject_id == str(patient.pk)
    assert unknown.subject_id == ""
    assert "example.org" not in str([known.data, unknown.data])


def test_a_closed_account_cannot_sign_in(client: Client, patient: User) -> None:
    User.objects.filter(pk=patient.pk).update(is_active=False)
    sign_in(client, patient.email, PASSWORD)
    assert client.get(reverse("home")).status_code == HTTPStatus.FOUND
    assert "_auth_user_id" not in client.session


def test_too_many_wrong_passwords_lock_the_address_for_a_while(client: Client, patient: User) -> None:
    for _ in range(5):
        sign_in(client, patient.email, "not the password")
    response = sign_in(client, patient.email, PASSWORD)
    assert "_auth_user_id" not in client.session
    assert b"Too many" in response.content


def test_signing_out_is_written_down_and_needs_a_post(client: Client, patient: User) -> None:
    client.force_login(patient)
    assert client.get(reverse("account_logout")).status_code == HTTPStatus.OK
    assert "_auth_user_id" in client.session
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session
    assert AuditEvent.objects.get(action=AuditAction.LOGGED_OUT).actor == patient


def test_nobody_can_sign_up(client: Client) -> None:
    assert client.get(reverse("account_signup")).status_code == HTTPStatus.FOUND
    client.post(reverse("account_signup"), {"email": "new@example.org", "password1": PASSWORD})
    assert not User.objects.filter(email="new@example.org").exists()


def test_the_reset_page_says_the_same_for_known_and_unknown_addresses(client: Client, patient: User) -> None:
    known = client.post(reverse("account_reset_password"), {"email": patient.email}, follow=True)
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.org"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    assert len(mail.outbox) == 1
    assert AuditEvent.objects.get(action=AuditAction.PASSWORD_RESET_REQUESTED).subject_id == str(patient.pk)


def test_a_mail_server_that_is_away_tells_nobody_which_addresses_are_known(
    client: Client, patient: User, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = "tests.telehealth.programs.broken_mail.Backend"
    answer = client.post(reverse("account_reset_password"), {"email": patient.email})
    assert (answer.status_code, answer["Location"]) == (302, reverse("account_reset_password_done"))
    assert "account.mail_failed" in [record.getMessage() for record in caplog.records]
    assert patient.email not in caplog.text


def reset_link() -> str:
    found = re.search(r"http://[^/]+(/accounts/password/reset/key/\S+)", mail.outbox[-1].body)
    assert found
    return found.group(1)


def test_a_reset_link_sets_a_password_once(client: Client, patient: User) -> None:
    client.post(reverse("account_reset_password"), {"email": patient.email})
    link = reset_link()
    form = client.get(link, follow=True)
    new = "another long phrase 12"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    patient.refresh_from_db()
    assert patient.check_password(new)
    assert AuditEvent.objects.filter(action=AuditAction.PASSWORD_RESET).count() == 1
    assert b"does not work any more" in Client().get(link, follow=True).content


def test_mails_name_no_program_and_no_kind_of_care(client: Client, patient: User) -> None:
    client.post(reverse("account_reset_password"), {"email": patient.email})
    form = client.get(reset_link(), follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": PASSWORD + "x", "password2": PASSWORD + "x"})
    assert len(mail.outbox) == 2
    for message in mail.outbox:
        words = (message.subject + message.body).lower()
        assert not re.search(
            r"\biop\b|recovery|telehealth|patient|program|therap|pat lee|example\.com", words
        )


def test_a_changed_password_signs_other_browsers_out(client: Client, patient: User) -> None:
    other = Client()
    other.force_login(patient)
    sign_in(client, patient.email, PASSWORD)
    new = "another long phrase 12"
    response = client.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert response.status_code == HTTPStatus.FOUND
    assert AuditEvent.objects.filter(action=AuditAction.PASSWORD_CHANGED).exists()
    assert other.get(reverse("account_change_password"))["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("password", ["short1", "password1234", "pat@example.org"])
def test_weak_passwords_are_refused(client: Client, patient: User, password: str) -> None:
    sign_in(client, patient.email, PASSWORD)
    response = client.post(
        reverse("account_change_password"),
        {"oldpassword": PASSWORD, "password1": password, "password2": password},
    )
    assert response.status_code == HTTPStatus.OK
    patient.refresh_from_db()
    assert patient.check_password(PASSWORD)
