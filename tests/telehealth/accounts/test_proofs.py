"""A proof of identity is asked for one act by name, is given after the question, and holds for minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse

from telehealth.accounts.models import User
from telehealth.accounts.proofs import Proof, ask_for_proof, proof_for, spend_proof
from telehealth.accounts.roles import Role
from tests.cast import AT, PASSWORD

pytestmark = pytest.mark.django_db
ACT = "sign_off:1"


@pytest.fixture
def therapist(db: None) -> User:
    user = User.objects.create_user(
        "thea@example.org", PASSWORD, role=Role.THERAPIST, given_name="Thea", family_name="Moss"
    )
    TOTP.activate(user, generate_totp_secret())
    return user


class Desk:
    """A signed-in browser whose requests a view could see."""

    def __init__(self, user: User) -> None:
        self.user, self.client = user, Client()
        with time_machine.travel(AT, tick=False):
            self.client.force_login(user)

    def request(self) -> HttpRequest:
        request = RequestFactory().get("/")
        with time_machine.travel(AT, tick=False):  # a login of that day is over by now
            request.user, request.session = self.user, self.client.session
            request.session.keys()
        return request

    def ask(self, act: str, at: datetime) -> str:
        request = self.request()
        with time_machine.travel(at, tick=False):
            answer = ask_for_proof(request, act, back="/there/", at=at)
            request.session.save()
        return str(answer["Location"])

    def prove(self, at: datetime, name: str = "account_reauthenticate", **typed: str) -> int:
        with time_machine.travel(at, tick=False):
            return self.client.post(reverse(name), {**typed, "next": "/there/"}).status_code

    def proof(self, at: datetime, act: str = ACT) -> Proof | None:
        return proof_for(self.request(), act, at=at)


def test_the_password_proves_it_for_the_act_that_was_asked_about(therapist: User) -> None:
    desk = Desk(therapist)
    assert desk.ask(ACT, AT) == f"{reverse('account_reauthenticate')}?next=%2Fthere%2F"
    assert desk.proof(AT) is None
    later = AT + timedelta(seconds=20)
    desk.prove(later, password=PASSWORD)
    assert desk.proof(later) == Proof(later, "password")
    assert desk.proof(later, "sign_off:2") is None


def test_a_code_of_the_second_factor_proves_it_as_well(therapist: User) -> None:
    desk = Desk(therapist)
    desk.ask(ACT, AT)
    row = Authenticator.objects.get(user=therapist)
    with time_machine.travel(AT, tick=False):
        secret = get_adapter().decrypt(row.data["secret"])
        code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    desk.prove(AT, "mfa_reauthenticate", code=code)
    assert desk.proof(AT) == Proof(AT, "totp")


def test_what_was_shown_before_the_question_is_no_answer(therapist: User) -> None:
    desk = Desk(therapist)
    desk.prove(AT, password=PASSWORD)
    desk.ask(ACT, AT + timedelta(seconds=1))
    assert desk.proof(AT + timedelta(seconds=2)) is None


def test_a_wrong_password_proves_nothing(therapist: User) -> None:
    desk = Desk(therapist)
    desk.ask(ACT, AT)
    assert desk.prove(AT, password="not mine") == 200
    assert desk.proof(AT) is None


def test_a_proof_holds_for_five_minutes_and_until_it_is_spent(therapist: User) -> None:
    desk = Desk(therapist)
    desk.ask(ACT, AT)
    desk.prove(AT, password=PASSWORD)
    assert desk.proof(AT + timedelta(seconds=299)) is not None
    assert desk.proof(AT + timedelta(seconds=300)) is None
    request = desk.request()
    spend_proof(request)
    assert proof_for(request, ACT, at=AT) is None


def test_a_proof_of_the_future_does_not_hold() -> None:
    assert not Proof(AT + timedelta(seconds=1), "password").holds(AT)
